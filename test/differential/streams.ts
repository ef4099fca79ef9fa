// Random commands on streams. IDs are small numbers, so that they meet, or lie at the edges of 64 bits.
//
// Nothing depends on the time of day: an ID is left to the server only behind one in the far future, and
// what has been idle is asked for as a time that is over or never comes.
import fc from 'fast-check'
import { encoding } from '../harness/agreement.ts'
import { commandStep, type Move } from '../harness/trace.ts'
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
  type Words,
  weighted,
} from './alphabet.ts'
import { info, pendingRows, read } from './streams-agreement.ts'

const MAX = '18446744073709551615'

const ms = fc.integer({ min: 0, max: 12 }).map(String)
const sequence = fc.integer({ min: 0, max: 4 }).map(String)
const exactId = fc.tuple(ms, sequence).map(([time, number]) => `${time}-${number}`)
const edgeId = fc.constantFrom(
  '0-0',
  '0-1',
  '0',
  `5-${MAX}`,
  `5-${BigInt(MAX) - 1n}`,
  `${MAX}-0`,
  '9223372036854775807-9223372036854775808',
  '4294967296-4294967295',
)
const brokenId = fc.constantFrom(
  '',
  '-',
  '+',
  'x',
  '1-',
  '-1',
  '1-x',
  '1--1',
  '1-1-1',
  ' 1-1',
  '+1-+1',
  '1-1 ',
  '01-01',
  '18446744073709551616-0',
  '*',
  '$',
  '>',
  '*-1',
  '(1',
  '0x1-1',
  '1-1\x002',
  '-0',
)
const id = weighted([12, exactId], [2, ms], [1, edgeId], [1, brokenId])
/** Of an entry to be added: now and then its sequence is left open, or it is the last there can be. */
const newId = weighted(
  [10, exactId],
  [5, ms.map(time => `${time}-*`)],
  [1, fc.constantFrom('0-*', `${MAX}-*`, `${MAX}-${MAX}`, '12-12-*', '-*', '1-*-*', '**')],
  [1, id],
)

const field = weighted(
  [6, fc.constantFrom('f', 'g', 'h', '1', '-7')],
  [1, value],
  [1, fc.constantFrom(40, 70, 5000).map(length => 'x'.repeat(length))],
)
/** Mostly the same fields in the same order, as in most streams. */
const pairs = weighted(
  [3, field.map(text => ['f', text])],
  [2, fc.tuple(field, field).map(([a, b]) => ['f', a, 'g', b])],
  [2, several(fc.tuple(field, field))],
)

const amount = weighted(
  [8, fc.integer({ min: -1, max: 12 }).map(String)],
  [1, fc.constantFrom('100', '1000')],
  [1, integer],
)
const count = option('COUNT', amount)
/** Up to what a double counts exactly: there these counters end. */
const counter = weighted(
  [8, fc.integer({ min: -2, max: 12 }).map(String)],
  [1, fc.constantFrom('1000000000000000', 'x', '', '1.0', '9223372036854775808')],
)
const limit = option('LIMIT', amount)
const operator = fc.constantFrom([], [], ['='], ['~'], ['~'])
const trim = weighted(
  [4, fc.tuple(token('MAXLEN'), operator, amount).map(words => words.flat())],
  [3, fc.tuple(token('MINID'), operator, id).map(words => words.flat())],
)
const trims = weighted([5, trim], [2, fc.tuple(trim, limit).map(words => words.flat())])
const addOptions = weighted(
  [6, fc.constant([])],
  [3, trims],
  [1, options(token('NOMKSTREAM'), trim, limit)],
)

const bound = weighted(
  [4, fc.constantFrom('-', '+')],
  [4, id],
  [3, id.map(text => `(${text}`)],
  [1, fc.constantFrom('(', '(-', '(+', `(${MAX}-${MAX}`, '(0-0', '((1')],
)

const group = weighted(
  [12, fc.constantFrom('g1', 'g2')],
  [1, fc.constantFrom('', 'nosuch', 'g\xff')],
)
const consumer = weighted(
  [12, fc.constantFrom('ann', 'bob', 'cy')],
  [1, fc.constantFrom('', '\x00')],
)

/** Over as soon as it begins, or never. */
const idle = weighted(
  [6, fc.constantFrom('0')],
  [3, fc.constantFrom('1000000', '-1')],
  [1, fc.constantFrom('9223372036854775807', '9223372036854775808', '', 'x', '1.5')],
)

const claimOptions = options(
  option('IDLE', fc.constantFrom('0', '5000000', '-1', 'x', '9223372036854775807')),
  option('TIME', fc.constantFrom('1', '-1', '0', 'x', '9223372036854775807')),
  option('RETRYCOUNT', fc.constantFrom('0', '3', '-1', 'x', '1000000000000')),
  token('FORCE'),
  token('JUSTID'),
  option('LASTID', id),
)

const nobody = fc.constant('nobody')

/** Keys and as many IDs; now and then not as many. */
function sources(after: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  return fc
    .tuple(fc.array(fc.tuple(key, after), { minLength: 1, maxLength: 3 }), fc.nat({ max: 15 }))
    .map(([chosen, chance]) => {
      const words = [...chosen.map(([name]) => name), ...chosen.map(([, text]) => text)]
      return ['STREAMS', ...(chance === 0 ? words.slice(1) : words)]
    })
}

const after = weighted(
  [8, id],
  [4, fc.constantFrom('$', '0', '0-0')],
  [1, fc.constantFrom('>', '+')],
)
const afterOfGroup = weighted(
  [10, fc.constant('>')],
  [6, fc.constantFrom('0', '0-0')],
  [3, id],
  [1, fc.constantFrom('$', `${MAX}-${MAX}`)],
)

const entriesRead = option('ENTRIESREAD', counter)
const groupId = weighted([4, fc.constantFrom('$', '0')], [3, id])

/**
 * Since 7.2 whoever reads or claims becomes a consumer, even where there is nothing to get: here it is
 * one already.
 */
function asConsumer(names: readonly string[], of: string, who: string, words: readonly string[]) {
  const joining = names.map(name => ['XGROUP', 'CREATECONSUMER', name, of, who])
  return [...joining.map(args => commandStep(args)), commandStep(words, read)]
}

function claiming(name: string, ...rest: readonly Words[]): fc.Arbitrary<Move> {
  return fc
    .tuple(key, group, consumer, ...rest)
    .map(([stream, of, who, ...words]) =>
      asConsumer([stream], of, who, [name, stream, of, who, ...words.flat()]),
    )
}

function reading(...chosen: readonly Words[]): fc.Arbitrary<Move> {
  return fc
    .tuple(group, consumer, sources(afterOfGroup), ...chosen)
    .map(([of, who, [word, ...rest], ...words]) => {
      const names = rest.slice(0, rest.length / 2)
      const all = ['XREADGROUP', 'GROUP', of, who, ...words.flat(), word!, ...rest]
      return asConsumer(names, of, who, all)
    })
}

/** Rare, because Redis looks at its timeouts ten times a second. */
const blocking = weighted(
  [2, command('XREAD', [option('BLOCK', fc.constant('1')), optional(count), sources(after)], read)],
  [2, reading(option('BLOCK', fc.constant('1')))],
  [1, command('XREAD', [option('BLOCK', fc.constantFrom('-1', 'x', '')), sources(after)], read)],
)

/** Behind an entry in the far future, an ID that is made is the one after it. */
const open: fc.Arbitrary<Move> = fc
  .tuple(pairs, addOptions)
  .map(([fields, chosen]) => [
    commandStep(['XADD', 'future', '99999999999999-*', 'f', 'x']),
    commandStep(['XADD', 'future', ...chosen, '*', ...fields]),
    commandStep(['XRANGE', 'future', '-', '+']),
  ])

/** More entries than a node takes. */
const crowd: fc.Arbitrary<Move> = fc
  .tuple(key, fc.constantFrom(20, 120), pairs)
  .map(([name, size, fields]) =>
    Array.from({ length: size }, () => commandStep(['XADD', name, '12-*', ...fields])),
  )

/** Since 7.2 an ID may not be set below one that was deleted: here none is deleted by name. */
const kept = weighted(
  [4, flawlessCommand('XADD', [fc.constant('kept'), addOptions, newId, pairs])],
  [2, flawlessCommand('XSETID', [fc.constant('kept'), id])],
  [2, flawlessCommand('XSETID', [fc.constant('kept'), id, option('ENTRIESADDED', counter)])],
  [1, flawlessCommand('XTRIM', [fc.constant('kept'), trims])],
  [2, flawlessCommand('XINFO STREAM', [fc.constant('kept')], info)],
)

/** And here no ID is set below one that was or may be deleted. */
const cut = weighted(
  [4, flawlessCommand('XADD', [fc.constant('cut'), exactId, pairs])],
  [3, flawlessCommand('XDEL', [fc.constant('cut'), several(exactId)])],
  [
    3,
    flawlessCommand('XSETID', [
      ...[fc.constant('cut'), fc.constantFrom('13-0', '13-1', '13-4')],
      options(option('ENTRIESADDED', counter), option('MAXDELETEDID', exactId)),
    ]),
  ],
  [1, flawlessCommand('XSETID', [key, exactId, option('MAXDELETEDID', fc.constant('99'))])],
  [1, flawlessCommand('XTRIM', [fc.constant('cut'), trims])],
  [1, flawlessCommand('XGROUP CREATE', [fc.constant('cut'), group, groupId])],
  [
    1,
    fc
      .tuple(group, consumer)
      .map(([of, who]) =>
        asConsumer(['cut'], of, who, ['XREADGROUP', 'GROUP', of, who, 'STREAMS', 'cut', '>']),
      ),
  ],
  [3, flawlessCommand('XINFO STREAM', [fc.constant('cut'), optional(token('FULL'))], info)],
)

export const streams = weighted(
  [12, command('XADD', [key, addOptions, newId, pairs])],
  [2, open],
  [1, crowd],
  [2, command('XLEN', [key])],
  [3, command('XDEL', [key, several(id)])],
  [3, command('XTRIM', [key, trims])],
  [1, command('XTRIM', [key, options(trim, limit)])],
  [5, command('XRANGE', [key, bound, bound, optional(count)])],
  [4, command('XREVRANGE', [key, bound, bound, optional(count)])],
  [4, kept],
  [4, cut],
  [4, command('XREAD', [optional(count), sources(after)], read)],
  [
    1,
    command(
      'XREAD',
      [options(count, token('NOACK'), option('GROUP', group, consumer)), sources(after)],
      read,
    ),
  ],
  [8, reading(options(count, token('NOACK')))],
  // Where there is no group, the arguments may be anything.
  [
    1,
    command('XREADGROUP', [token('GROUP'), nobody, consumer, count, sources(afterOfGroup)], read),
  ],
  [1, blocking],
  [5, command('XGROUP CREATE', [key, group, groupId, options(token('MKSTREAM'), entriesRead)])],
  [2, command('XGROUP SETID', [key, group, groupId, optional(entriesRead)])],
  [1, command('XGROUP DESTROY', [key, group])],
  [2, command('XGROUP CREATECONSUMER', [key, group, consumer])],
  [1, command('XGROUP DELCONSUMER', [key, group, consumer])],
  [4, command('XACK', [key, group, several(id)])],
  [3, command('XPENDING', [key, group])],
  [
    4,
    command(
      'XPENDING',
      [key, group, optional(option('IDLE', idle)), bound, bound, amount, optional(consumer)],
      pendingRows,
    ),
  ],
  [5, claiming('XCLAIM', idle, several(id), claimOptions)],
  [4, claiming('XAUTOCLAIM', idle, bound, options(count, token('JUSTID')))],
  [1, command('XCLAIM', [key, nobody, consumer, idle, several(id), claimOptions])],
  [1, command('XAUTOCLAIM', [key, nobody, consumer, idle, bound, optional(count)])],
  [3, command('XINFO STREAM', [key], info)],
  [4, command('XINFO STREAM', [key, token('FULL'), optional(count)], info)],
  [2, command('XINFO GROUPS', [key], info)],
  [2, command('XINFO CONSUMERS', [key, group], info)],
  [1, command('COPY', [key, key, optional(token('REPLACE'))])],
  [1, command('RENAME', [key, key])],
  [1, command('OBJECT ENCODING', [key], encoding)],
  [1, command('DEL', [key])],
)
