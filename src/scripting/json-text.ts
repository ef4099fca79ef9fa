// json-text.ts — Reads JSON token by token, with the freedoms that cjson takes: numbers as C reads them,
// and on demand what is no number at all.

export type Token =
  | { readonly kind: 'punctuation'; readonly name: string; readonly index: number }
  | {
      readonly kind: 'string'
      readonly name: 'T_STRING'
      readonly index: number
      readonly text: string
    }
  | {
      readonly kind: 'number'
      readonly name: 'T_NUMBER'
      readonly index: number
      readonly value: number
    }
  | {
      readonly kind: 'boolean'
      readonly name: 'T_BOOLEAN'
      readonly index: number
      readonly value: boolean
    }
  | { readonly kind: 'null'; readonly name: 'T_NULL'; readonly index: number }
  | { readonly kind: 'end'; readonly name: 'T_END'; readonly index: number }
  | { readonly kind: 'error'; readonly name: string; readonly index: number }

const PUNCTUATION = new Map([
  ['{', 'T_OBJ_BEGIN'],
  ['}', 'T_OBJ_END'],
  ['[', 'T_ARR_BEGIN'],
  [']', 'T_ARR_END'],
  [':', 'T_COLON'],
  [',', 'T_COMMA'],
])

const ESCAPES = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

const SPACE = /[ \t\n\r]*/y
const PLAIN = /[^"\\\0]*/y
const NUMBER =
  /[+-]?(?:0x(?:[\da-f]+\.?[\da-f]*|\.[\da-f]+)(?:p[+-]?\d+)?|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf(?:inity)?|nan)/iy
/** What C reads as a number and JSON does not: hexadecimal, leading zeros, infinities, not-a-number. */
const NO_JSON_NUMBER = /[+-]?(?:0x|0\d|inf|nan)/iy
const HEX4 = /[\da-f]{4}/iy

export class JsonText {
  readonly #text: string
  readonly #takesInvalidNumbers: boolean
  #at = 0

  constructor(text: string, takesInvalidNumbers: boolean) {
    this.#text = text
    this.#takesInvalidNumbers = takesInvalidNumbers
  }

  get at(): number {
    return this.#at
  }

  next(): Token {
    this.#match(SPACE)
    const index = this.#at
    const char = this.#text[index]
    if (char === undefined || char === '\0') return { kind: 'end', name: 'T_END', index }
    const name = PUNCTUATION.get(char)
    if (name !== undefined) {
      this.#at++
      return { kind: 'punctuation', name, index }
    }
    if (char === '"') return this.#string(index)
    if (char === '-' || char === '+' || (char >= '0' && char <= '9')) {
      if (!this.#takesInvalidNumbers && this.#isInvalidNumber()) {
        return { kind: 'error', name: 'invalid number', index }
      }
      return this.#number(index)
    }
    for (const word of ['true', 'false', 'null'] as const) {
      if (!this.#text.startsWith(word, index)) continue
      this.#at += word.length
      if (word === 'null') return { kind: 'null', name: 'T_NULL', index }
      return { kind: 'boolean', name: 'T_BOOLEAN', index, value: word === 'true' }
    }
    if (this.#takesInvalidNumbers && /[in]/i.test(char) && this.#isInvalidNumber()) {
      return this.#number(index)
    }
    return { kind: 'error', name: 'invalid token', index }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #isInvalidNumber(): boolean {
    NO_JSON_NUMBER.lastIndex = this.#at
    return NO_JSON_NUMBER.test(this.#text)
  }

  #number(index: number): Token {
    const digits = this.#match(NUMBER)
    if (digits === undefined) return { kind: 'error', name: 'invalid number', index }
    return { kind: 'number', name: 'T_NUMBER', index, value: parseNumber(digits) }
  }

  #string(index: number): Token {
    this.#at++
    let text = ''
    for (;;) {
      text += this.#match(PLAIN)
      const char = this.#text[this.#at]
      if (char === '"') {
        this.#at++
        return { kind: 'string', name: 'T_STRING', index, text }
      }
      if (char !== '\\') return { kind: 'error', name: 'unexpected end of string', index: this.#at }
      const letter = this.#text[this.#at + 1] ?? ''
      if (letter === 'u') {
        const bytes = this.#unicode()
        if (bytes === undefined) {
          return { kind: 'error', name: 'invalid unicode escape code', index: this.#at }
        }
        text += bytes
        continue
      }
      const meaning = ESCAPES.get(letter)
      if (meaning === undefined) {
        return { kind: 'error', name: 'invalid escape code', index: this.#at }
      }
      text += meaning
      this.#at += 2
    }
  }

  /** The UTF-8 of an escape \uXXXX, or of the two that stand for one character. */
  #unicode(): string | undefined {
    const high = this.#hex4(this.#at + 2)
    if (high === undefined) return undefined
    if ((high & 0xf800) !== 0xd800) {
      this.#at += 6
      return utf8(high)
    }
    if ((high & 0x400) !== 0 || !this.#text.startsWith('\\u', this.#at + 6)) return undefined
    const low = this.#hex4(this.#at + 8)
    if (low === undefined || (low & 0xfc00) !== 0xdc00) return undefined
    this.#at += 12
    return utf8(0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff))
  }

  #hex4(at: number): number | undefined {
    HEX4.lastIndex = at
    const digits = HEX4.exec(this.#text)?.[0]
    return digits === undefined ? undefined : Number.parseInt(digits, 16)
  }
}

function utf8(codePoint: number): string {
  return Buffer.from(String.fromCodePoint(codePoint)).toString('latin1')
}

/** As strtod reads it. */
function parseNumber(text: string): number {
  const negative = text.startsWith('-')
  const digits = /^[+-]/.test(text) ? text.slice(1) : text
  const value = parseMagnitude(digits)
  return negative ? -value : value
}

function parseMagnitude(text: string): number {
  if (/^inf/i.test(text)) return Number.POSITIVE_INFINITY
  if (/^nan/i.test(text)) return Number.NaN
  if (!/^0x/i.test(text)) return Number(text)
  const [, whole, fraction = '', exponent = '0'] =
    /^0x([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d+))?$/i.exec(text)!
  return (
    Number.parseInt(`${whole}${fraction}` || '0', 16) *
    2 ** (Number(exponent) - 4 * fraction.length)
  )
}
