// texts.ts — Byte strings that are likely to find faults, as latin1: integers around the bounds of
// every width, what almost spells an integer, and lengths around the bounds of every string form.

import * as fc from 'fast-check'

export const SCALE = Number(process.env['TEST_SCALE'] ?? 1)

const bounds = [0, 127, 4095, 4096, 32767, 32768, 8388607, 8388608, 2147483647, 2147483648]
const large = [2n ** 53n - 1n, 2n ** 53n, 10n ** 15n, 10n ** 16n, 2n ** 63n - 1n, 2n ** 63n]

export const integerTexts: readonly string[] = [
  ...bounds.flatMap(bound => [bound, bound + 1, bound - 1, -bound, -bound - 1]).map(String),
  ...large.flatMap(bound => [bound, bound + 1n, -bound, -bound - 1n]).map(String),
]

export const almostIntegers: readonly string[] = [
  '',
  '-',
  '+1',
  '-0',
  '00',
  '01',
  '-01',
  ' 1',
  '1 ',
  '1.0',
  '1e3',
  '9223372036854775808',
  '-9223372036854775809',
  '99999999999999999999',
  '123456789012345678901',
  '1234567890123456x',
]

export const lengths: readonly number[] = [0, 1, 62, 63, 64, 126, 127, 128, 129, 4094, 4095, 4096]

export function repeated(length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += String.fromCharCode((i * 7 + length) & 0xff)
  return text
}

/** Any of the above, or random bytes. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...integerTexts) },
  { weight: 1, arbitrary: fc.constantFrom(...almostIntegers) },
  { weight: 1, arbitrary: fc.constantFrom(...lengths).map(repeated) },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 40 }).map(latin1) },
  { weight: 2, arbitrary: fc.bigInt(-(2n ** 64n), 2n ** 64n).map(String) },
)

/** Few and short, so that operations meet the same element again. */
export const member: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: -3, max: 12 }).map(String),
  fc.constantFrom('', 'a', 'b', 'ab', 'ba', '\xff', '\xff\x00', '\x00'),
)

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** A small generator, so that a failing seed can be run again. */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
