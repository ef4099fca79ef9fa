// keyspecs.ts — Which arguments of a command line are keys, told from the command's key specs.
//
// Routing, ACL checks and COMMAND GETKEYS all ask here, so that they cannot disagree. A line that
// does not fit its specs (a count of keys beyond the arguments, say) has no keys: the handler will
// refuse it, and nobody may act on half of its keys before that.
//
// `KeyPositions` is made once and filled for each command: finding the usual single key at a fixed
// place makes nothing and compares no words.

import type { CommandSpec, KeyFlag, KeySpec } from './command.ts'

/** A command line has at most 2^31 arguments. */
const COUNT_DIGITS_MAX = 10

/** What the search looks at: an executing call, or the command line inside COMMAND GETKEYS. */
export interface KeyArguments {
  /** Number of arguments, the command's name included. */
  readonly count: number
  /** An argument as a latin1 string. */
  text(i: number): string
}

/** What a search found: the first `count` entries of both arrays; what follows is old. */
export class KeyPositions {
  count = 0
  readonly positions: number[] = []
  /** What the command does with the key at the same index of `positions`. */
  readonly flags: (readonly KeyFlag[])[] = []

  /**
   * Finds the keys of a command line and returns how many there are. With `notKeys`, also what is
   * no key but is routed like one: shard channels.
   */
  find(spec: CommandSpec, args: KeyArguments, notKeys = false): number {
    this.count = 0
    const keys = spec.keys
    if (keys === undefined) return 0
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      if (!notKeys && key.flags.includes('not_key')) continue
      const flags = spec.keyFlagsOf === undefined ? key.flags : spec.keyFlagsOf(args)
      if (!this.#findBySpec(key, flags, args)) {
        this.count = 0
        this.#findByFunction(spec, keys, args)
        break
      }
    }
    return this.count
  }

  /** Adds the keys of one spec; false if it cannot tell them from these arguments. */
  #findBySpec(key: KeySpec, flags: readonly KeyFlag[], args: KeyArguments): boolean {
    const { begin, find } = key
    if (begin.kind === 'unknown' || find.kind === 'unknown') return false
    let first: number
    if (begin.kind === 'index') {
      first = begin.index
    } else {
      first = afterKeyword(begin.keyword, begin.from, args)
      if (first === 0) return true
    }
    let last: number
    if (find.kind === 'keynum') {
      const count = first + find.countIndex
      if (count >= args.count) return false
      const numkeys = parseCount(args.text(count))
      if (numkeys < 0) return false
      first += find.firstKey
      last = first + (numkeys - 1) * find.step
    } else if (find.last >= 0) {
      last = first + find.last
    } else if (find.limit > 1) {
      last = first + Math.floor((args.count - first) / find.limit) + find.last
    } else {
      last = args.count + find.last
    }
    if (first >= args.count || last >= args.count || last < first) return false
    for (let i = first; i <= last; i += find.step) this.#add(i, flags)
    // An incomplete spec may have missed some: only the command's own function knows.
    return !key.flags.includes('incomplete')
  }

  #findByFunction(spec: CommandSpec, keys: readonly KeySpec[], args: KeyArguments): void {
    // Rows write their functions against a whole call, but may only look at what this offers.
    const keysOf = spec.keysOf as ((args: KeyArguments) => number[]) | undefined
    if (keysOf === undefined) return
    for (const position of keysOf(args)) this.#add(position, flagsAt(keys, position))
  }

  #add(position: number, flags: readonly KeyFlag[]): void {
    this.positions[this.count] = position
    this.flags[this.count] = flags
    this.count++
  }
}

/** The place after a keyword, or 0 where it is missing or ends the line. */
function afterKeyword(keyword: string, from: number, args: KeyArguments): number {
  if (from > 0) {
    for (let i = from; i < args.count - 1; i++) {
      if (isWord(args.text(i), keyword)) return i + 1
    }
  } else {
    for (let i = args.count + from; i > 1; i--) {
      if (isWord(args.text(i), keyword)) return i + 1
    }
  }
  return 0
}

function isWord(text: string, word: string): boolean {
  return text.length === word.length && text.toUpperCase() === word
}

/** A count of keys as Redis reads one, or -1; more digits than a line can have arguments are none. */
function parseCount(text: string): number {
  const digits = text.length
  if (digits === 0 || digits > COUNT_DIGITS_MAX) return -1
  if (digits > 1 && text.charCodeAt(0) === 0x30) return -1
  let count = 0
  for (let i = 0; i < digits; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    count = count * 10 + digit
  }
  return count
}

/**
 * The flags of a key that only the row's function could find: those of the spec that has it at a
 * fixed place, else those of the last, which is the one that could not tell.
 */
function flagsAt(keys: readonly KeySpec[], position: number): readonly KeyFlag[] {
  for (const key of keys) {
    if (key.begin.kind === 'index' && key.begin.index === position) return key.flags
  }
  return keys[keys.length - 1]!.flags
}

/** The keys as COMMAND INFO told them before there were key specs; all 0 where there are none. */
export interface KeyRange {
  readonly first: number
  /** Negative counts from the end of the arguments. */
  readonly last: number
  readonly step: number
  /** The range does not tell all keys: clients have to ask COMMAND GETKEYS. */
  readonly movable: boolean
}

/**
 * The one range that stands for all key specs. As in Redis, ranges are joined while each begins
 * where the one before it ended; what does not fit into that makes the keys movable.
 */
export function joinKeySpecs(keys: readonly KeySpec[] = []): KeyRange {
  let first = 0
  let last = 0
  let step = 0
  let movable = false
  for (const { begin, find, flags } of keys) {
    if (begin.kind !== 'index' || find.kind !== 'range') {
      movable = true
      continue
    }
    if (keys.length > 1 && (find.step !== 1 || (first > 0 && last !== begin.index - 1))) {
      movable = true
      continue
    }
    if (flags.includes('incomplete')) movable = true
    if (first === 0) first = begin.index
    last = find.last >= 0 ? begin.index + find.last : find.last
    step = find.step
  }
  return { first, last, step, movable }
}
