// Random commands on keys as such: existence, names, databases, times, iteration.
import fc from 'fast-check'
import { encoding, references, sameType, scanned, unordered, within } from '../harness/agreement.ts'
import { commandStep, type Move } from '../harness/trace.ts'
import {
  aboutMilliseconds,
  aboutSeconds,
  command,
  expiring,
  flawlessCommand,
  integer,
  key,
  milliseconds,
  option,
  optional,
  options,
  seconds,
  several,
  token,
  unixMilliseconds,
  unixSeconds,
  value,
  weighted,
} from './alphabet.ts'

const database = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom('0', '1', '2') },
  { weight: 1, arbitrary: fc.constantFrom('15', '16', '-1', 'x', '', '9223372036854775807') },
)
const pattern = fc.oneof(
  fc.constantFrom(
    '*',
    '?',
    'a*',
    '[ab]',
    '[^a]',
    '[a-c]',
    '[c-a]',
    '\\a',
    '*b',
    '{a}?',
    '',
    'a',
    '**',
    '*a*',
  ),
  fc.constantFrom('[', '[a', '[^', '\\', '[]', '[a-', '[\\a]', 'a\\', '?*', '*?', 'key*\x00*'),
)

/** GT and LT compare times, so theirs are absolute: two relative ones would differ by when they ran. */
const comparison = options(token('NX'), token('XX'), token('GT'), token('LT'), fc.constant('ZZ'))
const condition = optional(token('NX'), token('XX'))

/** One pass over all keys: a COUNT that no trace can exceed, or so few keys that none is needed. */
const scanOptions = options(
  option('MATCH', pattern),
  option('COUNT', fc.constantFrom('1000', '100000', '0', '-1', 'x')),
  option('TYPE', fc.constantFrom('string', 'STRING', 'list', 'hash', 'nosuch')),
)

const cursorInDoubt = fc.constantFrom('x', '', '1x', ' 0', '18446744073709551616')

const switchDatabase: fc.Arbitrary<Move> = fc
  .constantFrom('0', '0', '1')
  .map(index => [commandStep(['SELECT', index])])

export const generic = weighted(
  [8, command('SET', [key, value])],
  [4, command('SET', [key, value, option('EX', fc.constantFrom('100', '100000'))])],
  [3, command('GET', [key])],
  [3, command('DEL', [several(key)])],
  [2, command('UNLINK', [several(key)])],
  [3, command('EXISTS', [several(key)])],
  [2, command('TOUCH', [several(key)])],
  [2, command('TYPE', [key])],
  [4, command('RENAME', [key, key])],
  [3, command('RENAMENX', [key, key])],
  [4, command('COPY', [key, key, options(token('REPLACE'), option('DB', database))])],
  [3, command('MOVE', [key, database])],
  [2, command('EXPIRE', [key, seconds, condition])],
  [2, command('PEXPIRE', [key, milliseconds, condition])],
  [4, command('EXPIREAT', [key, unixSeconds, comparison])],
  [4, command('PEXPIREAT', [key, unixMilliseconds, comparison])],
  [2, command('PERSIST', [key])],
  [3, command('TTL', [key], aboutSeconds)],
  [2, command('PTTL', [key], aboutMilliseconds)],
  [2, command('EXPIRETIME', [key], aboutSeconds)],
  [2, command('PEXPIRETIME', [key], aboutMilliseconds)],
  [3, command('KEYS', [pattern], unordered)],
  [3, flawlessCommand('SCAN', [fc.constant('0'), scanOptions], scanned)],
  // What a number other than 0 gives is chance: tables are hashed with a random seed.
  [1, flawlessCommand('SCAN', [optional(cursorInDoubt)], scanned)],
  [1, command('RANDOMKEY', [], sameType)],
  [2, command('DBSIZE')],
  [2, command('OBJECT ENCODING', [key], encoding)],
  [1, command('OBJECT REFCOUNT', [key], references)],
  [1, command('OBJECT IDLETIME', [key], within(3))],
  [1, command('OBJECT FREQ', [key])],
  [1, command('OBJECT NOSUCH', [key])],
  [1, command('SELECT', [database])],
  [2, switchDatabase],
  [1, command('SWAPDB', [database, database])],
  [1, command('FLUSHDB', [optional(token('ASYNC'), token('SYNC'), fc.constant('x'))])],
  [1, command('FLUSHALL', [optional(token('ASYNC'), token('SYNC'), fc.constant('x'))])],
  [1, command('WAIT', [fc.constant('0'), fc.constantFrom('0', '10', '-1', 'x')])],
  [1, command('INCRBY', [key, integer])],
  [1, command('NOSUCHCOMMAND', [several(value, 0, 4)])],
  [1, expiring],
)
