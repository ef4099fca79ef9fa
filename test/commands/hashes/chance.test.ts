// HRANDFIELD draws each field, in each form of a hash, with the same chance.
import { describe, expect, it } from 'vitest'
import { InProcessServer } from '../../harness/in-process.ts'

const SIZE = 10
const DRAWS = 4000

describe.each(['listpack', 'hashtable'])('%s', form => {
  const client = new InProcessServer().connect()
  const suffix = form === 'listpack' ? '' : 'x'.repeat(70)
  for (let i = 0; i < SIZE; i++) client.call('HSET', 'h', `f${i}${suffix}`, 'x')

  it('is what the hash is', () => {
    expect(client.call('OBJECT', 'ENCODING', 'h')).toBe(form)
  })

  it.each([[], ['3'], ['-3']])('HRANDFIELD is fair with count "%s"', (...count) => {
    const counts = new Map<string, number>()
    let draws = 0
    while (draws < DRAWS) {
      const reply = client.call('HRANDFIELD', 'h', ...count)
      for (const field of Array.isArray(reply) ? reply : [reply]) {
        counts.set(field as string, (counts.get(field as string) ?? 0) + 1)
        draws++
      }
    }
    // Pearson's chi-squared, nine degrees of freedom: above 27.9 once in a thousand fair runs.
    const expected = draws / SIZE
    let chiSquared = (SIZE - counts.size) * expected
    for (const seen of counts.values()) chiSquared += (seen - expected) ** 2 / expected
    expect(chiSquared).toBeLessThan(27.9)
  })
})
