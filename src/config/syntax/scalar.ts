// scalar.ts — Values of one word: numbers, bytes, choices, texts and paths.
//
// Numbers are JavaScript's: what Redis limits to 64 bits is limited to 2^53 - 1 here, and more than
// that is refused, never rounded.
import { InvalidValue, oneWord, type Syntax } from '../syntax.ts'

const INT32_MAX = 2 ** 31 - 1
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

function between(value: bigint, min: number, max: number, radix = 10): number {
  if (value < BigInt(min) || value > BigInt(max)) {
    throw new InvalidValue(
      `argument must be between ${min.toString(radix)} and ${max.toString(radix)} inclusive`,
    )
  }
  return Number(value)
}

/** Limits in words; those of a machine integer go without saying. */
function range(min: number, max: number): string {
  if (max < INT32_MAX) return `${min} to ${max}`
  return min <= 0 && min !== -1 ? '' : `from ${min}`
}

export function integer(
  min: number,
  max = Number.MAX_SAFE_INTEGER,
  form = 'integer',
): Syntax<number> {
  return oneWord(
    form,
    range(min, max),
    word => {
      // As strict as everywhere in the protocol: no sign but a minus, no leading zero, no spaces.
      const value = /^(0|-?[1-9]\d{0,18})$/.test(word) ? BigInt(word) : undefined
      if (value === undefined || value > INT64_MAX || value < INT64_MIN) {
        throw new InvalidValue("argument couldn't be parsed into an integer")
      }
      return between(value, min, max)
    },
    String,
  )
}

/** Takes what Redis takes, and brings it between narrower limits without complaint. */
export function clamped(syntax: Syntax<number>, min: number, max: number): Syntax<number> {
  return {
    ...syntax,
    range: range(min, max),
    read: (words, current) => Math.min(Math.max(syntax.read(words, current), min), max),
  }
}

export function seconds(min: number, max = INT32_MAX): Syntax<number> {
  return integer(min, max, 'seconds')
}

export function milliseconds(min: number, max = Number.MAX_SAFE_INTEGER): Syntax<number> {
  return integer(min, max, 'milliseconds')
}

/** Choices that take more room than this are listed in a sentence. */
const CHOICES_SHOWN_MAX = 40

const UNITS = new Map([
  ['', 1n],
  ['b', 1n],
  ['k', 1000n],
  ['kb', 1024n],
  ['m', 1000n ** 2n],
  ['mb', 1024n ** 2n],
  ['g', 1000n ** 3n],
  ['gb', 1024n ** 3n],
])

/** A number of bytes with an optional unit (1k is 1000, 1kb is 1024); undefined if it is none. */
export function readBytes(word: string): bigint | undefined {
  const match = /^(\d{1,32})([a-z]*)$/i.exec(word)
  const unit = match === null ? undefined : UNITS.get(match[2]!.toLowerCase())
  return unit === undefined ? undefined : BigInt(match![1]!) * unit
}

/** Bytes in the largest unit that leaves no rest. */
export function writeBytes(value: number): string {
  for (const unit of ['gb', 'mb', 'kb']) {
    const size = Number(UNITS.get(unit))
    if (value >= size && value % size === 0) return `${value / size}${unit}`
  }
  return String(value)
}

export function bytes(min = 0, max = Number.MAX_SAFE_INTEGER): Syntax<number> {
  return {
    ...oneWord(
      'bytes',
      min === 0 && max >= INT32_MAX ? '' : `from ${writeBytes(min)}`,
      word => {
        const value = readBytes(word)
        if (value === undefined) throw new InvalidValue('argument must be a memory value')
        return between(value, min, max)
      },
      String,
    ),
    lines: value => [writeBytes(value)],
  }
}

/** Bytes, or with a percent sign a share of something; a share is held as a negative number. */
export const bytesOrPercent: Syntax<number> = oneWord(
  'bytes|percent',
  'a share of 0% to 100%, or bytes',
  word => {
    const percent = /^(\d{1,18})%$/.exec(word)
    if (percent !== null) {
      const share = Number(percent[1])
      if (share > 100) throw new InvalidValue('percentage argument must be less or equal to 100')
      return share === 0 ? 0 : -share
    }
    const value = readBytes(word)
    if (value === undefined) throw new InvalidValue('argument must be a memory or percent value')
    return between(value, 0, Number.MAX_SAFE_INTEGER)
  },
  value => (value < 0 ? `${-value}%` : String(value)),
)

/** Permission bits, written in octal. */
export const permissions: Syntax<number> = oneWord(
  'octal',
  '0 to 777',
  word => {
    if (!/^[0-7]{1,8}$/.test(word)) {
      throw new InvalidValue("argument couldn't be parsed as an octal number")
    }
    return between(BigInt(`0o${word}`), 0, 0o777, 8)
  },
  value => value.toString(8),
)

export const yesNo: Syntax<boolean> = oneWord(
  'yes|no',
  '',
  word => {
    const lower = word.toLowerCase()
    if (lower !== 'yes' && lower !== 'no') throw new InvalidValue("argument must be 'yes' or 'no'")
    return lower === 'yes'
  },
  value => (value ? 'yes' : 'no'),
)

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Syntax<Choice> {
  const list = choices.join('|')
  const long = list.length > CHOICES_SHOWN_MAX
  return oneWord(
    long ? 'choice' : list,
    long ? `one of ${choices.join(', ')}` : '',
    word => {
      const lower = word.toLowerCase()
      const choice = choices.find(each => each === lower)
      if (choice === undefined) {
        throw new InvalidValue(`argument(s) must be one of the following: ${choices.join(', ')}`)
      }
      return choice
    },
    String,
  )
}

/** Any bytes, as a latin1 string. */
export const text: Syntax<string> = oneWord(
  'text',
  '',
  word => word,
  value => value,
)

/** The name of a file, as the system's calls take it: decoded as UTF-8, unlike all other text. */
export const path: Syntax<string> = oneWord(
  'path',
  '',
  word => {
    const decoded = Buffer.from(word, 'latin1').toString('utf8')
    if (encodePath(decoded) !== word) throw new InvalidValue('argument must be a path in UTF-8')
    if (decoded.includes('\0')) throw new InvalidValue('argument must be a path without NUL')
    return decoded
  },
  encodePath,
)

function encodePath(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1')
}
