// Random commands on sorted sets. Scores repeat, so that members are ordered by their bytes too; now and
// then a crowd or a long member turns a packed set into a large one.
import fc from 'fast-check'
import { encoding, sameType, scanned, unordered } from '../harness/agreement.ts'
import {
  command,
  flawlessCommand,
  integer,
  key,
  option,
  optional,
  options,
  several,
  token,
  value,
  weighted,
} from './alphabet.ts'

const member = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'aa', 'ab', '1', '2', '10', '-1') },
  { weight: 1, arbitrary: fc.constantFrom('', '\x00', '\xff', 'm'.repeat(64), 'm'.repeat(65)) },
  { weight: 1, arbitrary: value },
)

const score = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('0', '1', '2', '3', '-1', '1.5', '0.1', '0.2', '0.7') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'inf',
      '-inf',
      '+Infinity',
      '-0',
      '1e300',
      '-1.7976931348623157e308',
      '1e-7',
      '0x10',
      '5e-324',
      '3.14159265358979312',
      '123456789012345678',
      '9007199254740993',
      '4611686018427387904',
      '-4611686018427387905',
      '1e17',
      '00012',
      '+1.',
      '.5',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('nan', '', 'x', ' 1', '1 ', '1e400', '1e-400', '0x', '1,5'),
  },
)

const bound = fc.oneof(
  { weight: 5, arbitrary: score },
  { weight: 3, arbitrary: score.map(text => `(${text}`) },
  { weight: 2, arbitrary: fc.constantFrom('-inf', '+inf') },
  { weight: 1, arbitrary: fc.constantFrom('((1', '(', '1\x002') },
)

const lexBound = fc.oneof(
  { weight: 3, arbitrary: member.map(text => `[${text}`) },
  { weight: 3, arbitrary: member.map(text => `(${text}`) },
  { weight: 3, arbitrary: fc.constantFrom('-', '+') },
  { weight: 1, arbitrary: fc.constantFrom('', 'a', '-inf', '+\x00', '[') },
)

const rank = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -8, max: 8 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('-1000', '1000') },
  { weight: 1, arbitrary: integer },
)

const limit = option('LIMIT', rank, rank)
const count = option('COUNT', rank)
const withScores = token('WITHSCORES')

const pairs = several(fc.tuple(score, member))
/** Members of one score, so that they have an order of their own. */
const peers = several(member, 1, 6).map(members => members.flatMap(name => ['0', name]))
/** More than are kept packed. */
const crowd = fc.integer({ min: 100, max: 150 }).map(size => {
  return Array.from({ length: size }, (_, i) => [String(i % 10), `m${i}`]).flat()
})

/** Keys that hold members of score 0 only: where scores differ, ranges of members are undefined. */
const flat = fc.constantFrom('flat', 'level')

const zAddOptions = options(
  token('NX'),
  token('XX'),
  token('GT'),
  token('LT'),
  token('CH'),
  token('CH'),
)

/** A number of keys that is nearly always that of the keys that follow it. */
const keys = fc
  .tuple(
    fc.array(key, { minLength: 1, maxLength: 3 }),
    fc.oneof(
      { weight: 15, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constantFrom('0', '-1', '5', 'x', '9223372036854775807') },
    ),
  )
  .map(([names, wrong]) => [wrong === '' ? String(names.length) : wrong, ...names])

/** Weights mostly for as many keys as there are. */
const combined = fc
  .tuple(keys, fc.array(score, { maxLength: 3 }), fc.boolean(), fc.boolean())
  .map(([names, weights, isWeighted, fits]) => {
    if (!isWeighted) return names
    const wanted = fits ? names.length - 1 : weights.length
    const chosen = Array.from({ length: wanted }, (_, i) => weights[i] ?? '2')
    return [...names, 'WEIGHTS', ...chosen]
  })

const aggregate = optional(
  option('AGGREGATE', fc.oneof(token('SUM'), token('MIN'), token('MAX'), fc.constant('AVG'))),
)

const end = fc.oneof(
  { weight: 12, arbitrary: fc.oneof(token('MIN'), token('MAX')) },
  { weight: 1, arbitrary: fc.constantFrom('MID', '') },
)

const timeout = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('0.001', '0.0001', '1e-3') },
  { weight: 1, arbitrary: fc.constantFrom('-1', 'x', '', 'nan') },
)

/** Redis draws as often as it is told to, be it for ever. */
const draws = fc.oneof(
  fc.integer({ min: -20, max: 20 }).map(String),
  fc.constantFrom('9223372036854775807', '-9223372036854775808', 'x', ''),
)

/** Rare, because Redis looks at its timeouts ten times a second. */
const blocking = fc.oneof(
  command('BZPOPMIN', [several(key), timeout]),
  command('BZPOPMAX', [several(key), timeout]),
  command('BZMPOP', [timeout, keys, end, optional(count)]),
)

const storeOptions = options(token('REV'), limit)
const rangeOptions = options(token('REV'), limit, withScores)

export const sortedSets = weighted(
  [9, command('ZADD', [key, zAddOptions, pairs])],
  [4, flawlessCommand('ZADD', [flat, peers])],
  [2, command('ZADD', [key, zAddOptions, token('INCR'), score, member])],
  [1, command('ZADD', [key, crowd])],
  [3, command('ZINCRBY', [key, score, member])],
  [3, command('ZREM', [key, several(member)])],
  [1, command('ZREM', [key, fc.constant(Array.from({ length: 120 }, (_, i) => `m${i}`))])],
  [2, command('ZCARD', [key])],
  [2, command('ZSCORE', [key, member])],
  [2, command('ZMSCORE', [key, several(member)])],
  // What 7.0 takes for an argument too many is WITHSCORE to 7.2, or should be.
  [2, flawlessCommand('ZRANK', [key, member])],
  [2, flawlessCommand('ZREVRANK', [key, member])],
  [2, command('ZCOUNT', [key, bound, bound])],
  [2, command('ZLEXCOUNT', [flat, lexBound, lexBound])],
  [6, command('ZRANGE', [key, rank, rank, rangeOptions])],
  [3, command('ZRANGE', [key, bound, bound, token('BYSCORE'), rangeOptions])],
  [3, flawlessCommand('ZRANGE', [flat, lexBound, lexBound, token('BYLEX'), rangeOptions])],
  [1, command('ZRANGE', [key, rank, rank, token('BYLEX'), rangeOptions])],
  [1, command('ZRANGE', [key, lexBound, rank, optional(token('BYSCORE')), rangeOptions])],
  [2, command('ZREVRANGE', [key, rank, rank, optional(withScores)])],
  [3, command('ZRANGEBYSCORE', [key, bound, bound, options(withScores, limit)])],
  [3, command('ZREVRANGEBYSCORE', [key, bound, bound, options(withScores, limit)])],
  [3, command('ZRANGEBYLEX', [flat, lexBound, lexBound, optional(limit)])],
  [3, command('ZREVRANGEBYLEX', [flat, lexBound, lexBound, optional(limit)])],
  [2, command('ZRANGESTORE', [key, key, rank, rank, storeOptions])],
  [2, command('ZRANGESTORE', [key, key, bound, bound, token('BYSCORE'), storeOptions])],
  [
    2,
    flawlessCommand('ZRANGESTORE', [flat, flat, lexBound, lexBound, token('BYLEX'), storeOptions]),
  ],
  [1, command('ZREMRANGEBYRANK', [key, rank, rank])],
  [1, command('ZREMRANGEBYSCORE', [key, bound, bound])],
  [1, command('ZREMRANGEBYLEX', [flat, lexBound, lexBound])],
  [2, command('ZUNION', [combined, aggregate, optional(withScores)])],
  [2, command('ZINTER', [combined, aggregate, optional(withScores)])],
  [2, command('ZDIFF', [keys, optional(withScores)])],
  [2, command('ZUNIONSTORE', [key, combined, aggregate])],
  [2, command('ZINTERSTORE', [key, combined, aggregate])],
  [2, command('ZDIFFSTORE', [key, keys])],
  [2, command('ZINTERCARD', [keys, optional(option('LIMIT', rank))])],
  [2, command('ZPOPMIN', [key, optional(rank)])],
  [2, command('ZPOPMAX', [key, optional(rank)])],
  [2, command('ZMPOP', [keys, end, optional(count)])],
  [2, command('ZRANDMEMBER', [key, optional(draws)], sameType)],
  [1, command('ZRANDMEMBER', [key, draws, withScores], sameType)],
  [1, flawlessCommand('ZRANDMEMBER', [key, fc.constant('1000'), optional(withScores)], unordered)],
  [2, flawlessCommand('ZSCAN', [key, fc.constant('0'), fc.constant(['COUNT', '1000'])], scanned)],
  [
    1,
    flawlessCommand(
      'ZSCAN',
      [
        key,
        fc.constant('0'),
        fc.constant('COUNT'),
        fc.constantFrom('1000', '0', 'x'),
        option('MATCH', fc.constantFrom('*', 'm*', '[ab]', '1')),
      ],
      scanned,
    ),
  ],
  // Sets too can be united and intersected, their members scoring 1.
  [2, command('SADD', [key, several(member)])],
  [1, blocking],
  [2, command('OBJECT ENCODING', [key], encoding)],
  [1, command('DEL', [key])],
)
