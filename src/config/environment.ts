// environment.ts — LATCHKEY_* variables: LATCHKEY_MAXMEMORY_POLICY sets maxmemory-policy.
//
// An unknown variable is an error like an unknown line, or a typing mistake would pass unseen. The
// exception are variables that Docker and Kubernetes invent for a service called latchkey: they
// describe the address of the service, are not meant for it, and are passed over.
import type { Directive } from './directive.ts'

const PREFIX = 'LATCHKEY_'

const SERVICE_LINK =
  /^LATCHKEY_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP|SCTP)(_.*)?|NAME|ENV_.*)$/
const SERVICE_ADDRESS = /^(tcp|udp|sctp):\/\//

export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): Directive[] {
  const directives: Directive[] = []
  for (const [variable, value] of Object.entries(variables)) {
    if (value === undefined || !variable.startsWith(PREFIX)) continue
    if (SERVICE_LINK.test(variable)) continue
    if (variable === 'LATCHKEY_PORT' && SERVICE_ADDRESS.test(value)) continue
    directives.push({
      name: variable.slice(PREFIX.length).toLowerCase().replaceAll('_', '-'),
      words: [Buffer.from(value, 'utf8').toString('latin1')],
      origin: variable,
    })
  }
  return directives
}
