// lock-do.ts — LOCK.DO: runs a command only while a token is that of the present holder.
//
// So the store itself rejects a holder that was succeeded, however late it comes and from whichever
// client: check and command are one step. It works with the token of an exclusive hold on a lock and
// with that of a leader. What is logged is what the inner command did.

import type { Call } from '../../src/call.ts'
import type { Queued } from '../../src/client.ts'
import {
  BLOCKING,
  type CommandSpec,
  DENYOOM,
  keyAt,
  keysUnknown,
  NO_MULTI,
  NOSCRIPT,
} from '../../src/command.ts'
import { errors, printable, ReplyError, unknownSubcommand, wrongArity } from '../../src/errors.ts'
import { LEADER, LOCK } from '../../src/keyspace/record.ts'
import { type KeyArguments, KeyPositions } from '../../src/keyspecs.ts'
import { tokenAt } from './options.ts'
import { coordinationRows } from './rows.ts'

/** Where the inner command line begins. */
const INNER = 3
/** Commands that may run one inside the other: to check several tokens, not to fill the stack. */
const DEPTH_MAX = 16

const tooDeep = new ReplyError('ERR commands are nested too deeply')

/** LOCK.DO key token command arg… */
function run(call: Call): void {
  const token = tokenAt(call, 2)
  const queued = innerCommand(call)
  const { server } = call
  if (server.dispatch.depth > DEPTH_MAX) throw tooDeep
  if (!holdsToken(call, token)) throw errors.fenced
  if ((queued.command.bits & DENYOOM) !== 0 && server.memoryLimit > 0 && !server.makeRoom()) {
    throw errors.outOfMemory
  }
  // What it changes, the inner command changes, and logs.
  if (server.effects.active) call.effects ??= []
  server.dispatch.runNested(call, queued, inner => server.acl.check(inner))
}

/** Whether this is the token of the one who holds key 1 alone. */
function holdsToken(call: Call, token: number): boolean {
  const { coordination } = call.server
  const address = call.peek(1)
  const type = address === 0 ? LOCK : call.db.type(address)
  const value = coordination.look(call, 1, type === LEADER ? LEADER : LOCK)
  return value?.findToken(token)?.exclusive === true
}

function innerCommand(call: Call): Queued {
  const { registry } = call.server
  const count = call.count - INNER
  const name = call.text(INNER)
  let command = registry.find(call.bytes, call.start(INNER), call.end(INNER))
  if (command === undefined) throw new ReplyError(`ERR unknown command '${printable(name)}'`)
  if (command.subcommands !== undefined && count > 1) {
    const word = call.text(INNER + 1)
    const subcommand = command.subcommands.get(word.toLowerCase())
    if (subcommand === undefined) throw unknownSubcommand(word, command.spec.name)
    command = subcommand
  }
  const { arity, bits, handler } = command
  if (handler === undefined || (arity > 0 ? count !== arity : count < -arity)) {
    throw wrongArity(command.fullName)
  }
  // What a script may not run may not run here: it would change the session under the command. But
  // a command that may wait is welcome, for it does not.
  if ((bits & NO_MULTI) !== 0 || (bits & (NOSCRIPT | BLOCKING)) === NOSCRIPT) {
    throw new ReplyError(`ERR '${command.fullName}' is not possible inside another command`)
  }
  return { command, bytes: call.bytes, offsets: call.offsets.subarray(2 * INNER), count }
}

/** The row; `families` are all rows, among which the inner command is found when keys are asked for. */
export function lockDoCommands(
  families: () => readonly (readonly CommandSpec[])[],
): readonly CommandSpec[] {
  const specs = new Map<string, CommandSpec>()
  const keysOf = (args: KeyArguments): number[] => {
    if (specs.size === 0) for (const spec of families().flat()) specs.set(spec.name, spec)
    const inner = innerArguments(args)
    let spec = inner.count > 0 ? specs.get(inner.text(0).toLowerCase()) : undefined
    if (spec?.subcommands !== undefined && inner.count > 1) {
      const word = inner.text(1).toLowerCase()
      spec = spec.subcommands.find(each => each.name === word)
    }
    if (spec === undefined) return [1]
    const found = new KeyPositions()
    const count = found.find(spec, inner)
    return [1, ...found.positions.slice(0, count).map(position => position + INNER)]
  }
  return coordinationRows([
    {
      name: 'lock.do',
      arity: -4,
      flags: ['write'],
      keys: [
        keyAt(1, 'RO', 'access'),
        keysUnknown('the keys of the inner command', 'RW', 'access', 'update', 'incomplete'),
      ],
      keysOf,
      complexity: 'That of the inner command',
      summary: 'Runs a command if the token is that of the present exclusive holder.',
      syntax: 'key token:integer command [arg ...]',
      tips: ['nondeterministic_output'],
      handler: run,
    },
  ])
}

function innerArguments(args: KeyArguments): KeyArguments {
  return { count: Math.max(0, args.count - INNER), text: i => args.text(i + INNER) }
}
