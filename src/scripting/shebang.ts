// shebang.ts — The first line of a script or library: `#!lua name=… flags=…`.

import { printable, ReplyError } from '../errors.ts'
import { splitInline } from '../wire/decoder.ts'
import { COMPATIBLE, type ScriptFlags } from './run.ts'

const FLAGS: Readonly<Record<string, Partial<ScriptFlags>>> = {
  'no-writes': { noWrites: true },
  'allow-oom': { allowOom: true },
  'allow-stale': { allowStale: true },
  'no-cluster': { noCluster: true },
  'allow-cross-slot-keys': { allowCrossSlotKeys: true },
}

/** The names of the flags that are set. */
export function flagNames(flags: ScriptFlags): string[] {
  const names: string[] = []
  for (const [name, given] of Object.entries(FLAGS)) {
    const [field] = Object.keys(given) as [keyof ScriptFlags]
    if (flags[field]) names.push(name)
  }
  return names
}

const NO_FLAGS: ScriptFlags = { ...COMPATIBLE, compatible: false }

/** The flags that these words ask for beside those there are, or the first word that is none. */
export function parseFlags(words: readonly string[], present = NO_FLAGS): ScriptFlags | string {
  let flags = present
  for (const word of words) {
    if (!Object.hasOwn(FLAGS, word)) return word
    flags = { ...flags, ...FLAGS[word] }
  }
  return flags
}

export interface Script {
  readonly flags: ScriptFlags
  /** The code, with an empty line where the first one was, so that places stay right. */
  readonly source: string
}

/** Takes a script of EVAL apart. */
export function parseScript(text: string): Script {
  if (!text.startsWith('#!')) return { flags: COMPATIBLE, source: text }
  const end = firstLineEnd(text)
  if (end < 0) throw new ReplyError('ERR Invalid script shebang')
  const words = splitWords(text, end)
  if (words === undefined) throw new ReplyError('ERR Invalid engine in script shebang')
  const [engine, ...options] = words
  if (engine !== '#!lua') {
    throw new ReplyError(`ERR Unexpected engine in script shebang: ${printable(engine!)}`)
  }
  let flags = NO_FLAGS
  for (const option of options) {
    if (!option.startsWith('flags=')) {
      throw new ReplyError(`ERR Unknown lua shebang option: ${printable(option)}`)
    }
    const list = option.slice('flags='.length)
    const parsed = parseFlags(list === '' ? [] : list.split(','), flags)
    if (typeof parsed === 'string') {
      throw new ReplyError(`ERR Unexpected flag in script shebang: ${printable(parsed)}`)
    }
    flags = parsed
  }
  return { flags, source: text.slice(end) }
}

export interface LibraryCode {
  readonly name: string
  /** As of a script. */
  readonly source: string
}

/** Takes the code of a library apart. */
export function parseLibrary(code: string): LibraryCode {
  if (!code.startsWith('#!')) throw new ReplyError('ERR Missing library metadata')
  const end = firstLineEnd(code)
  const words = end < 0 ? undefined : splitWords(code, end)
  if (words === undefined) throw new ReplyError('ERR Invalid library metadata')
  const [engine, ...options] = words
  let name: string | undefined
  for (const option of options) {
    if (!option.toLowerCase().startsWith('name=')) {
      throw new ReplyError(`ERR Invalid metadata value given: ${printable(option)}`)
    }
    if (name !== undefined) {
      throw new ReplyError('ERR Invalid metadata value, name argument was given multiple times')
    }
    name = option.slice('name='.length)
  }
  if (name === undefined) throw new ReplyError('ERR Library name was not given')
  if (!NAME.test(name)) throw new ReplyError(BAD_NAME)
  if (engine!.toLowerCase() !== '#!lua') {
    throw new ReplyError(`ERR Engine '${printable(engine!.slice(2))}' not found`)
  }
  return { name, source: code.slice(end) }
}

/** What a name of a library or a function may be. */
export const NAME = /^[A-Za-z0-9_]+$/
export const BAD_NAME =
  'ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long'

/** Where the first line ends; -1 if it does not, or not before a zero byte. */
function firstLineEnd(text: string): number {
  const end = text.indexOf('\n')
  return text.lastIndexOf('\0', end) < 0 ? end : -1
}

/** The first line in words, as a shell reads them; undefined if its quotes do not match up. */
function splitWords(text: string, end: number): string[] | undefined {
  const line = Buffer.from(text.slice(0, end), 'latin1')
  return splitInline(line, 0, line.length)?.map(word => word.toString('latin1'))
}
