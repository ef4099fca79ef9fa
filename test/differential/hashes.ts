// Random hash commands. A small hash answers in the order in which its fields came; a large one in no order.
import fc from 'fast-check'
import { type Agreement, exact, sameType, scanned, unordered } from '../harness/agreement.ts'
import { elementFrames } from '../harness/resp-framer.ts'
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

/** A key that never holds anything else: 7.0 knows fewer encodings of lists and sets than 7.2. */
const own = fc.constant('own')

/** Few enough that commands meet. */
const field = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c', '1', '2', '') },
  { weight: 1, arbitrary: value },
)

const number = fc.oneof(
  { weight: 3, arbitrary: integer },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0.1', '-0.2', '1e3', '3.0', '1e400', 'inf', 'nan', '0x10', '1e-20'),
  },
)

const pair = fc.tuple(field, fc.oneof(value, number))

/** Beyond the thresholds: fields too many for a listpack, or one too long. */
const crowd = fc.oneof(
  fc
    .constantFrom(130, 520)
    .map(size => Array.from({ length: size }, (_, i) => [`f${i}`, `${i}`]).flat()),
  fc.constantFrom(64, 65).map(length => ['long', 'x'.repeat(length)]),
  fc.constantFrom(64, 65).map(length => ['y'.repeat(length), 'short']),
)

/** None that asks for a reply of millions. */
const draws = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -12, max: 12 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('1000', '', 'x', '1.5', '9223372036854775807') },
)

/** For maps whose pairs come in no order; in RESP2 they are arrays. */
const unorderedPairs: Agreement = (reference, candidate) => {
  if (exact(reference, candidate)) return true
  const pairs = sortedPairs(reference)
  return pairs !== undefined && reference[0] === candidate[0] && pairs === sortedPairs(candidate)
}

function sortedPairs(frame: Buffer): string | undefined {
  const elements = elementFrames(frame)?.map(element => element.toString('latin1'))
  return elements
    ?.map((element, i) => (i % 2 === 0 ? element + (elements[i + 1] ?? '') : ''))
    .sort()
    .join('')
}

/** The same number of elements, whichever they are. */
function sameCount(reference: Buffer, candidate: Buffer): boolean {
  return (
    sameType(reference, candidate) &&
    elementFrames(reference)?.length === elementFrames(candidate)?.length
  )
}

/** One pass over all fields, since a hash table's cursors are chance; or an error. */
const scanOptions = fc.oneof(
  fc
    .tuple(
      optional(option('MATCH', fc.constantFrom('*', 'f*', '[a1]'))),
      fc.constant(['COUNT', '1000']),
    )
    .map(words => words.flat()),
  option('COUNT', fc.constantFrom('0', '-1', 'x')),
  fc.constantFrom(['MATCH'], ['TYPE', 'hash']),
)

export const hashes = weighted(
  [8, command('HSET', [key, several(pair)])],
  [2, command('HMSET', [key, several(pair)])],
  [2, command('HSET', [key, crowd])],
  [3, command('HSETNX', [key, field, value])],
  [4, command('HGET', [key, field])],
  [3, command('HMGET', [key, several(field)])],
  [4, command('HDEL', [key, several(field)])],
  [1, command('HDEL', [key, crowd])],
  [2, command('HLEN', [key])],
  [2, command('HSTRLEN', [key, field])],
  [2, command('HEXISTS', [key, field])],
  [5, command('HGETALL', [key], unorderedPairs)],
  [2, command('HKEYS', [key], unordered)],
  [2, command('HVALS', [key], unordered)],
  [5, command('HINCRBY', [key, field, number])],
  [5, command('HINCRBYFLOAT', [key, field, number])],
  [2, command('HRANDFIELD', [key], sameType)],
  [3, command('HRANDFIELD', [key, draws, optional(token('WITHVALUES'))], sameCount)],
  [2, flawlessCommand('HSCAN', [key, fc.constant('0'), scanOptions], scanned)],
  [1, flawlessCommand('HSCAN', [key, optional(fc.constant('x'))])],
  [3, command('HSET', [own, several(pair)])],
  [2, command('HSET', [own, crowd])],
  [2, flawlessCommand('OBJECT ENCODING', [own])],
  [1, flawlessCommand('DEL', [own])],
  [1, command('DEL', [key])],
  [1, command('COPY', [key, key])],
)
