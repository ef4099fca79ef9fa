// Random string commands, LCS among them, with the encodings and times they leave behind.
import fc from 'fast-check'
import { encoding } from '../harness/agreement.ts'
import {
  aboutSeconds,
  command,
  expiring,
  integer,
  key,
  milliseconds,
  option,
  optional,
  options,
  seconds,
  several,
  token,
  touched,
  unixMilliseconds,
  unixSeconds,
  value,
  weighted,
} from './alphabet.ts'

const expiry = [
  option('EX', seconds),
  option('PX', milliseconds),
  option('EXAT', unixSeconds),
  option('PXAT', unixMilliseconds),
]

/** No option at all: whether it or a bad number beside it is complained of is Redis's order. */
const unknown = fc.constantFrom('ZZ', '')

const float = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '-1',
    '0.1',
    '0.2',
    '-0.5',
    '1.5',
    '3.0e3',
    '5.0',
    '1e17',
    '10.00000000001',
  ),
  fc.constantFrom(
    '',
    'abc',
    ' 1',
    '1 ',
    'nan',
    'inf',
    '-inf',
    '+inf',
    'infinity',
    '1e400',
    '0x1p3',
    '1,5',
  ),
  fc.constantFrom('1e300', '-1e300', '1.7976931348623157e308', '1e-10', '123456789.123456789'),
  integer,
)

const index = fc.oneof(integer, fc.integer({ min: -4, max: 12 }).map(String))
/** Both servers run with `proto-max-bulk-len 1mb`, so that their limit is near. */
const offset = fc.oneof(
  { weight: 9, arbitrary: index },
  { weight: 1, arbitrary: fc.constantFrom('1048570', '1048575', '1048576', '536870912') },
)

export const strings = weighted(
  [
    8,
    touched(
      command('SET', [
        key,
        value,
        options(token('NX'), token('XX'), token('GET'), token('KEEPTTL'), unknown, ...expiry),
      ]),
    ),
  ],
  [4, command('SET', [key, value])],
  [4, command('GET', [key])],
  [2, command('GETSET', [key, value])],
  [2, command('GETDEL', [key])],
  [3, command('GETEX', [key, optional(token('PERSIST'), ...expiry)])],
  [1, command('GETEX', [key, options(token('PERSIST'), unknown, ...expiry)])],
  [2, command('SETNX', [key, value])],
  [2, command('SETEX', [key, seconds, value])],
  [2, command('PSETEX', [key, milliseconds, value])],
  [2, command('MSET', [several(fc.tuple(key, value))])],
  [2, command('MSETNX', [several(fc.tuple(key, value))])],
  [2, command('MGET', [several(key)])],
  [4, command('APPEND', [key, value])],
  [3, command('STRLEN', [key])],
  [4, command('SETRANGE', [key, offset, value])],
  [4, command('GETRANGE', [key, index, index])],
  [1, command('SUBSTR', [key, index, index])],
  [2, command('INCR', [key])],
  [2, command('DECR', [key])],
  [3, command('INCRBY', [key, integer])],
  [3, command('DECRBY', [key, integer])],
  [4, command('INCRBYFLOAT', [key, float])],
  [
    4,
    command('LCS', [
      key,
      key,
      options(
        token('LEN'),
        token('IDX'),
        token('WITHMATCHLEN'),
        unknown,
        option('MINMATCHLEN', integer),
      ),
    ]),
  ],
  [2, command('OBJECT ENCODING', [key], encoding)],
  [2, command('TTL', [key], aboutSeconds)],
  [1, command('EXPIRETIME', [key], aboutSeconds)],
  [1, command('EXISTS', [several(key)])],
  [1, command('DEL', [several(key)])],
  [1, expiring],
)
