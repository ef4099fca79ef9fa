// syntax.ts — How the value of a setting is written: the contract between a row of the table and its text.
//
// A syntax turns the words of a configuration line into a typed value and back. Reading never has
// effects and never half succeeds: it returns the value or throws `InvalidValue`, whose reason a client
// of CONFIG SET reads as it stands, so reasons are Redis's where Redis checks the same thing.
// Writing a value and reading it again gives the same value.

/** A value that its setting does not take. Carries no stack: it is an answer, not a fault. */
export class InvalidValue {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

export interface Syntax<T> {
  /** What a reader of the documentation is to write, as in `bytes`, `yes|no`. */
  readonly form: string
  /** The limits of the value in words; empty if any value of that form will do. */
  readonly range: string
  /** Whether a value is made of several words; CONFIG SET gets them in one, separated by spaces. */
  readonly manyWords: boolean
  /** Whether there is nothing to choose. */
  readonly onlyOneValue: boolean
  /** `current` is what the setting holds, for values that are set in parts. */
  read(words: readonly string[], current: T): T
  /** Where the lines of one source add up instead of the last one winning. */
  add?(before: T, more: T): T
  /** The value as CONFIG GET shows it. */
  write(value: T): string
  /** The value as lines of a configuration file, each without the name. */
  lines(value: T): readonly string[]
}

/** A syntax whose values are one word. */
export function oneWord<T>(
  form: string,
  range: string,
  read: (word: string) => T,
  write: (value: T) => string,
): Syntax<T> {
  return {
    form,
    range,
    manyWords: false,
    onlyOneValue: false,
    read(words) {
      if (words.length !== 1) throw new InvalidValue('wrong number of arguments')
      return read(words[0]!)
    },
    write,
    lines: value => [quoted(write(value))],
  }
}

/** Narrows a syntax to the values that are true of Latchkey; the reason tells what to do instead. */
export function only<T>(syntax: Syntax<T>, value: NoInfer<T>, reason: string): Syntax<T> {
  const text = syntax.write(value)
  return {
    ...syntax,
    range: `only ${quoted(text)}: ${reason}`,
    onlyOneValue: true,
    read(words, current) {
      const read = syntax.read(words, current)
      if (syntax.write(read) !== text) throw new InvalidValue(reason)
      return read
    },
  }
}

/** The words of a value that came as one string, as CONFIG SET and LATCHKEY_* variables give it. */
export function splitValue(syntax: { readonly manyWords: boolean }, text: string): string[] {
  if (!syntax.manyWords) return [text]
  return text === '' ? [] : text.split(' ')
}

/** A word as it stands in a configuration line, in quotes where it would not be read as one. */
export function quoted(word: string): string {
  if (/^[!#-&(-~]+$/.test(word)) return word
  let text = '"'
  for (const char of word) {
    const code = char.charCodeAt(0)
    if (char === '"' || char === '\\') text += `\\${char}`
    else if (code < 32 || code > 126) text += `\\x${code.toString(16).padStart(2, '0')}`
    else text += char
  }
  return `${text}"`
}
