// command.ts — What a command is: one row of a table.
//
// A row is the only copy of a command's metadata. Dispatch, COMMAND and its subcommands, ACL
// categories, key extraction, routing, the documentation and the generator tests are derived from
// it. Flags carry Redis's names and nothing else; dispatch looks at flags, never at names.

import type { Call } from './call.ts'
import type { ReplyError } from './errors.ts'
import type { KeyArguments } from './keyspecs.ts'
import { LatencyHistogram } from './latency.ts'
import { ARGUMENTS_MAX } from './wire/decoder.ts'

/** Redis's own command flags, as `COMMAND INFO` prints them (`movablekeys` is derived). */
export type Flag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'noscript'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'asking'
  | 'fast'
  | 'no_auth'
  | 'may_replicate'
  | 'no_mandatory_keys'
  | 'no_async_loading'
  | 'no_multi'
  | 'allow_busy'

/** Redis's ACL categories, in the order in which `COMMAND INFO` prints them, and ours after them. */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
  'coordination',
] as const

export type AclCategory = (typeof ACL_CATEGORIES)[number]

export type Group =
  | 'generic'
  | 'string'
  | 'list'
  | 'set'
  | 'sorted-set'
  | 'hash'
  | 'pubsub'
  | 'transactions'
  | 'connection'
  | 'server'
  | 'scripting'
  | 'hyperloglog'
  | 'cluster'
  | 'geo'
  | 'stream'
  | 'bitmap'
  | 'coordination'

export type KeyFlag =
  | 'RO'
  | 'RW'
  | 'OW'
  | 'RM'
  | 'access'
  | 'update'
  | 'insert'
  | 'delete'
  | 'not_key'
  | 'incomplete'
  | 'variable_flags'

/**
 * Where a command's keys stand. `begin` says where to start looking: at an index, or after a
 * keyword (searched from `from`, backwards when negative). `find` says how to go on: a range, or a
 * count of keys that stands before them. Both are `unknown` where the keys cannot be told from the
 * arguments' positions; then the row needs a `keysOf` function.
 */
export interface KeySpec {
  readonly flags: readonly KeyFlag[]
  readonly notes?: string
  readonly begin:
    | { readonly kind: 'index'; readonly index: number }
    | { readonly kind: 'keyword'; readonly keyword: string; readonly from: number }
    | { readonly kind: 'unknown' }
  readonly find:
    | {
        readonly kind: 'range'
        /** Relative to the begin; negative counts from the end of the arguments. */
        readonly last: number
        readonly step: number
        /** With `last` of -1: only the first 1/limit of the arguments are keys. */
        readonly limit: number
      }
    | {
        readonly kind: 'keynum'
        readonly countIndex: number
        readonly firstKey: number
        readonly step: number
      }
    | { readonly kind: 'unknown' }
}

/** A row of a command table. Shapes and vocabulary are those of Redis's `COMMAND DOCS`. */
export interface CommandSpec {
  /** Lower case. A subcommand carries its own word only. */
  readonly name: string
  /** As in Redis: the exact number of arguments, the name included; negative means at least. */
  readonly arity: number
  readonly flags: readonly Flag[]
  readonly group: Group
  readonly since: string
  readonly complexity: string
  readonly summary: string
  /** The arguments in the notation of `src/syntax.ts`; empty for none. */
  readonly syntax?: string
  /** ACL categories that do not follow from the flags. */
  readonly acl?: readonly AclCategory[]
  readonly keys?: readonly KeySpec[]
  /** Positions of the keys, where the key specs cannot tell them. */
  readonly keysOf?: (args: KeyArguments) => number[]
  /** What is done with the keys, where that hangs on the arguments (`variable_flags`). */
  readonly keyFlagsOf?: (args: KeyArguments) => readonly KeyFlag[]
  /** The number of another database in which the command changes keys of the same names. */
  readonly otherDatabase?: (args: KeyArguments) => number | undefined
  readonly tips?: readonly string[]
  readonly history?: readonly (readonly [since: string, change: string])[]
  readonly deprecated?: { readonly since: string; readonly replacedBy: string }
  readonly docFlags?: readonly ('deprecated' | 'syscmd')[]
  /** Runs at once inside MULTI, where other commands are queued (EXEC, DISCARD, …). */
  readonly immediate?: boolean
  /** Runs what the transaction has queued: what holds for that holds for this command. */
  readonly runsQueue?: boolean
  /** Arguments that are channels or patterns of channels, for ACL rules; `last` as in key specs. */
  readonly channels?: { readonly first: number; readonly last: number; readonly pattern?: boolean }
  /** Allowed to a RESP2 connection that has subscriptions. */
  readonly whileSubscribed?: boolean
  /** Not for clients: the command exists in the effect log only. */
  readonly internal?: boolean
  /** In such a row without keys: where the number of the segment stands that it is about. */
  readonly segmentAt?: number
  /** Asked of a queued call before EXEC runs anything: an error is EXEC's, and nothing runs. */
  readonly guard?: (call: Call) => ReplyError | undefined
  /** Positions of arguments that SLOWLOG and MONITOR must not show, such as passwords. */
  readonly hides?: (call: Call) => ReadonlySet<number>
  readonly subcommands?: readonly CommandSpec[]
  /** Absent on containers, which have subcommands instead (unless they answer on their own). */
  readonly handler?: Handler
}

/**
 * A handler is synchronous and deterministic given (`call.now`, `call.random`, the keyspace, the
 * arguments). It touches only its declared keys, replies exactly once or parks, and throws nothing
 * but `ReplyError`, before it has changed anything.
 */
export type Handler = (call: Call) => void

/** One key at a fixed position. */
export function keyAt(index: number, ...flags: KeyFlag[]): KeySpec {
  return keyRange(index, 0, 1, ...flags)
}

/** Keys from `first` to `last` (relative to first; -1: to the end), every `step` arguments. */
export function keyRange(first: number, last: number, step: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    begin: { kind: 'index', index: first },
    find: { kind: 'range', last, step, limit: 0 },
  }
}

/** Keys whose count stands at `index`, and which follow it. */
export function keyNum(index: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    begin: { kind: 'index', index },
    find: { kind: 'keynum', countIndex: 0, firstKey: 1, step: 1 },
  }
}

/** One key after a keyword; `from` is where the search starts, negative to search backwards. */
export function keyAfter(keyword: string, from: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    begin: { kind: 'keyword', keyword, from },
    find: { kind: 'range', last: 0, step: 1, limit: 0 },
  }
}

/** Keys that no position tells; the row names them by `keysOf`. */
export function keysUnknown(notes: string, ...flags: KeyFlag[]): KeySpec {
  return { flags, notes, begin: { kind: 'unknown' }, find: { kind: 'unknown' } }
}

// The flags as bits, so that dispatch tests several with one operation.
export const WRITE = 1 << 0
export const READONLY = 1 << 1
export const DENYOOM = 1 << 2
export const ADMIN = 1 << 3
export const PUBSUB = 1 << 4
export const NOSCRIPT = 1 << 5
export const BLOCKING = 1 << 6
export const LOADING = 1 << 7
export const STALE = 1 << 8
export const SKIP_MONITOR = 1 << 9
export const SKIP_SLOWLOG = 1 << 10
export const ASKING = 1 << 11
export const FAST = 1 << 12
export const NO_AUTH = 1 << 13
export const MAY_REPLICATE = 1 << 14
export const NO_MANDATORY_KEYS = 1 << 15
export const NO_ASYNC_LOADING = 1 << 16
export const NO_MULTI = 1 << 17
export const ALLOW_BUSY = 1 << 18
/** Ours: the row says `immediate`. */
export const IMMEDIATE = 1 << 19
/** Ours: O(1) whatever its arguments. */
export const CONSTANT_TIME = 1 << 20
/** Ours: the row says `runsQueue`. */
export const RUNS_QUEUE = 1 << 21

const FLAG_BITS: Readonly<Record<Flag, number>> = {
  write: WRITE,
  readonly: READONLY,
  denyoom: DENYOOM,
  admin: ADMIN,
  pubsub: PUBSUB,
  noscript: NOSCRIPT,
  blocking: BLOCKING,
  loading: LOADING,
  stale: STALE,
  skip_monitor: SKIP_MONITOR,
  skip_slowlog: SKIP_SLOWLOG,
  asking: ASKING,
  fast: FAST,
  no_auth: NO_AUTH,
  may_replicate: MAY_REPLICATE,
  no_mandatory_keys: NO_MANDATORY_KEYS,
  no_async_loading: NO_ASYNC_LOADING,
  no_multi: NO_MULTI,
  allow_busy: ALLOW_BUSY,
}

/** A row made ready for dispatch, with the counters that `INFO commandstats` prints. */
export class Command {
  readonly spec: CommandSpec
  /** `config|get` for a subcommand, else the row's name. */
  readonly fullName: string
  readonly arity: number
  readonly bits: number
  readonly handler: Handler | undefined
  readonly parent: Command | undefined
  readonly subcommands: ReadonlyMap<string, Command> | undefined
  /** Dense number of the command in its registry; ACL rules and statistics index by it. */
  readonly id: number
  /**
   * With so many arguments at most it is cheap enough that its time is taken by the batch; see
   * `src/dispatch.ts`. A fast command is when it is given as few as it takes: one element, one member.
   */
  readonly batchedArgumentsMax: number

  calls = 0
  microseconds = 0
  rejected = 0
  failed = 0
  /** Calls of the chunk being executed whose time is not known yet. */
  batchCalls = 0
  /** Made at the first timed call; most commands of most servers never run. */
  latency: LatencyHistogram | undefined = undefined

  constructor(spec: CommandSpec, nextId: () => number, parent?: Command) {
    this.spec = spec
    this.parent = parent
    this.id = nextId()
    this.fullName = parent ? `${parent.fullName}|${spec.name}` : spec.name
    this.arity = spec.arity
    this.handler = spec.handler
    let bits = 0
    for (const flag of spec.flags) bits |= FLAG_BITS[flag]
    if (spec.immediate) bits |= IMMEDIATE
    if (spec.runsQueue) bits |= RUNS_QUEUE
    if (spec.complexity === 'O(1)' && !spec.flags.includes('blocking')) bits |= CONSTANT_TIME
    this.bits = bits
    const fast = (bits & FAST) !== 0 && (bits & BLOCKING) === 0
    this.batchedArgumentsMax =
      (bits & CONSTANT_TIME) !== 0 ? ARGUMENTS_MAX : fast ? Math.abs(spec.arity) : 0
    this.subcommands = spec.subcommands
      ? new Map(spec.subcommands.map(sub => [sub.name, new Command(sub, nextId, this)]))
      : undefined
  }

  /** The categories that follow from the flags, and the row's own. */
  get categories(): ReadonlySet<AclCategory> {
    const categories = new Set<AclCategory>(this.spec.acl ?? [])
    if (this.bits & WRITE) categories.add('write')
    // As in Redis: scripts read nothing by themselves.
    if (this.bits & READONLY && !categories.has('scripting')) categories.add('read')
    if (this.bits & ADMIN) categories.add('admin').add('dangerous')
    if (this.bits & PUBSUB) categories.add('pubsub')
    if (this.bits & BLOCKING) categories.add('blocking')
    categories.add(this.bits & FAST ? 'fast' : 'slow')
    return categories
  }

  /** Adds `count` calls that took `microseconds` together. */
  account(count: number, microseconds: number, tracksLatency: boolean): void {
    this.calls += count
    this.microseconds += microseconds
    if (!tracksLatency) return
    this.latency ??= new LatencyHistogram()
    this.latency.record(microseconds / count, count)
  }

  resetStatistics(): void {
    this.calls = 0
    this.microseconds = 0
    this.rejected = 0
    this.failed = 0
    this.latency = undefined
    for (const sub of this.subcommands?.values() ?? []) sub.resetStatistics()
  }
}
