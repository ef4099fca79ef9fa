// Draws of members: each member, in each form of a set, comes with the same chance.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'

const SIZE = 10
const DRAWS = 4000

const forms: Record<string, readonly string[]> = {
  intset: Array.from({ length: SIZE }, (_, i) => String(i * 1000)),
  listpack: Array.from({ length: SIZE }, (_, i) => `m${i}`),
  hashtable: Array.from({ length: SIZE }, (_, i) => `${'x'.repeat(70)}${i}`),
}

/**
 * Pearson's chi-squared with nine degrees of freedom: above 27.9 once in a thousand runs of a fair
 * draw; the seed is fixed, so this run is always the same.
 */
function chiSquared(counts: ReadonlyMap<string, number>, draws: number): number {
  const expected = draws / SIZE
  let sum = 0
  for (const count of counts.values()) sum += (count - expected) ** 2 / expected
  return sum + (SIZE - counts.size) * expected
}

describe.each(Object.keys(forms))('%s', form => {
  const members = forms[form]!
  const client = new InProcessServer().connect()
  client.call('SADD', 's', ...members)

  it('is what the set is', () => {
    expect(client.call('OBJECT', 'ENCODING', 's')).toBe(form)
  })

  const ways: [string, () => readonly string[]][] = [
    ['SRANDMEMBER', () => [client.call('SRANDMEMBER', 's') as string]],
    ['SRANDMEMBER with a count', () => client.call('SRANDMEMBER', 's', '3') as string[]],
    ['SRANDMEMBER with repetition', () => client.call('SRANDMEMBER', 's', '-3') as string[]],
    ['SPOP', () => takeBack(client, [client.call('SPOP', 's') as string])],
    ['SPOP with a count', () => takeBack(client, client.call('SPOP', 's', '3') as string[])],
  ]
  it.each(ways)('%s is fair', (_name, draw) => {
    const counts = new Map<string, number>()
    let draws = 0
    while (draws < DRAWS) {
      for (const member of draw()) {
        counts.set(member, (counts.get(member) ?? 0) + 1)
        draws++
      }
    }
    expect(chiSquared(counts, draws)).toBeLessThan(27.9)
  })
})

function takeBack(client: InProcessClient, popped: readonly string[]): readonly string[] {
  client.call('SADD', 's', ...popped)
  return popped
}
