// index.ts — All command families, in the order of Redis's documentation.
import type { CommandSpec } from '../src/command.ts'
import { ReplyError } from '../src/errors.ts'
import { handlers as h } from './strings.ts'

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
  row('ping', -1, ['fast'], c => {
    c.reply.status('PONG')
  }),
  row('config', -1, [], c => {
    throw new ReplyError('ERR no')
  }),
  row('flushall', -1, [], c => {
    for (const d of c.server.keyspace.databases) c.server.keyspace.flush(d)
    c.reply.ok()
  }),
  row('mem', -1, [], c => {
    c.reply.integer(c.server.keyspace.memory)
  }),
  row('dbsize', 1, [], c => {
    c.reply.integer(c.db.size)
  }),
  row('append', 3, ['write'], h.append),
  row('getrange', 4, ['readonly'], h.getrange),
  row('setrange', 4, ['write'], h.setrange),
  row('strlen', 2, ['readonly'], h.strlen),
]
export const families = [t]
