// What random commands are made of: few keys, so that commands meet; values and numbers at the edges
// where implementations part ways; and now and then an argument too many, too few, or senseless.
//
// Relative times are long, so that no key expires while a trace runs, or already over. Keys that do
// expire are made by `expiring`, which waits for it and touches them, so that neither server can be
// caught between the two.
import fc from 'fast-check'
import { type Agreement, exact, within } from '../harness/agreement.ts'
import { commandStep, type Move } from '../harness/trace.ts'

export type Words = fc.Arbitrary<string | readonly string[]>

export const key = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 1, arbitrary: fc.constantFrom('', 'nosuch', '{a}b', 'key with \x00 and \xff') },
)

export const integer = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -20, max: 40 }).map(String) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '2147483647',
      '4294967296',
      '9223372036854775806',
      '9223372036854775807',
      '-9223372036854775807',
      '-9223372036854775808',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      ' 1',
      '1 ',
      '+1',
      '-0',
      '007',
      '1.0',
      '1e2',
      '0x10',
      'one',
      '9223372036854775808',
      '-9223372036854775809',
      '18446744073709551615',
      '123456789012345678901234567890',
    ),
  },
)

const binary = fc.uint8Array({ maxLength: 30 }).map(bytes => Buffer.from(bytes).toString('latin1'))

export const value = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('hello', 'Hello, World', 'abcdefgh', 'ohmytext', 'mynewtext'),
  },
  { weight: 3, arbitrary: integer },
  { weight: 2, arbitrary: binary },
  {
    weight: 1,
    // Redis embeds strings up to 44 bytes in their object, and reads at most 20 characters as an integer.
    arbitrary: fc.constantFrom(43, 44, 45, 100, 1000).map(length => 'v'.repeat(length)),
  },
)

/** A word of the command language, most often in capitals. */
export function token(word: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(word) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
        .map(small =>
          [...word].map((letter, i) => (small[i] ? letter.toLowerCase() : letter)).join(''),
        ),
    },
  )
}

/** An option with its value, such as EX 100. */
export function option(word: string, ...values: readonly Words[]): fc.Arbitrary<readonly string[]> {
  return fc.tuple(token(word), ...values).map(words => words.flat())
}

/** A few of the options, in any order; some twice, some that exclude each other. */
export function options(...choices: readonly Words[]): fc.Arbitrary<readonly string[]> {
  return fc.array(fc.oneof(...choices), { maxLength: 3 }).map(chosen => chosen.flat())
}

/** One of the options, or none. */
export function optional(...choices: readonly Words[]): fc.Arbitrary<readonly string[]> {
  return fc.array(fc.oneof(...choices), { maxLength: 1 }).map(chosen => chosen.flat())
}

export function several(words: Words, min = 1, max = 4): fc.Arbitrary<readonly string[]> {
  return fc.array(words, { minLength: min, maxLength: max }).map(chosen => chosen.flat())
}

type Flaw = (args: readonly string[]) => readonly string[]

const anyPlace = fc.nat({ max: 1000 })

/** What a careless client does to the arguments of a command. */
const flaw: fc.Arbitrary<Flaw> = fc.oneof(
  anyPlace.map(
    (place): Flaw =>
      args =>
        args.toSpliced(place % Math.max(args.length, 1), 1),
  ),
  anyPlace.map(
    (place): Flaw =>
      args =>
        args.toSpliced(place % (args.length + 1), 0, args[place % Math.max(args.length, 1)] ?? ''),
  ),
  fc.tuple(anyPlace, fc.constantFrom('', 'x', '1', '-1', 'NX', 'WITHSCORES')).map(
    ([place, junk]): Flaw =>
      args =>
        args.toSpliced(place % (args.length + 1), 0, junk),
  ),
)

const flawless: Flaw = args => args
const mostlyFlawless = fc.oneof(
  { weight: 15, arbitrary: fc.constant(flawless) },
  { weight: 1, arbitrary: flaw },
)

/** A command of one step, now and then flawed; `agree` tells when its replies count as equal. */
export function command(name: string, args: readonly Words[] = [], agree?: Agreement) {
  return commandWith(mostlyFlawless, name, args, agree)
}

/** For the few commands whose flaws would be valid, and mean something that may differ. */
export function flawlessCommand(name: string, args: readonly Words[], agree?: Agreement) {
  return commandWith(fc.constant(flawless), name, args, agree)
}

function commandWith(
  flaws: fc.Arbitrary<Flaw>,
  name: string,
  args: readonly Words[],
  agree: Agreement = exact,
): fc.Arbitrary<Move> {
  return fc
    .tuple(flaws, token(name), ...args)
    .map(([spoil, word, ...words]) => [
      commandStep([...word.split(' '), ...spoil(words.flat())], agree),
    ])
}

export function weighted<T>(...choices: readonly (readonly [number, fc.Arbitrary<T>])[]) {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })))
}

const NO_TIME = [
  '0',
  '-1',
  '',
  'abc',
  '1.5',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
]

function times(...sensible: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...sensible) },
    { weight: 1, arbitrary: fc.constantFrom(...NO_TIME) },
  )
}

/** Far longer than a trace takes, or nothing a server accepts. */
export const seconds = times('100', '5000', '100000', '9223372036854776')
export const milliseconds = times('100000', '5000000', '9223372036854775')
/** Long ago, or in the years 2100 and 2128. */
export const unixSeconds = times('1', '4102444800', '5000000000')
export const unixMilliseconds = times('1', '4102444800000', '5000000000000')

/** Remaining times differ by as much as one server lags behind the other. */
export const aboutSeconds = within(3)
export const aboutMilliseconds = within(3000)

/** A key whose time runs out here and now; nothing between its birth and its end looks at it. */
export const expiring: fc.Arbitrary<Move> = fc
  .tuple(key, value)
  .map(([name, text]) => [
    commandStep(['SET', name, text, 'PX', '1']),
    { kind: 'wait', ms: 4 },
    commandStep(['EXISTS', name]),
  ])

/**
 * The same, then a look at the key: a SET whose time is already over leaves a key that DBSIZE counts
 * until something meets it.
 */
export function touched(move: fc.Arbitrary<Move>): fc.Arbitrary<Move> {
  return move.map(steps => {
    const [first] = steps
    const name = first?.kind === 'command' ? first.args[1] : undefined
    return name === undefined ? steps : [...steps, commandStep(['EXISTS', name])]
  })
}

/** Commands that make values of other types; used as far as both servers know them. */
export const otherTypes: ReadonlyMap<string, fc.Arbitrary<Move>> = new Map([
  ['lpush', key.map(name => [commandStep(['LPUSH', name, 'x'])])],
  ['sadd', key.map(name => [commandStep(['SADD', name, 'x'])])],
  ['hset', key.map(name => [commandStep(['HSET', name, 'f', 'x'])])],
  ['zadd', key.map(name => [commandStep(['ZADD', name, '1', 'x'])])],
  ['xadd', key.map(name => [commandStep(['XADD', name, 'NOMKSTREAM', '1-1', 'f', 'x'])])],
])
