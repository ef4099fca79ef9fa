// shebang.ts — The first line of a script or library: `#!lua name=… flags=…`.

import { ReplyError } from '../errors.ts'
import { COMPATIBLE, type ScriptFlags } from './run.ts'

const FLAGS: Readonly<Record<string, Partial<ScriptFlags>>> = {
  'no-writes': { noWrites: true },
  'allow-oom': { allowOom: true },
  'allow-stale': { allowStale: true },
  'no-cluster': { noCluster: true },
  'allow-cross-slot-keys': { allowCrossSlotKeys: true },
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
  const end = text.indexOf('\n')
  if (end < 0) throw new ReplyError('ERR Invalid script shebang')
  const [engine, ...options] = text
    .slice(0, end)
    .split(/\s+/)
    .filter(word => word !== '')
  if (engine !== '#!lua') {
    throw new ReplyError(`ERR Unexpected engine in script shebang: ${engine}`)
  }
  let flags = NO_FLAGS
  for (const option of options) {
    if (!option.startsWith('flags=')) {
      throw new ReplyError(`ERR Unknown lua shebang option: ${option}`)
    }
    const list = option.slice('flags='.length)
    const parsed = parseFlags(list === '' ? [] : list.split(','), flags)
    if (typeof parsed === 'string') {
      throw new ReplyError(`ERR Unexpected flag in script shebang: ${parsed}`)
    }
    flags = parsed
  }
  return { flags, source: text.slice(end) }
}
