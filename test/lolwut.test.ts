import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lolwut } from '../src/lolwut.ts'

describe('LOLWUT', () => {
  test('draws the key that chance cuts, and ends with the version', () => {
    const chances = [0.9, 0.1, 0.3, 0.5, 0.7, 0.7, 0.1, 0.5, 0.9, 0.3, 0.5]
    expect(lolwut(() => chances.shift()!, '1.2.3').split('\n')).toEqual([
      '      .------.',
      "    .'  .--.  '.________________________________________________________",
      '    |  (    )  | -------------------------------------------------------\\',
      "    |   '--'   |_     _____                    _____                    /",
      "    '.        .' |    |    |____               |    |         _____     |",
      "      '------'   |    |         |____          |    |____     |    |____|",
      '                 |    |              |_________|         |    |',
      '                 |____|                                  |____|',
      '',
      'Your key is cut 4-0-1-2-3-3-0-2-4-1-2. Mind the latch.',
      '',
      'Latchkey ver. 1.2.3',
      '',
    ])
    expect(chances).toEqual([])
  })

  test('stays printable ASCII within 80 columns', () => {
    const chances = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
    fc.assert(
      fc.property(chances, stream => {
        const art = lolwut(() => stream.next().value, '7.0.15')
        expect(art).toMatch(/^([ -~]{0,80}\n)+$/)
        expect(art).toMatch(/\n\nLatchkey ver\. 7\.0\.15\n$/)
      }),
    )
  })
})
