// replies.ts — From the reply that a nested command wrote to the Lua value that the script gets.
//
// The types are Redis's: a status is {ok = …}, an error {err = …}, nothing is false in RESP2 and nil in
// RESP3, and what only RESP3 has is a table with one field that says which. The bytes are our own
// writer's, so they are complete and well formed.

import type { LuaThread } from './interpreter.ts'
import { type Lua, TABLE } from './lua.ts'

const CR = 13
const MINUS = 0x2d
/** Stack slots that one level of nesting needs. */
const SLOTS = 6

export class ReplyReader {
  readonly #lua: Lua
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(lua: Lua) {
    this.#lua = lua
  }

  /** Pushes the value of the reply that begins at `start`. */
  push(thread: LuaThread, bytes: Buffer, start: number): void {
    this.#bytes = bytes
    this.#at = start
    this.#value(thread)
    this.#bytes = EMPTY
  }

  #value(thread: LuaThread): void {
    const lua = this.#lua
    const { api } = lua
    if (api.lua_checkstack(thread, SLOTS) === 0) lua.raise(thread, 'stack overflow')
    const type = this.#bytes[this.#at++]!
    switch (type) {
      case 0x3a: // :
        api.lua_pushnumber(thread, this.#integer())
        return
      case 0x24: // $
        this.#bulk(thread)
        return
      case 0x2b: // +
        this.#status(thread)
        return
      case 0x2d: // -
        pushError(lua, thread, this.#line())
        return
      case 0x2a: // *
        this.#array(thread, this.#integer())
        return
      case 0x25: // %
        this.#map(thread, this.#integer())
        return
      case 0x7e: // ~
        this.#set(thread, this.#integer())
        return
      case 0x5f: // _
        this.#line()
        api.lua_pushnil(thread)
        return
      case 0x23: // #
        api.lua_pushboolean(thread, this.#line() === 't' ? 1 : 0)
        return
      case 0x2c: // ,
        api.lua_createtable(thread, 0, 1)
        lua.setNumber(thread, -1, 'double', parseDouble(this.#line()))
        return
      case 0x28: // (
        this.#field(thread, 'big_number')
        return
      case 0x3d: // =
        this.#verbatim(thread)
        return
      default:
        throw new Error(`a reply of type ${type}`)
    }
  }

  #bulk(thread: LuaThread): void {
    const size = this.#integer()
    if (size < 0) {
      this.#lua.api.lua_pushboolean(thread, 0)
      return
    }
    this.#lua.pushBytes(thread, this.#bytes, this.#at, this.#at + size)
    this.#at += size + 2
  }

  #array(thread: LuaThread, length: number): void {
    const { api } = this.#lua
    if (length < 0) {
      api.lua_pushboolean(thread, 0)
      return
    }
    api.lua_createtable(thread, length, 0)
    for (let i = 1; i <= length; i++) {
      this.#value(thread)
      api.lua_rawseti(thread, -2, i)
    }
  }

  #map(thread: LuaThread, pairs: number): void {
    const { api } = this.#lua
    api.lua_createtable(thread, 0, 1)
    api.lua_createtable(thread, 0, pairs)
    for (let i = 0; i < pairs; i++) {
      this.#value(thread)
      this.#value(thread)
      api.lua_rawset(thread, -3)
    }
    this.#lua.setField(thread, -2, 'map')
  }

  #set(thread: LuaThread, length: number): void {
    const { api } = this.#lua
    api.lua_createtable(thread, 0, 1)
    api.lua_createtable(thread, 0, length)
    for (let i = 0; i < length; i++) {
      this.#value(thread)
      api.lua_pushboolean(thread, 1)
      api.lua_rawset(thread, -3)
    }
    this.#lua.setField(thread, -2, 'set')
  }

  #verbatim(thread: LuaThread): void {
    const lua = this.#lua
    const size = this.#integer()
    const at = this.#at
    this.#at += size + 2
    lua.api.lua_createtable(thread, 0, 1)
    lua.api.lua_createtable(thread, 0, 2)
    lua.pushBytes(thread, this.#bytes, at, at + 3)
    lua.setField(thread, -2, 'format')
    lua.pushBytes(thread, this.#bytes, at + 4, at + size)
    lua.setField(thread, -2, 'string')
    lua.setField(thread, -2, 'verbatim_string')
  }

  /** Nearly always it is OK. */
  #status(thread: LuaThread): void {
    const bytes = this.#bytes
    const at = this.#at
    if (bytes[at] !== 0x4f || bytes[at + 1] !== 0x4b || bytes[at + 2] !== CR) {
      this.#field(thread, 'ok')
      return
    }
    const lua = this.#lua
    this.#at = at + 4
    lua.api.lua_createtable(thread, 0, 1)
    lua.pushName(thread, 'ok')
    lua.pushName(thread, 'OK')
    lua.api.lua_rawset(thread, -3)
  }

  /** A table with the rest of the line in one field. */
  #field(thread: LuaThread, name: string): void {
    this.#lua.api.lua_createtable(thread, 0, 1)
    this.#lua.setText(thread, -1, name, this.#line())
  }

  #line(): string {
    const start = this.#at
    const end = this.#bytes.indexOf(CR, start)
    this.#at = end + 2
    return this.#bytes.latin1Slice(start, end)
  }

  /** A number up to the end of the line; of large ones the nearest that Lua has. */
  #integer(): number {
    const bytes = this.#bytes
    let at = this.#at
    const negative = bytes[at] === MINUS
    if (negative) at++
    let value = 0
    for (; bytes[at] !== CR; at++) value = value * 10 + bytes[at]! - 0x30
    // Digit by digit is exact up to 2^53 only.
    if (value > Number.MAX_SAFE_INTEGER)
      value = Number(bytes.latin1Slice(this.#at + Number(negative), at))
    this.#at = at + 2
    return negative ? -value : value
  }
}

const EMPTY = Buffer.alloc(0)

function parseDouble(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY
  if (text === '-inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}

/**
 * Pushes the table of an error that a command has answered or that was found before it ran: it has
 * been counted already, and is not counted again when the script ends with it.
 */
export function pushError(lua: Lua, thread: LuaThread, text: string): void {
  lua.api.lua_createtable(thread, 0, 2)
  lua.setText(thread, -1, 'err', text)
  lua.api.lua_pushboolean(thread, 1)
  lua.setField(thread, -2, 'ignore_error_stats_update')
}

/** Whether the value on top is the table of an error that is counted already. */
export function isCounted(lua: Lua, thread: LuaThread): boolean {
  if (lua.type(thread, -1) !== TABLE) return false
  lua.getField(thread, -1, 'ignore_error_stats_update')
  const counted = lua.api.lua_toboolean(thread, -1) === 1
  lua.pop(thread)
  return counted
}
