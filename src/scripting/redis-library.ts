// redis-library.ts — The table `redis` of scripts.

import { createHash } from 'node:crypto'
import type { Server } from '../server.ts'
import { REDIS_VERSION } from '../version.ts'
import type { LuaFunction, LuaThread } from './interpreter.ts'
import { type Lua, STRING } from './lua.ts'
import { NestedCommands } from './nested.ts'
import { pushError } from './replies.ts'
import type { Run } from './run.ts'
import type { Sandbox } from './sandbox.ts'

const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning'] as const
const PINO_LEVELS = ['trace', 'debug', 'info', 'warn'] as const
const REPLICATION = { REPL_AOF: 1, REPL_SLAVE: 2, REPL_REPLICA: 2, REPL_ALL: 3, REPL_NONE: 0 }
const REPLICATION_ALL = 3

/** The version as one number: a byte for each part. */
function versionNumber(version: string): number {
  const [major, minor, patch] = version.split('.').map(Number) as [number, number, number]
  return (major << 16) | (minor << 8) | patch
}

export class RedisLibrary {
  readonly #server: Server
  readonly #lua: Lua
  readonly #nested: NestedCommands
  readonly #checkTime: (thread: LuaThread, now: number) => void
  /** What runs now; undefined while a library of functions is being loaded. */
  run: Run | undefined = undefined

  /** `checkTime` ends the script if its time is over by now, in microseconds. */
  constructor(server: Server, lua: Lua, checkTime: (thread: LuaThread, now: number) => void) {
    this.#server = server
    this.#checkTime = checkTime
    this.#lua = lua
    this.#nested = new NestedCommands(server, lua)
  }

  /** Adds the table to the table of globals on top, as functions have it, or scripts. */
  addTo(sandbox: Sandbox, thread: LuaThread, forScripts: boolean): void {
    const functions = forScripts ? { ...this.#functions, ...this.#oldFunctions } : this.#functions
    this.#add(sandbox, thread, functions)
  }

  /** Adds what a library of functions has of it while it is loaded. */
  addLoadingTo(sandbox: Sandbox, thread: LuaThread, register: LuaFunction): void {
    this.#add(sandbox, thread, { register_function: register, log: this.#log }, true)
  }

  #add(
    sandbox: Sandbox,
    thread: LuaThread,
    functions: Readonly<Record<string, LuaFunction>>,
    isLoading = false,
  ): void {
    const lua = this.#lua
    lua.api.lua_createtable(thread, 0, 0)
    for (const [name, fn] of Object.entries(functions)) lua.setFunction(thread, -1, name, fn)
    LOG_LEVELS.forEach((level, i) => {
      lua.setNumber(thread, -1, `LOG_${level.toUpperCase()}`, i)
    })
    for (const [name, flags] of Object.entries(isLoading ? {} : REPLICATION)) {
      lua.setNumber(thread, -1, name, flags)
    }
    lua.setText(thread, -1, 'REDIS_VERSION', REDIS_VERSION)
    lua.setNumber(thread, -1, 'REDIS_VERSION_NUM', versionNumber(REDIS_VERSION))
    if (isLoading) sandbox.refuseMissing(thread)
    sandbox.protect(thread)
    lua.setField(thread, -2, 'redis')
  }

  get #functions(): Readonly<Record<string, LuaFunction>> {
    return {
      call: inner => this.#command(inner, true),
      pcall: inner => this.#command(inner, false),
      error_reply: this.#errorReply,
      status_reply: this.#statusReply,
      sha1hex: this.#sha1hex,
      log: this.#log,
      setresp: this.#setResp,
      set_repl: this.#setReplication,
      acl_check_cmd: this.#aclCheck,
    }
  }

  /** What only scripts have, for the sake of those written long ago. */
  get #oldFunctions(): Readonly<Record<string, LuaFunction>> {
    const { api } = this.#lua
    return {
      replicate_commands: inner => {
        api.lua_pushboolean(inner, 1)
        return 1
      },
      // The debugger steps through a script while the server waits for it, which none should.
      breakpoint: inner => {
        api.lua_pushboolean(inner, 0)
        return 1
      },
      debug: () => 0,
    }
  }

  get isInCommand(): boolean {
    return this.#nested.isRunning
  }

  #running(thread: LuaThread): Run {
    if (this.run === undefined) {
      this.#raise(thread, 'ERR redis.call/pcall can only be called inside a script invocation')
    }
    return this.run
  }

  /** Raises a table with the error's text, without a place: the handler of errors finds it. */
  #raise(thread: LuaThread, text: string): never {
    pushError(this.#lua, thread, text)
    this.#lua.throw(thread)
  }

  #command(thread: LuaThread, raises: boolean): number {
    const run = this.#running(thread)
    const isError = this.#nested.run(thread, run)
    // A few instructions can run commands that take long.
    this.#checkTime(thread, run.seenAt)
    if (isError && raises) this.#lua.throw(thread)
    return 1
  }

  readonly #errorReply: LuaFunction = thread => {
    const lua = this.#lua
    if (!this.#hasOneText(thread)) return 1
    const text = lua.text(thread, 1)
    const bare = text.startsWith('-') ? text.slice(1) : text
    lua.api.lua_createtable(thread, 0, 1)
    lua.setText(thread, -1, 'err', bare.includes(' ') ? bare : `ERR ${bare}`)
    return 1
  }

  readonly #statusReply: LuaFunction = thread => {
    if (!this.#hasOneText(thread)) return 1
    const text = this.#lua.text(thread, 1)
    this.#lua.api.lua_createtable(thread, 0, 1)
    this.#lua.setText(thread, -1, 'ok', text)
    return 1
  }

  /** Whether there is one argument, a string; else pushes the error that is the result. */
  #hasOneText(thread: LuaThread): boolean {
    const lua = this.#lua
    if (lua.api.lua_gettop(thread) === 1 && lua.type(thread, 1) === STRING) return true
    pushError(lua, thread, 'ERR wrong number or type of arguments')
    return false
  }

  readonly #sha1hex: LuaFunction = thread => {
    const lua = this.#lua
    if (lua.api.lua_gettop(thread) !== 1) this.#raise(thread, 'ERR wrong number of arguments')
    lua.push(thread, sha1hex(lua.text(thread, 1)))
    return 1
  }

  readonly #log: LuaFunction = thread => {
    const lua = this.#lua
    const count = lua.api.lua_gettop(thread)
    if (count < 2) this.#raise(thread, 'ERR redis.log() requires two arguments or more.')
    if (lua.api.lua_isnumber(thread, 1) === 0) {
      this.#raise(thread, 'ERR First argument must be a number (log level).')
    }
    const level = Math.trunc(lua.api.lua_tonumber(thread, 1))
    const method = PINO_LEVELS[level]
    if (method === undefined) this.#raise(thread, 'ERR Invalid debug level.')
    const words: string[] = []
    for (let i = 2; i <= count; i++) words.push(lua.text(thread, i))
    this.#server.log[method]({ script: this.run?.name }, words.join(' '))
    return 0
  }

  readonly #setResp: LuaFunction = thread => {
    const lua = this.#lua
    if (lua.api.lua_gettop(thread) !== 1) {
      this.#raise(thread, 'ERR redis.setresp() requires one argument.')
    }
    const version = Math.trunc(lua.api.lua_tonumber(thread, 1))
    if (version !== 2 && version !== 3) this.#raise(thread, 'ERR RESP version must be 2 or 3.')
    this.#running(thread).protocol = version
    return 0
  }

  /** Accepted and without effect: what a script has done is one entry of the log, always. */
  readonly #setReplication: LuaFunction = thread => {
    const lua = this.#lua
    if (lua.api.lua_gettop(thread) !== 1) {
      this.#raise(thread, 'ERR redis.set_repl() requires two arguments.')
    }
    const flags = Math.trunc(lua.api.lua_tonumber(thread, 1))
    if ((flags & ~REPLICATION_ALL) !== 0) {
      this.#raise(
        thread,
        'ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.',
      )
    }
    return 0
  }

  readonly #aclCheck: LuaFunction = thread => {
    const run = this.#running(thread)
    const refusal = this.#nested.read(thread, run)
    if (refusal !== undefined) this.#raise(thread, refusal)
    const command = this.#nested.find()
    if (command === undefined) {
      this.#raise(thread, 'ERR Invalid command passed to redis.acl_check_cmd()')
    }
    const allowed = this.#server.acl.allows(run.call.client.user, command, this.#nested.call)
    this.#lua.api.lua_pushboolean(thread, allowed ? 1 : 0)
    return 1
  }
}

export function sha1hex(text: string): string {
  return createHash('sha1').update(text, 'latin1').digest('hex')
}
