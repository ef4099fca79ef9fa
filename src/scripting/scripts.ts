// scripts.ts — The scripts that the server knows, by their SHA-1, and how EVAL runs them.
//
// As in Redis they are a cache: not persisted, not replicated, and emptied by SCRIPT FLUSH. What a
// script does is in the effect log, never the script itself.
//
// Programs that write values into the text of their scripts make a new one each time. So, as in Redis
// since 7.4, of the scripts that only EVAL brought just the latest are kept; what SCRIPT LOAD brought
// stays.

import type { Call } from '../call.ts'
import { errors, ReplyError } from '../errors.ts'
import type { Server } from '../server.ts'
import { Engine, EngineBroken } from './engine.ts'
import type { LuaThread } from './interpreter.ts'
import { ScriptRandom } from './random.ts'
import { sha1hex } from './redis-library.ts'
import { Run, type ScriptFlags } from './run.ts'
import { parseScript } from './shebang.ts'

interface KnownScript {
  readonly sha: string
  readonly text: string
  readonly flags: ScriptFlags
  /** The compiled function, by its reference in the engine. */
  readonly fn: number
}

const noScript = new ReplyError('NOSCRIPT No matching script. Please use EVAL.')
const cacheFull = new ReplyError('ERR too many scripts are known: SCRIPT FLUSH makes room')
const notInCluster = new ReplyError("ERR Can not run script on cluster, 'no-cluster' flag is set.")
const writesByReader = new ReplyError(
  'ERR Can not execute a script with write flag using *_ro command.',
)
export const engineBroken = new ReplyError(
  'ERR the interpreter ran out of stack or memory and was started anew; what the script wrote before stays',
)

/** What the KEYS and ARGV of a call are: positions of its arguments. */
const KEYS_AT = 3
const SHA_LENGTH = 40
/** Scripts that are kept of those that only EVAL brought. */
export const EVALUATED_MAX = 500
/** Bytes that the texts of all scripts together may have. */
const TEXT_BYTES_MAX = 128 * 2 ** 20
/** Bytes that an entry costs beside its text. */
const ENTRY_BYTES = 200

export class Scripts {
  readonly #server: Server
  #engine: Engine | undefined
  #bySha = new Map<string, KnownScript>()
  /** The same by their text, so that EVAL need not compute the SHA-1 each time. */
  #byText = new Map<string, KnownScript>()
  /** Those that only EVAL brought, by their SHA-1, the one used last at the end. */
  readonly #evaluated = new Map<string, KnownScript>()
  #latest: KnownScript | undefined
  #textBytes = 0
  /** Scripts that made room for others. */
  evictedCount = 0
  /** The sequence of math.random, of functions too. */
  readonly random = new ScriptRandom()

  constructor(server: Server) {
    this.#server = server
  }

  get size(): number {
    return this.#bySha.size
  }

  /** Bytes of the scripts that are known. */
  get cacheMemory(): number {
    return this.#textBytes + this.#bySha.size * ENTRY_BYTES
  }

  /** Bytes of the interpreter's memory. */
  get engineMemory(): number {
    return this.#engine?.memory ?? 0
  }

  has(sha: string): boolean {
    return this.#bySha.has(sha.toLowerCase())
  }

  flush(): void {
    this.#bySha.clear()
    this.#byText.clear()
    this.#evaluated.clear()
    this.#latest = undefined
    this.#textBytes = 0
    // All that the scripts left goes with the interpreter.
    this.#engine = undefined
  }

  /** Takes a script into the cache. */
  load(text: string): string {
    const script = this.#byText.get(text) ?? this.#learn(text)
    this.#evaluated.delete(script.sha)
    return script.sha
  }

  /** EVAL and EVAL_RO: the script is argument 1. */
  evaluate(call: Call, readOnly: boolean): void {
    showMonitors(call)
    const keys = keyCount(call)
    const text = call.text(1)
    const known = this.#byText.get(text)
    const script = known ?? this.#learn(text)
    if (known === undefined) this.#remember(script)
    this.#run(call, script, keys, readOnly)
  }

  /** EVALSHA and EVALSHA_RO: argument 1 names the script. */
  evaluateSha(call: Call, readOnly: boolean): void {
    showMonitors(call)
    const sha = call.length(1) === SHA_LENGTH ? call.text(1) : ''
    if (sha === '') throw noScript
    const keys = keyCount(call)
    const script = this.#bySha.get(sha) ?? this.#bySha.get(sha.toLowerCase())
    if (script === undefined) throw noScript
    this.#run(call, script, keys, readOnly)
  }

  #learn(text: string): KnownScript {
    if (this.#textBytes + text.length > TEXT_BYTES_MAX) throw cacheFull
    const { flags, source } = parseScript(text)
    this.#engine ??= new Engine(this.#server)
    const fn = this.#engine.compile(source, '@user_script')
    if (typeof fn === 'string') {
      throw new ReplyError(`ERR Error compiling script (new function): ${fn}`)
    }
    const script: KnownScript = { sha: sha1hex(text), text, flags, fn }
    this.#bySha.set(script.sha, script)
    this.#byText.set(text, script)
    this.#textBytes += text.length
    return script
  }

  /** Keeps a script that EVAL brought, in the place of the one that was not used for longest. */
  #remember(script: KnownScript): void {
    this.#evaluated.set(script.sha, script)
    if (this.#evaluated.size <= EVALUATED_MAX) return
    const [oldest] = this.#evaluated.values()
    this.#forget(oldest!)
    this.evictedCount++
  }

  #forget(script: KnownScript): void {
    this.#evaluated.delete(script.sha)
    this.#bySha.delete(script.sha)
    this.#byText.delete(script.text)
    this.#textBytes -= script.text.length
    this.#engine!.lua.release(script.fn)
  }

  #used(script: KnownScript): void {
    if (script === this.#latest) return
    this.#latest = script
    if (this.#evaluated.delete(script.sha)) this.#evaluated.set(script.sha, script)
  }

  #run(call: Call, script: KnownScript, keys: number, readOnly: boolean): void {
    this.#used(script)
    const run = startRun(call, script.sha, false, script.flags, readOnly)
    const engine = this.#engine!
    const prepare = (thread: LuaThread): number => {
      const { lua, sandbox } = engine
      sandbox.pushGlobals(thread)
      lua.pushName(thread, 'KEYS')
      pushArguments(engine, thread, call, KEYS_AT, KEYS_AT + keys)
      lua.api.lua_rawset(thread, -3)
      lua.pushName(thread, 'ARGV')
      pushArguments(engine, thread, call, KEYS_AT + keys, call.count)
      lua.api.lua_rawset(thread, -3)
      lua.pop(thread)
      return 0
    }
    try {
      engine.execute(run, script.fn, prepare)
    } catch (error) {
      if (!(error instanceof EngineBroken)) throw error
      this.#renew()
      throw engineBroken
    }
    if (engine.isHollow) this.#renew()
  }

  /** Another interpreter, which knows the same scripts. */
  #renew(): void {
    this.#engine = undefined
    const evaluated = new Set(this.#evaluated.values())
    const loaded = [...this.#bySha.values()].filter(script => !evaluated.has(script))
    this.flush()
    for (const { text } of loaded) this.#learn(text)
    for (const { text, sha } of evaluated) this.#evaluated.set(sha, this.#learn(text))
  }
}

/** Those who follow what others do see a script before its commands. */
export function showMonitors(call: Call): void {
  if (call.server.monitors.size > 0) call.server.feedMonitors(call)
}

/** Begins a run, or refuses it by its flags. */
export function startRun(
  call: Call,
  name: string,
  isFunction: boolean,
  flags: ScriptFlags,
  readOnly: boolean,
): Run {
  const { server } = call
  const outOfMemory = server.memoryLimit > 0 && !server.makeRoom()
  if (!flags.compatible) {
    if (flags.noCluster && server.mode === 'cluster') throw notInCluster
    if (readOnly && !flags.noWrites) throw writesByReader
    if (outOfMemory && !flags.allowOom && !flags.noWrites) throw errors.outOfMemory
  }
  const refusesMemory = outOfMemory && !flags.allowOom
  return new Run(call, name, isFunction, readOnly || flags.noWrites, refusesMemory)
}

const negativeKeys = new ReplyError("ERR Number of keys can't be negative")
const tooManyKeys = new ReplyError("ERR Number of keys can't be greater than number of args")

/** How many of the arguments are keys: argument 2. */
export function keyCount(call: Call): number {
  const count = call.integer(2)
  if (count > call.count - KEYS_AT) throw tooManyKeys
  if (count < 0) throw negativeKeys
  return count
}

/** Pushes a table with the arguments from `first` up to `end`. */
export function pushArguments(
  engine: Engine,
  thread: LuaThread,
  call: Call,
  first: number,
  end: number,
): void {
  const { lua } = engine
  lua.api.lua_createtable(thread, end - first, 0)
  for (let i = first; i < end; i++) {
    lua.pushBytes(thread, call.bytes, call.start(i), call.end(i))
    lua.api.lua_rawseti(thread, -2, i - first + 1)
  }
}
