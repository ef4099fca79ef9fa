// docs/compatibility.md is made from the command table: `npm run docs` writes it anew.

import { expect, test } from 'vitest'
import { families } from '../../commands/index.ts'
import { Registry } from '../../src/registry.ts'
import { REDIS_COMMANDS as NAMES } from './redis-commands.ts'

const REDIS_COMMANDS = [...new Set(NAMES)]

const registry = new Registry(families)
const named = new Set(registry.all.map(command => command.fullName))

/** Why a command of Redis is not there, by what its name begins with; the first that fits counts. */
const REASONS: readonly (readonly [prefix: RegExp, reason: string])[] = [
  [/^restore-asking$/, 'Slots move as a whole between nodes, so there is nothing to ask for.'],
  [/^(pfdebug|pfselftest)$/, 'A test aid of Redis itself.'],
]

/** Commands that are there and differ, and how. */
const DIFFERENCES: readonly (readonly [name: string, difference: string])[] = [
  ['asking', 'Has no effect: nobody is ever told to ask.'],
  ['bgrewriteaof, bgsave, save', 'Refused: data lives in memory only.'],
  [
    'cluster addslots, addslotsrange, bumpepoch, delslots, delslotsrange, failover, flushslots, replicate, reset, set-config-epoch, setslot',
    'Refused: the cluster decides by itself who owns what.',
  ],
  ['cluster forget', 'The member leaves: what it has is moved away before it is forgotten.'],
  ['cluster meet', 'Brings no node in: one joins by its setting `cluster-join`.'],
  [
    'cluster nodes, shards, slots',
    'Every node is a primary; who keeps copies is not shown, unless `cluster-advertise-backups` says so.',
  ],
  ['copy, move, select', 'All databases are there in a cluster too.'],
  ['debug', 'SLEEP, OBJECT, SET-ACTIVE-EXPIRE, JMAP, LOG, ERROR and PROTOCOL only.'],
  ['eval, evalsha, fcall', 'What differs is listed in [scripting](scripting.md).'],
  ['failover, psync, replconf, sync', 'Refused: Redis replicas cannot follow a Latchkey node.'],
  ['flushall, flushdb', 'ASYNC and SYNC do the same: a large database is freed in slices.'],
  ['keys, scan', 'The order of keys is another one. Redis promises none.'],
  ['memory usage', 'Sizes are those of Latchkey, and exact: SAMPLES has no effect.'],
  ['migrate', 'Refused.'],
  ['module', 'LIST answers an empty list, the others are refused: there are no modules.'],
  ['object encoding', 'The names are those that Redis would answer.'],
  ['script debug', 'NO only: all clients would wait for the debugger.'],
  ['script kill, function kill', 'Always NOTBUSY: limits end a script that takes too long.'],
  ['replicaof, slaveof', 'NO ONE only.'],
  ['xclaim', 'RETRYCOUNT is kept up to 2^48 - 1.'],
  ['xgroup create, xgroup setid, xsetid', 'ENTRIESREAD and ENTRIESADDED are kept up to 2^53 - 1.'],
  [
    'xinfo stream',
    'There is no radix tree: `radix-tree-nodes` is one more than `radix-tree-keys`.',
  ],
]

function page(): string {
  const missing = REDIS_COMMANDS.filter(name => !named.has(name))
  const own = [...registry.commands.values()].filter(
    command => !command.spec.internal && !REDIS_COMMANDS.includes(command.fullName),
  )
  const lines = [
    '# Compatibility with Redis',
    '',
    'This page is generated from the command table. Names, arguments, replies and error texts are those of',
    'Redis 7.2, except where the tables below say otherwise; tests compare them with a real server.',
    '',
    `Of the ${REDIS_COMMANDS.length} commands and subcommands of Redis 7.2, ${REDIS_COMMANDS.length - missing.length} are there.`,
    '',
    '## Commands that differ',
    '',
    '| command | difference |',
    '|---|---|',
    ...DIFFERENCES.map(([name, difference]) => `| \`${name}\` | ${difference} |`),
    '',
    '## Commands of Redis that are not there',
    '',
  ]
  if (missing.length === 0) lines.push('None.')
  else {
    lines.push('| command | reason |', '|---|---|')
    for (const name of missing) {
      lines.push(`| \`${name.replace('|', ' ')}\` | ${reasonFor(name)} |`)
    }
  }
  lines.push('', '## Commands that Redis does not have', '')
  if (own.length === 0) lines.push('None.')
  else {
    lines.push('| command | what it does |', '|---|---|')
    for (const { spec } of own.sort((a, b) => (a.fullName < b.fullName ? -1 : 1))) {
      lines.push(`| \`${spec.name.toUpperCase()}\` | ${spec.summary} |`)
    }
  }
  return `${lines.join('\n')}\n`
}

function reasonFor(name: string): string {
  return (
    REASONS.find(([prefix]) => prefix.test(name))?.[1] ?? 'Its data type comes in a later version.'
  )
}

test('docs/compatibility.md says what the table says', async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/compatibility.md')
})
