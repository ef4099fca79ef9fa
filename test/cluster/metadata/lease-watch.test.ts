import { describe, expect, it } from 'vitest'
import { LeaseWatch } from '../../../cluster/metadata/lease-watch.ts'

/** What is told of a lease that is held or not, looked at every 10 ms. */
function told(...spans: readonly (readonly [isHeld: boolean, ms: number])[]): string[] {
  const watch = new LeaseWatch()
  const lines: string[] = []
  let now = 0
  for (const [isHeld, ms] of spans) {
    for (const end = now + ms; now < end; now += 10) {
      const change = watch.look(isHeld, now)
      if (change !== undefined) lines.push(`${change} ${now}`)
    }
  }
  return lines
}

describe('A lease', () => {
  it('is told of once it has lasted', () => {
    expect(told([false, 500], [true, 1_000])).toEqual(['true 600'])
    expect(told([true, 1_000], [false, 1_000])).toEqual(['true 100', 'false 1100'])
  })

  it('that is renewed a little late, however often, is not worth a line', () => {
    const late = [
      [false, 90],
      [true, 10],
    ] as const
    expect(told([true, 1_000], ...late, ...late, ...late)).toEqual(['true 100'])
  })

  it('that is held for a moment only is not worth a line either', () => {
    expect(told([false, 500], [true, 50], [false, 500])).toEqual([])
  })
})
