// migrate.ts — MIGRATE, which is refused: nodes of the grid move keys among themselves, by segments,
// and a Redis elsewhere is better filled by a tool that reads one and writes the other.

import { type CommandSpec, keyAt } from '../../src/command.ts'
import { ReplyError } from '../../src/errors.ts'
import type { KeyArguments } from '../../src/keyspecs.ts'

/** The key at 3, or where that is empty, all that follows KEYS. */
function migrateKeys(args: KeyArguments): number[] {
  let i = 6
  // Passwords and user names may be the word KEYS too: they are passed over.
  while (i < args.count && args.text(i).toUpperCase() !== 'KEYS') {
    const option = args.text(i).toUpperCase()
    i += option === 'AUTH2' ? 3 : option === 'AUTH' ? 2 : 1
  }
  if (i >= args.count) return [3]
  // Both a key and KEYS: the command will refuse it.
  if (args.text(3) !== '') return []
  const positions: number[] = []
  for (i += 1; i < args.count; i++) positions.push(i)
  return positions
}

function migrate(): never {
  throw new ReplyError(
    'ERR MIGRATE is not supported: nodes move keys by themselves; copy to another server with DUMP ' +
      'and RESTORE',
  )
}

export const migrateCommands: readonly CommandSpec[] = [
  {
    name: 'migrate',
    arity: -6,
    flags: ['write'],
    acl: ['keyspace', 'dangerous'],
    keys: [
      keyAt(3, 'RW', 'access', 'delete'),
      {
        flags: ['RW', 'access', 'delete', 'incomplete'],
        begin: { kind: 'keyword', keyword: 'KEYS', from: -2 },
        find: { kind: 'range', last: -1, step: 1, limit: 0 },
      },
    ],
    keysOf: migrateKeys,
    group: 'generic',
    since: '2.6.0',
    complexity: 'O(N) for N elements sent, as DUMP and DEL here and RESTORE there',
    summary: 'Moves keys to another server, atomically for each key.',
    syntax:
      'host port key_or_empty_string=(key|empty_string="") destination-db timeout:integer ' +
      '[COPY@3.0.0] [REPLACE@3.0.0] ' +
      '[authentication=([AUTH password@4.0.7]|[AUTH2 (username password)@6.0.0])] ' +
      '[KEYS key@3.0.6 [key ...]]',
    tips: ['nondeterministic_output'],
    handler: migrate,
  },
]
