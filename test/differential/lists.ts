// Random list commands. Now and then a crowd or a long element turns a packed list into chunks, and a
// trim or a removal goes back. Blocking forms find an element, or wait for next to no time.
import fc from 'fast-check'
import {
  command,
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

/** Few enough that they repeat within a list. */
const element = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', '1', '2', '-7', '300', '70000') },
  { weight: 2, arbitrary: value },
)

/** Enough at once for several chunks; one element may be a chunk of its own. */
const crowd = fc.oneof(
  fc.constantFrom(40, 600).map(size => Array.from({ length: size }, (_, i) => `${i % 7}`)),
  fc
    .constantFrom(3000, 9000)
    .map(length => ['x'.repeat(length), 'a', 'y'.repeat(length), 'b', 'a']),
)

const index = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -8, max: 8 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('100', '-100', '500', '1000') },
  { weight: 1, arbitrary: integer },
)

const end = fc.oneof(
  { weight: 12, arbitrary: fc.oneof(token('LEFT'), token('RIGHT')) },
  { weight: 1, arbitrary: fc.constantFrom('UP', '') },
)

const timeout = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('0.001', '0.0001', '1e-3') },
  { weight: 1, arbitrary: fc.constantFrom('-1', 'x', '', 'nan') },
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

/** Without the lowest integer: 7.0 takes it as a rank, 7.2 refuses it. */
const rank = fc.oneof(
  fc.integer({ min: -4, max: 4 }).map(String),
  fc.constantFrom('-9223372036854775807', '9223372036854775807', 'x', '1.0'),
)

const search = options(
  option('RANK', rank),
  option('COUNT', index),
  option('MAXLEN', index),
  fc.constant('RANK'),
)

/** Rare, because Redis looks at its timeouts ten times a second. */
const blocking = fc.oneof(
  command('BLPOP', [several(key), timeout]),
  command('BRPOP', [several(key), timeout]),
  command('BLMOVE', [key, key, end, end, timeout]),
  command('BRPOPLPUSH', [key, key, timeout]),
  command('BLMPOP', [timeout, keys, end, optional(option('COUNT', index))]),
)

export const lists = weighted(
  [6, command('RPUSH', [key, several(element)])],
  [6, command('LPUSH', [key, several(element)])],
  [2, command('RPUSH', [key, crowd])],
  [1, command('LPUSH', [key, crowd])],
  [2, command('RPUSHX', [key, several(element)])],
  [2, command('LPUSHX', [key, several(element)])],
  [3, command('LPOP', [key, optional(index)])],
  [3, command('RPOP', [key, optional(index)])],
  [3, command('LMPOP', [keys, end, optional(option('COUNT', index))])],
  [3, command('LLEN', [key])],
  [4, command('LINDEX', [key, index])],
  [6, command('LRANGE', [key, index, index])],
  [2, command('LRANGE', [key, fc.constant('0'), fc.constant('-1')])],
  [4, command('LPOS', [key, element, search])],
  [4, command('LSET', [key, index, element])],
  [1, command('LSET', [key, index, fc.constant('long'.repeat(2500))])],
  [4, command('LINSERT', [key, fc.oneof(token('BEFORE'), token('AFTER')), element, element])],
  [1, command('LINSERT', [key, fc.constantFrom('BESIDE', ''), element, element])],
  [4, command('LREM', [key, index, element])],
  [3, command('LTRIM', [key, index, index])],
  [4, command('LMOVE', [key, key, end, end])],
  [2, command('RPOPLPUSH', [key, key])],
  [2, blocking],
  [1, command('DEL', [key])],
  [1, command('EXISTS', [several(key)])],
)
