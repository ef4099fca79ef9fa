// results.ts — From what a script returns to the reply of its client.
//
// Numbers lose their fraction, a table is an array up to its first nil, and a table with one of Redis's
// fields (ok, err, double, map, set, big_number, verbatim_string) is what the field says.

import type { Stats } from '../stats.ts'
import type { Reply } from '../wire/reply.ts'
import type { LuaThread } from './interpreter.ts'
import { BOOLEAN, type Lua, NIL, NUMBER, STRING, TABLE } from './lua.ts'
import { isCounted } from './replies.ts'

const INT64_MIN = -(2n ** 63n)
const INT64_LIMIT = 2 ** 63
/** Stack slots that one level of nesting needs. */
const SLOTS = 4
/** Tables one inside the other; a table that contains itself ends here, as does our own stack. */
const DEPTH_MAX = 1000

export class ResultWriter {
  readonly #lua: Lua
  readonly #reply: Reply
  readonly #stats: Stats
  /** Protocol that the script has asked for: from 3 on, booleans are booleans. */
  #protocol = 2
  #isError = false

  constructor(lua: Lua, reply: Reply, stats: Stats) {
    this.#stats = stats
    this.#lua = lua
    this.#reply = reply
  }

  /** Replies with the value on top, and pops it; true if it is an error. */
  write(thread: LuaThread, protocol: number): boolean {
    this.#protocol = protocol
    this.#isError = false
    this.#value(thread, 0)
    return this.#isError
  }

  #value(thread: LuaThread, depth: number): void {
    const lua = this.#lua
    const { api } = lua
    const reply = this.#reply
    if (depth > DEPTH_MAX || api.lua_checkstack(thread, SLOTS) === 0) {
      reply.error('ERR reached lua stack limit')
      lua.pop(thread)
      return
    }
    switch (api.lua_type(thread, -1)) {
      case STRING: {
        const address = lua.address(thread, -1)
        reply.bulkBytes(lua.interpreter.heap, address, address + lua.size)
        break
      }
      case NUMBER:
        this.#integer(api.lua_tonumber(thread, -1))
        break
      case BOOLEAN: {
        const value = api.lua_toboolean(thread, -1) === 1
        if (this.#protocol >= 3) reply.boolean(value)
        else if (value) reply.integer(1)
        else reply.null()
        break
      }
      case TABLE:
        if (!this.#tagged(thread, depth)) this.#array(thread, depth)
        break
      default:
        reply.null()
    }
    lua.pop(thread)
  }

  #integer(value: number): void {
    if (Number.isSafeInteger(value)) {
      this.#reply.integer(value)
      return
    }
    const whole = Math.trunc(value)
    if (!(Math.abs(whole) < INT64_LIMIT)) this.#reply.bigint(INT64_MIN)
    else this.#reply.bigint(BigInt(whole))
  }

  /** Whether the table on top was one with a field that says what it is. */
  #tagged(thread: LuaThread, depth: number): boolean {
    const lua = this.#lua
    const reply = this.#reply
    const error = lua.textField(thread, -1, 'err')
    if (error !== undefined) {
      const text = upToZero(error)
      if (depth === 0) this.#isError = true
      if (!isCounted(lua, thread)) this.#stats.countError(text)
      reply.error(text)
      return true
    }
    const status = lua.textField(thread, -1, 'ok')
    if (status !== undefined) {
      if (status === 'OK') reply.ok()
      else reply.status(upToZero(status).replace(/[\r\n]/g, ' '))
      return true
    }
    lua.getField(thread, -1, 'double')
    if (lua.type(thread, -1) === NUMBER) {
      reply.double(lua.api.lua_tonumber(thread, -1))
      lua.pop(thread)
      return true
    }
    lua.pop(thread)
    lua.getField(thread, -1, 'map')
    if (lua.type(thread, -1) === TABLE) {
      this.#pairs(thread, true, depth)
      return true
    }
    lua.pop(thread)
    lua.getField(thread, -1, 'set')
    if (lua.type(thread, -1) === TABLE) {
      this.#pairs(thread, false, depth)
      return true
    }
    lua.pop(thread)
    const digits = lua.textField(thread, -1, 'big_number')
    if (digits !== undefined) {
      reply.bigNumber(digits.replace(/[\r\n]/g, ' '))
      return true
    }
    return this.#verbatim(thread)
  }

  #verbatim(thread: LuaThread): boolean {
    const lua = this.#lua
    lua.getField(thread, -1, 'verbatim_string')
    if (lua.type(thread, -1) !== TABLE) {
      lua.pop(thread)
      return false
    }
    const text = lua.textField(thread, -1, 'string')
    const format = lua.textField(thread, -1, 'format')
    lua.pop(thread)
    if (text === undefined || format === undefined) return false
    if (this.#reply.protocol === 2) {
      this.#reply.bulk(text)
      return true
    }
    this.#reply.raw(`=${text.length + 4}\r\n${format.slice(0, 3).padEnd(3)}:${text}\r\n`)
    return true
  }

  /** Replies with the keys, and for a map the values, of the table on top; pops it. */
  #pairs(thread: LuaThread, isMap: boolean, depth: number): void {
    const lua = this.#lua
    const { api } = lua
    let count = 0
    api.lua_pushnil(thread)
    while (api.lua_next(thread, -2) !== 0) {
      count++
      lua.pop(thread)
    }
    if (isMap) this.#reply.map(count)
    else this.#reply.set(count)
    api.lua_pushnil(thread)
    while (api.lua_next(thread, -2) !== 0) {
      if (!isMap) lua.pop(thread)
      // The key is needed to go on, so a copy of it is written.
      api.lua_pushvalue(thread, isMap ? -2 : -1)
      this.#value(thread, depth + 1)
      if (isMap) this.#value(thread, depth + 1)
    }
    lua.pop(thread)
  }

  #array(thread: LuaThread, depth: number): void {
    const { api } = this.#lua
    const length = this.#length(thread)
    this.#reply.array(length)
    for (let i = 1; i <= length; i++) {
      api.lua_rawgeti(thread, -1, i)
      this.#value(thread, depth + 1)
    }
  }

  /** Elements up to the first nil. */
  #length(thread: LuaThread): number {
    const { api } = this.#lua
    for (let i = 1; ; i++) {
      api.lua_rawgeti(thread, -1, i)
      const type = api.lua_type(thread, -1)
      this.#lua.pop(thread)
      if (type === NIL) return i - 1
    }
  }
}

/** As in Redis, whose lines are strings of C. */
function upToZero(text: string): string {
  const zero = text.indexOf('\0')
  return zero < 0 ? text : text.slice(0, zero)
}
