// Random set commands. Members come in no order in Redis, except that integers of a small set are sorted;
// so replies that list members are compared as sets, and draws by their type and number.
import fc from 'fast-check'
import { sameType, scanned, unordered } from '../harness/agreement.ts'
import { elementFrames } from '../harness/resp-framer.ts'
import { commandStep, type Move } from '../harness/trace.ts'
import {
  command,
  flawlessCommand,
  integer,
  key,
  option,
  optional,
  several,
  token,
  value,
  weighted,
} from './alphabet.ts'

/** Few enough that sets meet. */
const member = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 9 }).map(String) },
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', '') },
  { weight: 1, arbitrary: value },
)

/** Beyond every threshold: integers too many for an intset, members too many or long for a listpack. */
const crowd = fc.oneof(
  fc.constantFrom(130, 520).map(size => Array.from({ length: size }, (_, i) => `${i}`)),
  fc.constantFrom(100, 140).map(size => Array.from({ length: size }, (_, i) => `m${i}`)),
  fc.constant(['x'.repeat(65), '70000', '5000000000', '9223372036854775807']),
)

const keys = fc
  .tuple(
    fc.array(key, { minLength: 1, maxLength: 3 }),
    fc.oneof(
      { weight: 15, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constantFrom('0', '-1', '9', 'x') },
    ),
  )
  .map(([names, wrong]) => [wrong === '' ? String(names.length) : wrong, ...names])

/** None that asks for a reply of millions. */
const draws = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -12, max: 12 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('1000', '', 'x', '1.5', '9223372036854775808') },
)

/** The same number of members, whichever they are. */
function sameCount(reference: Buffer, candidate: Buffer): boolean {
  return (
    sameType(reference, candidate) &&
    elementFrames(reference)?.length === elementFrames(candidate)?.length
  )
}

/** Takes all members, more than there can be. */
const drained = flawlessCommand('SPOP', [key, fc.constant('3000')], unordered)

/** Takes members by chance; the key goes after that, so that both servers are alike again. */
const popped: fc.Arbitrary<Move> = fc
  .tuple(key, optional(fc.constantFrom('1', '3', '100', '500')))
  .map(([name, count]) => [
    commandStep(['SPOP', name, ...count], sameCount),
    commandStep(['SCARD', name]),
    commandStep(['DEL', name]),
  ])

/** One pass over all members, since a hash table's cursors are chance; or an error. */
const scanOptions = fc.oneof(
  fc
    .tuple(
      optional(option('MATCH', fc.constantFrom('*', 'm*', '[0-5]', 'a'))),
      fc.constant(['COUNT', '1000']),
    )
    .map(words => words.flat()),
  option('COUNT', fc.constantFrom('0', '-1', 'x')),
  fc.constantFrom(['MATCH'], ['TYPE', 'set'], ['NOVALUES']),
)

export const sets = weighted(
  [8, command('SADD', [key, several(member)])],
  [2, command('SADD', [key, crowd])],
  [4, command('SREM', [key, several(member)])],
  [1, command('SREM', [key, crowd])],
  [3, command('SMOVE', [key, key, member])],
  [3, command('SCARD', [key])],
  [3, command('SISMEMBER', [key, member])],
  [3, command('SMISMEMBER', [key, several(member)])],
  [5, command('SMEMBERS', [key], unordered)],
  [3, command('SINTER', [several(key)], unordered)],
  [3, command('SUNION', [several(key)], unordered)],
  [3, command('SDIFF', [several(key)], unordered)],
  [2, command('SINTERSTORE', [key, several(key)])],
  [2, command('SUNIONSTORE', [key, several(key)])],
  [2, command('SDIFFSTORE', [key, several(key)])],
  [3, command('SINTERCARD', [keys, optional(option('LIMIT', integer))])],
  [2, command('SRANDMEMBER', [key], sameType)],
  [3, command('SRANDMEMBER', [key, draws], sameCount)],
  [2, drained],
  [2, popped],
  [1, flawlessCommand('SPOP', [key, fc.constantFrom('0', '-1', 'x', '')])],
  [2, flawlessCommand('SSCAN', [key, fc.constant('0'), scanOptions], scanned)],
  [1, flawlessCommand('SSCAN', [key, optional(fc.constant('x'))])],
  [1, command('DEL', [key])],
  [1, command('TYPE', [key])],
  [1, command('SUNION', [token('a')], unordered)],
)
