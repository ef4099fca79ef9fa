// index.ts — All command families. The server is given this list; nothing else knows the names.

import type { CommandSpec } from '../src/command.ts'
import { aclCommands } from './acl.ts'
import { clientCommands } from './client.ts'
import { commandCommands } from './command.ts'
import { configCommands } from './config.ts'
import { connectionCommands } from './connection.ts'
import { debugCommands } from './debug.ts'
import { latencyCommands } from './latency.ts'
import { listCommands } from './lists/index.ts'
import { memoryCommands } from './memory.ts'
import { pubsubCommands } from './pubsub.ts'
import { serverCommands } from './server.ts'
import { slowlogCommands } from './slowlog.ts'
import { handlers as h } from './strings.ts'
import { transactionCommands } from './transactions.ts'

const row = (
  name: string,
  arity: number,
  flags: CommandSpec['flags'],
  handler: CommandSpec['handler'],
  complexity = 'O(1)',
) => ({
  name,
  arity,
  flags,
  handler: handler!,
  complexity,
  group: 'string' as const,
  since: '1',
  summary: '',
})
const t: CommandSpec[] = [
  row('get', 2, ['readonly', 'fast'], h.get),
  row('set', -3, ['write', 'denyoom'], h.set),
  row('incr', 2, ['write', 'denyoom', 'fast'], h.incr),
  row('mset', -3, ['write', 'denyoom'], h.mset, 'O(N)'),
  row('append', 3, ['write'], h.append),
  row('getrange', 4, ['readonly'], h.getrange),
  row('setrange', 4, ['write'], h.setrange),
  row('strlen', 2, ['readonly'], h.strlen),
]

export const families: readonly (readonly CommandSpec[])[] = [
  aclCommands,
  clientCommands,
  commandCommands,
  configCommands,
  connectionCommands,
  debugCommands,
  latencyCommands,
  listCommands,
  memoryCommands,
  pubsubCommands,
  serverCommands,
  slowlogCommands,
  t,
  transactionCommands,
]
