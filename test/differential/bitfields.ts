// Random BITFIELD programs: signed and unsigned fields of every width, on and off their boundaries, with
// the three ways to overflow.
import fc from 'fast-check'
import { encoding } from '../harness/agreement.ts'
import { command, integer, key, option, several, token, value, weighted } from './alphabet.ts'

const width = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom('u', 'i'), fc.integer({ min: 1, max: 63 })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<[string, number]>(['i', 64], ['u', 8], ['i', 8], ['u', 1]),
  },
)
const field = fc.oneof(
  { weight: 20, arbitrary: width.map(([sign, size]) => `${sign}${size}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('u64', 'i65', 'u0', 'i0', 'U8', '8', 'u', '', 'i-8', 'u08', 'x8'),
  },
)
/** Plain offsets count bits, those with # count fields. */
const offset = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 100 }).map(String) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 8 }).map(nth => `#${nth}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '-1',
      '#-1',
      '',
      '#',
      'x',
      '8388600',
      '8388607',
      '4294967295',
      '#131072',
    ),
  },
)
const amount = fc.oneof(
  integer,
  fc.constantFrom('127', '128', '-128', '-129', '255', '256', '1073741824', '4611686018427387904'),
)
const get = option('GET', field, offset)
const set = option('SET', field, offset, amount)
const incrby = option('INCRBY', field, offset, amount)
const overflow = option(
  'OVERFLOW',
  fc.oneof(
    { weight: 12, arbitrary: fc.oneof(token('WRAP'), token('SAT'), token('FAIL')) },
    { weight: 1, arbitrary: fc.constantFrom('', 'CLAMP') },
  ),
)

export const bitfields = weighted(
  [12, command('BITFIELD', [key, several(fc.oneof(get, set, incrby, incrby, overflow), 0, 6)])],
  [3, command('BITFIELD_RO', [key, several(get, 0, 4)])],
  [1, command('BITFIELD_RO', [key, several(fc.oneof(get, set, overflow), 1, 3)])],
  [3, command('GET', [key])],
  [1, command('STRLEN', [key])],
  [2, command('SET', [key, value])],
  [1, command('OBJECT ENCODING', [key], encoding)],
  [1, command('DEL', [key])],
)
