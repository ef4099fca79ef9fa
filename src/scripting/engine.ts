// engine.ts — Runs compiled functions under the sandbox, within their limits, and answers for them.
//
// There is one engine for scripts and one for functions, each with an interpreter of its own, made
// when it is first needed. One thread runs everything, so nobody could ask for the end of a script that
// runs: a hook looks at the clock after every so many instructions and ends those that are over.
//
// If the interpreter itself breaks (its stack or its memory is used up in a place where Lua cannot say
// so) the engine is thrown away and its owner makes another one; the process goes on.

import type { Server } from '../server.ts'
import { bitLibrary } from './bit.ts'
import { cjsonLibrary } from './cjson.ts'
import { cmsgpackLibrary } from './cmsgpack.ts'
import { ERROR_HANDLER } from './error-handler.ts'
import { Interpreter, type LuaFunction, type LuaThread } from './interpreter.ts'
import { addLibrary } from './library.ts'
import { Lua, NUMBER, OK, STRING, TABLE } from './lua.ts'
import { RedisLibrary } from './redis-library.ts'
import { isCounted } from './replies.ts'
import { ResultWriter } from './results.ts'
import type { Run } from './run.ts'
import { Sandbox } from './sandbox.ts'
import { asSource } from './source-guard.ts'
import { structLibrary } from './struct.ts'

const LIBRARIES = [bitLibrary, cjsonLibrary, cmsgpackLibrary, structLibrary]

/** Instructions between two looks at the clock; about a millisecond. */
const INSTRUCTIONS_PER_LOOK = 100_000
/** Loading a library is to register functions, and no more. */
const LOADING_MS_MAX = 500
const MASK_LINE = 4
const MASK_COUNT = 8
const MICROSECONDS_PER_MS = 1000
const GC_COUNT = 3
const GC_COLLECT = 2
/** After a script that left more than this many KiB, the garbage is collected at once. */
const GARBAGE_KIB_MAX = 32 * 1024

const KIB = 1024
/** An interpreter with more memory, of which this share at least is used, is kept. */
const HOLLOW_BYTES_MIN = 64 * 2 ** 20
const HOLLOW_SHARE = 0.25

/** The interpreter cannot go on. */
export class EngineBroken extends Error {}

export class Engine {
  readonly lua: Lua
  readonly sandbox: Sandbox
  readonly #server: Server
  readonly #redis: RedisLibrary
  readonly #results: ResultWriter
  readonly #handler: number
  /** The globals of a library while it is loaded, by their reference; 0 in an engine for scripts. */
  readonly #loadingGlobals: number = 0
  /** Microseconds at which the library began that is being loaded. */
  #loadingSince: number | undefined = undefined
  readonly #countHook: number
  readonly #lineHook: number

  /** `register` is for functions: what a library calls to make its functions known. */
  constructor(server: Server, register?: LuaFunction) {
    this.#server = server
    const interpreter = new Interpreter()
    const lua = new Lua(interpreter)
    this.lua = lua
    this.#redis = new RedisLibrary(server, lua, (thread, now) => this.#checkTime(thread, now))
    this.#results = new ResultWriter(lua, server.reply, server.stats)
    let handler = 0
    this.sandbox = new Sandbox(lua, server.scripts.random, (sandbox, thread) => {
      handler = loadHandler(lua, thread)
      if (register === undefined) {
        lua.pushKept(thread, handler)
        lua.setField(thread, -2, '__redis__err__handler')
      }
      for (const library of LIBRARIES) addLibrary(lua, sandbox, thread, library(lua))
      this.#redis.addTo(sandbox, thread, register === undefined)
    })
    if (register !== undefined) {
      this.#loadingGlobals = this.sandbox.otherGlobals(thread =>
        this.#redis.addLoadingTo(this.sandbox, thread, register),
      )
    }
    this.#handler = handler
    this.#countHook = interpreter.addHook(thread =>
      this.#checkTime(thread, server.clock.microseconds()),
    )
    this.#lineHook = interpreter.addHook(thread => this.#refuseMore(thread))
    this.#countTime()
  }

  get run(): Run | undefined {
    return this.#redis.run
  }

  /** Bytes of the interpreter's memory. */
  get memory(): number {
    return this.lua.interpreter.memory
  }

  /** Compiles a script; a reference to it, or the text of the error. */
  compile(source: string, name: string): number | string {
    const { lua } = this
    try {
      if (lua.load(lua.main, asSource(source), name)) return lua.keep(lua.main)
      const text = lua.text(lua.main, -1)
      lua.pop(lua.main)
      return text
    } catch (error) {
      throw this.#broken(error)
    }
  }

  /** Runs the code of a library, which registers its functions; answers the text of its error. */
  load(source: string, timed: boolean): string | undefined {
    this.sandbox.useGlobals(this.#loadingGlobals)
    this.#loadingSince = timed ? this.#server.clock.microseconds() : undefined
    try {
      const failure = this.#load(source)
      this.sandbox.useGlobals()
      this.#countTime()
      this.lua.api.lua_settop(this.lua.main, 0)
      return failure
    } catch (error) {
      throw this.#broken(error)
    } finally {
      this.#loadingSince = undefined
    }
  }

  #load(source: string): string | undefined {
    const { lua } = this
    const { api, main } = lua
    lua.pushKept(main, this.#handler)
    if (!lua.load(main, source, '@user_function')) {
      return `ERR Error compiling function: ${lua.text(main, -1)}`
    }
    if (api.lua_pcall(main, 0, 0, -2) === OK) return undefined
    return `ERR Error registering functions: ${this.#errorText()}`
  }

  #errorText(): string {
    const { lua } = this
    const { main } = lua
    if (lua.type(main, -1) === TABLE) return lua.textField(main, -1, 'err') ?? 'ERR unknown error'
    return `ERR ${lua.type(main, -1) === STRING ? lua.text(main, -1) : 'unknown error'}`
  }

  /** Lets code run, and looks at the clock from time to time. */
  #countTime(): void {
    const { api, main } = this.lua
    this.sandbox.skipsHandlers = false
    api.lua_sethook(main, this.#countHook, MASK_COUNT, INSTRUCTIONS_PER_LOOK)
  }

  /**
   * Calls a function, with the arguments that `prepare` pushes and counts, and replies with its first
   * result, or with its error; what it had done until then stays done.
   */
  execute(run: Run, fn: number, prepare: (thread: LuaThread) => number): void {
    const { client } = run.call
    const { db } = client
    this.#redis.run = run
    try {
      this.#call(run, fn, prepare)
    } catch (error) {
      throw this.#broken(error)
    } finally {
      // A script's SELECT is its own.
      client.db = db
      this.#redis.run = undefined
    }
  }

  #call(run: Run, fn: number, prepare: (thread: LuaThread) => number): void {
    const { lua } = this
    const { api, main } = lua
    lua.pushKept(main, this.#handler)
    lua.pushKept(main, fn)
    const count = prepare(main)
    const status = api.lua_pcall(main, count, 1, -2 - count)
    if (run.expired) this.#countTime()
    if (status !== OK) this.#fail(run)
    else if (this.#results.write(main, run.protocol)) run.call.command.failed++
    api.lua_settop(main, 0)
    if (api.lua_gc(main, GC_COUNT, 0) > GARBAGE_KIB_MAX) api.lua_gc(main, GC_COLLECT, 0)
  }

  /** Whether its memory, which never gets smaller, is large and mostly free. */
  get isHollow(): boolean {
    if (this.memory <= HOLLOW_BYTES_MIN) return false
    return this.lua.api.lua_gc(this.lua.main, GC_COUNT, 0) * KIB < this.memory * HOLLOW_SHARE
  }

  /** Replies with the error on top. One that a command has answered is counted already. */
  #fail(run: Run): void {
    const { lua } = this
    const { main } = lua
    const text = this.#errorText()
    let place = ''
    // Where a script was when its time was over says nothing.
    if (lua.type(main, -1) === TABLE && !run.expired) {
      const source = lua.textField(main, -1, 'source')
      lua.getField(main, -1, 'line')
      const line = lua.type(main, -1) === NUMBER ? lua.text(main, -1) : undefined
      lua.pop(main)
      if (source !== undefined && line !== undefined) place = `, on ${source}:${line}`
    }
    const { command, reply, server } = run.call
    const error = `${text} script: ${run.name}${place}.`
    command.failed++
    if (!isCounted(lua, main)) server.stats.countError(error)
    reply.error(error)
  }

  /** Ends a script that is over its time; with a line hook, so that no pcall of it can go on. */
  #checkTime(thread: LuaThread, now: number): void {
    if (!this.#isOverTime(now)) return
    this.sandbox.skipsHandlers = true
    const { api, main } = this.lua
    api.lua_sethook(main, this.#lineHook, MASK_LINE, 0)
    if (thread !== main) api.lua_sethook(thread, this.#lineHook, MASK_LINE, 0)
    this.#refuseMore(thread)
  }

  #isOverTime(now: number): boolean {
    if (this.#loadingSince !== undefined) {
      return now - this.#loadingSince > LOADING_MS_MAX * MICROSECONDS_PER_MS
    }
    const run = this.#redis.run
    if (run === undefined) return false
    const { values } = this.#server.config
    const limit = run.wrote ? values['script-write-time-limit'] : values['script-time-limit']
    run.expired = limit > 0 && now - run.startedAt >= limit * MICROSECONDS_PER_MS
    return run.expired
  }

  #refuseMore(thread: LuaThread): never {
    const run = this.#redis.run
    if (run === undefined) {
      this.lua.push(thread, 'FUNCTION LOAD timeout')
      this.lua.throw(thread)
    }
    this.lua.raise(
      thread,
      run.wrote
        ? 'Script ended by script-write-time-limit; what it wrote before stays'
        : 'Script ended by script-time-limit; it had not written anything',
    )
  }

  /** A trap of the interpreter, or no room on the stack; anything else is a fault of ours. */
  #broken(error: unknown): unknown {
    const isTrap = error instanceof WebAssembly.RuntimeError || error instanceof RangeError
    // A command that was cut off may have left the keys half changed: that is no matter of Lua.
    if (!isTrap || this.#redis.isInCommand) return error
    return new EngineBroken(String(error), { cause: error })
  }
}

function loadHandler(lua: Lua, thread: LuaThread): number {
  if (!lua.load(thread, ERROR_HANDLER, '=handler')) throw new Error(lua.text(thread, -1))
  lua.api.lua_call(thread, 0, 1)
  return lua.keep(thread)
}
