// Random commands on positions: a few cities close together, others all over the globe, the edges of the
// map, and sorted sets whose scores were never positions.
import fc from 'fast-check'
import { type Agreement, encoding, exact } from '../harness/agreement.ts'
import { decodeFrame } from '../harness/resp-value.ts'
import { command, key, option, optional, options, several, token, weighted } from './alphabet.ts'

/** The sine of C's library and ours may differ in their last bit, and then do the distances stored. */
const nearlySameScores: Agreement = (reference, candidate) => {
  if (exact(reference, candidate)) return true
  const ours = [decodeFrame(candidate)].flat(2)
  const theirs = [decodeFrame(reference)].flat(2)
  return (
    reference[0] === candidate[0] &&
    ours.length === theirs.length &&
    ours.every((each, i) => each === theirs[i] || isNearly(Number(each), Number(theirs[i])))
  )
}

function isNearly(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-14 * Math.abs(a)
}

const member = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h') },
  { weight: 1, arbitrary: fc.constantFrom('', 'nosuch', 'm'.repeat(65)) },
)

/** Of one member each: at equal distances Redis sorts as its quicksort happens to. */
const cities = fc.constantFrom(
  ['13.361389', '38.115556', 'a'],
  ['15.087269', '37.502669', 'b'],
  ['12.758489', '38.788135', 'c'],
  ['17.241510', '38.788135', 'd'],
  ['15.0872690', '37.50266', 'e'],
  ['-73.9798091', '40.7598464', 'f'],
  ['-0.000001', '0.000001', 'g'],
  ['179.9999', '-16.5', 'h'],
  ['-179.9999', '-16.6', 'i'],
  ['180', '85.05112878', 'j'],
  ['-180', '-85.05112878', 'k'],
  ['10', '84.9', 'l'],
  ['-170', '84.5', 'm'],
  ['25', '-70', 'n'],
)

const degrees = (max: number) =>
  fc.double({ min: -max, max, noNaN: true, noDefaultInfinity: true }).map(String)

const coordinates = fc.oneof(
  { weight: 4, arbitrary: cities.map(([longitude, latitude]) => [longitude!, latitude!]) },
  { weight: 2, arbitrary: fc.tuple(degrees(180), degrees(85)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ['0', '0'],
      ['180.1', '0'],
      ['0', '85.06'],
      ['x', '0'],
      ['0', ''],
      ['nan', '0'],
      ['inf', '0'],
      ['1e300', '1'],
    ),
  },
)

/** Scattered so that no two are as far from anywhere. */
const somewhere = fc.nat({ max: 2000 }).map(n => {
  const longitude = ((n * 7919.137) % 360) - 180
  const latitude = ((n * 1047.2917) % 170) - 85
  return [longitude.toFixed(9), latitude.toFixed(9), `s${n}`]
})

/** Scores that no position has, or only one of the edge. */
const scores = fc.constantFrom(
  ['0', 'z'],
  ['-1', 'y'],
  ['1.5', 'x'],
  ['4503599627370495', 'w'],
  ['123456', 'v'],
  ['1e300', 'u'],
)

const unit = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('m', 'km', 'ft', 'mi', 'KM') },
  { weight: 1, arbitrary: fc.constantFrom('', 'miles', 'x') },
)

const length = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom('0', '1', '100', '200', '500.5', '1000', '5000', '20000', '1e6'),
  },
  { weight: 1, arbitrary: fc.constantFrom('-1', 'x', '', '1e300', 'inf') },
)

const count = option('COUNT', fc.constantFrom('1', '2', '3', '100', '0', '-1', 'x'))
const searchOptions = options(
  token('WITHCOORD'),
  token('WITHDIST'),
  token('WITHHASH'),
  token('ASC'),
  token('DESC'),
  count,
  fc.tuple(count, token('ANY')).map(words => words.flat()),
  token('ANY'),
)

const from = fc.oneof(option('FROMMEMBER', member), option('FROMLONLAT', coordinates))
const by = fc.oneof(option('BYRADIUS', length, unit), option('BYBOX', length, length, unit))
/** Nearly always one centre and one shape, in either order. */
const area = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(from, by).map(words => words.flat()) },
  { weight: 3, arbitrary: fc.tuple(by, from).map(words => words.flat()) },
  { weight: 1, arbitrary: options(from, by) },
)

const store = optional(option('STORE', key), option('STOREDIST', key))

export const geo = weighted(
  [
    10,
    command('GEOADD', [key, options(token('NX'), token('XX'), token('CH')), several(cities, 1, 6)]),
  ],
  [3, command('GEOADD', [key, several(somewhere, 5, 30)])],
  [2, command('GEOADD', [key, coordinates, member])],
  [1, command('GEOADD', [key, several(somewhere, 150, 200)])],
  [1, command('ZADD', [key, several(scores)])],
  [3, command('GEOPOS', [key, several(member)])],
  [3, command('GEOHASH', [key, several(member)])],
  [4, command('GEODIST', [key, member, member, optional(unit)])],
  [8, command('GEOSEARCH', [key, area, searchOptions])],
  [4, command('GEOSEARCHSTORE', [key, key, area, searchOptions, optional(token('STOREDIST'))])],
  [4, command('GEORADIUS', [key, coordinates, length, unit, searchOptions, store])],
  [3, command('GEORADIUS_RO', [key, coordinates, length, unit, searchOptions])],
  [4, command('GEORADIUSBYMEMBER', [key, member, length, unit, searchOptions, store])],
  [3, command('GEORADIUSBYMEMBER_RO', [key, member, length, unit, searchOptions])],
  [
    2,
    command(
      'ZRANGE',
      [key, fc.constant('0'), fc.constant('-1'), optional(token('WITHSCORES'))],
      nearlySameScores,
    ),
  ],
  [1, command('ZREM', [key, several(member)])],
  [1, command('OBJECT ENCODING', [key], encoding)],
  [1, command('DEL', [key])],
)
