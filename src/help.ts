// help.ts — What `<command> HELP` answers: the subcommands of a container, from their rows.

import type { Call } from './call.ts'
import { usage } from './syntax.ts'

export function replyHelp(call: Call): void {
  const container = call.command.parent!.spec
  const lines = [
    `${container.name.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
  ]
  for (const sub of container.subcommands ?? []) {
    lines.push(usage(sub), `    ${sub.summary}`)
  }
  call.reply.array(lines.length)
  for (const line of lines) call.reply.status(line)
}
