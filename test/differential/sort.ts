// Random SORT and SORT_RO of lists, sets and sorted sets, with BY and GET over strings and hashes.
//
// Texts have no zero bytes: the C library's comparison ends at one. No number is beyond the range of a
// double: Redis 7.0 does not clear the error that such a one leaves, and refuses sound numbers after it.
import fc from 'fast-check'
import { unordered } from '../harness/agreement.ts'
import {
  command,
  flawlessCommand,
  integer,
  option,
  options,
  several,
  token,
  weighted,
} from './alphabet.ts'

const list = fc.constantFrom('l', 'm')
const set = fc.constantFrom('s', 't')
const sortedSet = fc.constantFrom('y', 'z')
const any = fc.oneof(list, set, sortedSet, fc.constantFrom('nosuch', 'w_1'))

const number = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -3, max: 12 }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom('1.5', '-0.25', '1e3', '0x10', 'inf', '-inf', ' 7') },
)
const element = fc.oneof(
  { weight: 10, arbitrary: number },
  { weight: 1, arbitrary: fc.constantFrom('a', 'B', 'b', '', '\xff', 'nan', '1e') },
)
const text = fc.oneof(element, fc.constantFrom('x', 'y', 'zebra', 'Apple'))

/** Keys that patterns name. */
const weight = fc.integer({ min: -3, max: 12 }).map(n => `w_${n}`)
const object = fc.integer({ min: -3, max: 12 }).map(n => `o_${n}`)
const field = fc.constantFrom('rank', 'name', '->')

const pattern = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('w_*', 'o_*->rank', 'o_*->name', '#', 'w_*') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'nosort',
      '*',
      '',
      'o_*->',
      'o_*->->',
      'w_**',
      'x*->rank',
      '->*',
      '*_',
    ),
  },
)

const rank = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -2, max: 8 }).map(String) },
  { weight: 1, arbitrary: integer },
)

/** By number, or by the elements' own texts: then no two are equal. */
const sorting = options(token('ASC'), token('DESC'), option('LIMIT', rank, rank))
const gets = fc.array(option('GET', pattern), { maxLength: 2 }).map(chosen => chosen.flat())
const store = fc.oneof(option('STORE', fc.constantFrom('l', 'm', 'stored', 's', 'z')))

/** Elements that are equal by a text keep their order only in a list, and only without LIMIT. */
const byText = fc.tuple(token('ALPHA'), option('BY', pattern)).map(words => words.flat())

export const sort = weighted(
  [4, command('RPUSH', [list, several(element, 1, 8)])],
  [2, flawlessCommand('DEL', [fc.oneof(list, set, sortedSet)])],
  [3, command('SADD', [set, several(number, 1, 8)])],
  [1, command('SADD', [set, several(element, 1, 8)])],
  [
    3,
    command('ZADD', [sortedSet, several(fc.tuple(fc.constantFrom('1', '2', '3'), number), 1, 8)]),
  ],
  [4, command('SET', [weight, element])],
  [4, command('HSET', [object, several(fc.tuple(field, text))])],
  [1, command('DEL', [fc.oneof(weight, object)])],
  [6, command('SORT', [any, sorting, gets])],
  [6, command('SORT', [any, token('ALPHA'), sorting, gets])],
  [
    4,
    command('SORT', [
      any,
      option(
        'BY',
        pattern.filter(by => by.includes('*')),
      ),
      sorting,
      gets,
    ]),
  ],
  [3, flawlessCommand('SORT', [list, byText, gets])],
  [
    4,
    flawlessCommand('SORT', [
      fc.oneof(list, sortedSet),
      option('BY', fc.constant('nosort')),
      sorting,
      gets,
    ]),
  ],
  [1, flawlessCommand('SORT', [set, option('BY', fc.constant('nosort'))], unordered)],
  [4, command('SORT', [any, sorting, gets, store])],
  [2, command('SORT', [any, token('ALPHA'), sorting, store])],
  [2, flawlessCommand('SORT', [set, option('BY', fc.constant('nosort')), sorting, store])],
  [3, command('SORT_RO', [any, sorting, gets])],
  [2, command('SORT_RO', [any, token('ALPHA'), sorting, gets])],
  [
    4,
    command('LRANGE', [
      fc.constantFrom('l', 'm', 'stored', 's', 'z'),
      fc.constant('0'),
      fc.constant('-1'),
    ]),
  ],
)
