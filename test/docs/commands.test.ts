// docs/commands/*.md: the commands of coordination, made from their rows. `npm run docs` writes them anew.

import { describe, expect, test } from 'vitest'
import { families } from '../../commands/index.ts'
import type { CommandSpec } from '../../src/command.ts'
import { usage } from '../../src/syntax.ts'

/** The families, and what they are, by the word before the dot. */
const FAMILIES: Readonly<Record<string, readonly [title: string, about: string]>> = {
  lock: [
    'Locks',
    'Mutual exclusion, shared and exclusive, with leases, a queue in order of arrival, and fencing tokens. A reader queues behind a waiting writer. See [locking safely](../locking-safely.md).',
  ],
  fence: [
    'Fences',
    'The highest token seen, for resources outside: a smaller one is refused with `FENCED`.',
  ],
  semaphore: [
    'Semaphores',
    'Permits with owners and leases. Requests are served in order of arrival; a small one does not overtake a large one.',
  ],
  counter: [
    'Counters',
    'Signed 64-bit counters with bounds. Overflow and a bound that is reached are errors, and the value is unchanged.',
  ],
  multimap: [
    'Multimaps',
    'Many values per field, as sets or as lists; adding one of a hundred thousand values costs O(1).',
  ],
  latch: [
    'Latches',
    'A count that opens at zero and releases all who wait, once. A latch that is missing is an error, not open.',
  ],
  barrier: ['Barriers', 'All parties enter together, and leave together.'],
  leader: [
    'Elections',
    'An exclusive lock with a value: candidates stand in line, and observers are told of each change.',
  ],
  rate: [
    'Rate limits',
    'Fixed and sliding windows. `CL.THROTTLE` is the generic cell rate algorithm.',
  ],
  cl: ['Throttling', 'The generic cell rate algorithm, with the replies of redis-cell.'],
}

function page(family: string, rows: readonly CommandSpec[]): string {
  const [title, about] = FAMILIES[family]!
  const lines = [`# ${title}`, '', about, '', 'This table is generated from the command table.', '']
  lines.push('| command | what it does | complexity |', '|---|---|---|')
  for (const row of rows) {
    const line = usage(row).replaceAll('|', '\\|')
    lines.push(`| \`${line}\` | ${row.summary} | ${row.complexity} |`)
  }
  return `${lines.join('\n')}\n`
}

const byFamily = new Map<string, CommandSpec[]>()
for (const row of families.flat()) {
  if (row.group !== 'coordination' || row.internal || !row.name.includes('.')) continue
  const family = row.name.slice(0, row.name.indexOf('.'))
  byFamily.set(family, [...(byFamily.get(family) ?? []), row])
}

describe('the pages of the coordination families', () => {
  test('every family has a page', () => {
    expect([...byFamily.keys()].filter(family => !(family in FAMILIES))).toEqual([])
  })

  test.each([...byFamily.keys()])('docs/commands/%s.md says what the table says', async family => {
    const rows = byFamily.get(family)!.sort((a, b) => (a.name < b.name ? -1 : 1))
    await expect(page(family, rows)).toMatchFileSnapshot(`../../docs/commands/${family}.md`)
  })
})
