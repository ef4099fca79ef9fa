// cmsgpack.ts — The library `cmsgpack`: Lua values to and from MessagePack.
//
// A table whose keys are 1 to n is an array, any other a map. What MessagePack cannot say (functions, or
// tables nested too deeply) becomes nil.

import type { LuaThread } from './interpreter.ts'
import type { Library } from './library.ts'
import { BOOLEAN, type Lua, NIL, NUMBER, STRING, TABLE } from './lua.ts'

const NESTING_MAX = 16
/** Stack slots that one level of nesting needs. */
const SLOTS = 5
const BYTES_FIRST = 1 << 10
const TWO_32 = 2 ** 32
const INT64_LIMIT = 2 ** 63

/** Bytes that grow at their end. */
class Packer {
  #bytes = Buffer.allocUnsafe(BYTES_FIRST)
  #size = 0
  readonly #lua: Lua

  constructor(lua: Lua) {
    this.#lua = lua
  }

  clear(): void {
    this.#size = 0
    if (this.#bytes.length > BYTES_FIRST) this.#bytes = Buffer.allocUnsafe(BYTES_FIRST)
  }

  pushOn(thread: LuaThread): void {
    this.#lua.pushBytes(thread, this.#bytes, 0, this.#size)
  }

  /** Adds the value on top, and pops it. */
  value(thread: LuaThread, level: number): void {
    const lua = this.#lua
    const { api } = lua
    if (api.lua_checkstack(thread, SLOTS) === 0) {
      lua.raise(thread, 'stack overflow (in function mp_encode_lua_type)')
    }
    switch (lua.type(thread, -1)) {
      case STRING:
        this.#text(thread)
        break
      case BOOLEAN:
        this.#byte(api.lua_toboolean(thread, -1) === 1 ? 0xc3 : 0xc2)
        break
      case NUMBER:
        this.#number(api.lua_tonumber(thread, -1))
        break
      case TABLE:
        if (level === NESTING_MAX) this.#byte(0xc0)
        else this.#table(thread, level)
        break
      default:
        this.#byte(0xc0)
    }
    lua.pop(thread)
  }

  #reserve(size: number): number {
    const at = this.#size
    if (at + size > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * (at + size))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    this.#size = at + size
    return at
  }

  #byte(byte: number): void {
    const at = this.#reserve(1)
    this.#bytes[at] = byte
  }

  /** A byte and a number of so many bytes. */
  #sized(byte: number, value: number, bytes: 1 | 2 | 4): void {
    const at = this.#reserve(1 + bytes)
    this.#bytes[at] = byte
    this.#bytes.writeUIntBE(value, at + 1, bytes)
  }

  #text(thread: LuaThread): void {
    const lua = this.#lua
    const address = lua.address(thread, -1)
    const { size } = lua
    if (size < 32) this.#byte(0xa0 | size)
    else if (size <= 0xff) this.#sized(0xd9, size, 1)
    else if (size <= 0xffff) this.#sized(0xda, size, 2)
    else this.#sized(0xdb, size, 4)
    const at = this.#reserve(size)
    lua.interpreter.heap.copy(this.#bytes, at, address, address + size)
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value >= -INT64_LIMIT && value < INT64_LIMIT)
      this.#integer(value)
    else if (Math.fround(value) === value) {
      const at = this.#reserve(5)
      this.#bytes[at] = 0xca
      this.#bytes.writeFloatBE(value, at + 1)
    } else {
      const at = this.#reserve(9)
      this.#bytes[at] = 0xcb
      this.#bytes.writeDoubleBE(value, at + 1)
    }
  }

  #integer(value: number): void {
    if (value >= 0) {
      if (value <= 0x7f) this.#byte(value)
      else if (value <= 0xff) this.#sized(0xcc, value, 1)
      else if (value <= 0xffff) this.#sized(0xcd, value, 2)
      else if (value < TWO_32) this.#sized(0xce, value, 4)
      else this.#long(0xcf, value)
    } else if (value >= -32) this.#byte(value + 256)
    else if (value >= -128) this.#sized(0xd0, value + 256, 1)
    else if (value >= -32768) this.#sized(0xd1, value + 65536, 2)
    else if (value >= -(2 ** 31)) this.#sized(0xd2, value + TWO_32, 4)
    else this.#long(0xd3, value)
  }

  #long(byte: number, value: number): void {
    const at = this.#reserve(9)
    this.#bytes[at] = byte
    this.#bytes.writeBigInt64BE(BigInt(value), at + 1)
  }

  #table(thread: LuaThread, level: number): void {
    const { api } = this.#lua
    if (this.#isArray(thread)) {
      const length = api.lua_objlen(thread, -1)
      this.#header(length, 0x90, 0xdc)
      for (let i = 1; i <= length; i++) {
        api.lua_pushnumber(thread, i)
        api.lua_gettable(thread, -2)
        this.value(thread, level + 1)
      }
      return
    }
    let count = 0
    api.lua_pushnil(thread)
    while (api.lua_next(thread, -2) !== 0) {
      this.#lua.pop(thread)
      count++
    }
    this.#header(count, 0x80, 0xde)
    api.lua_pushnil(thread)
    while (api.lua_next(thread, -2) !== 0) {
      api.lua_pushvalue(thread, -2)
      this.value(thread, level + 1)
      this.value(thread, level + 1)
    }
  }

  #header(count: number, short: number, long: number): void {
    if (count <= 15) this.#byte(short | count)
    else if (count <= 0xffff) this.#sized(long, count, 2)
    else this.#sized(long + 1, count, 4)
  }

  /** Whether the keys of the table on top are 1 to n. */
  #isArray(thread: LuaThread): boolean {
    const { api } = this.#lua
    let count = 0
    let max = 0
    api.lua_pushnil(thread)
    while (api.lua_next(thread, -2) !== 0) {
      this.#lua.pop(thread)
      const key = this.#lua.type(thread, -1) === NUMBER ? api.lua_tonumber(thread, -1) : 0
      if (key <= 0 || !Number.isInteger(key)) {
        this.#lua.pop(thread)
        return false
      }
      count++
      max = Math.max(max, key)
    }
    return max === count
  }
}

/** Reads values out of a string. */
class Unpacker {
  readonly #lua: Lua
  #bytes: Buffer = Buffer.alloc(0)
  at = 0

  constructor(lua: Lua) {
    this.#lua = lua
  }

  start(bytes: Buffer, at: number): void {
    this.#bytes = bytes
    this.at = at
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  /** Pushes the next value. */
  value(thread: LuaThread): void {
    const lua = this.#lua
    const { api } = lua
    if (api.lua_checkstack(thread, SLOTS) === 0) {
      lua.raise(
        thread,
        'stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)',
      )
    }
    const byte = this.#bytes[this.#take(thread, 1)]!
    if (byte <= 0x7f) api.lua_pushnumber(thread, byte)
    else if (byte >= 0xe0) api.lua_pushnumber(thread, byte - 256)
    else if (byte <= 0x8f) this.#map(thread, byte & 0x0f)
    else if (byte <= 0x9f) this.#array(thread, byte & 0x0f)
    else if (byte <= 0xbf) this.#text(thread, byte & 0x1f)
    else this.#typed(thread, byte)
  }

  #typed(thread: LuaThread, byte: number): void {
    const { api } = this.#lua
    switch (byte) {
      case 0xc0:
        api.lua_pushnil(thread)
        return
      case 0xc2:
      case 0xc3:
        api.lua_pushboolean(thread, byte & 1)
        return
      case 0xca:
        api.lua_pushnumber(thread, this.#bytes.readFloatBE(this.#take(thread, 4)))
        return
      case 0xcb:
        api.lua_pushnumber(thread, this.#bytes.readDoubleBE(this.#take(thread, 8)))
        return
      case 0xcc:
      case 0xcd:
      case 0xce:
        api.lua_pushnumber(thread, this.#unsigned(thread, 1 << (byte - 0xcc)))
        return
      case 0xd0:
      case 0xd1:
      case 0xd2: {
        const size = 1 << (byte - 0xd0)
        api.lua_pushnumber(thread, this.#bytes.readIntBE(this.#take(thread, size), size))
        return
      }
      // Lua has no unsigned integers: the highest bit is a sign.
      case 0xcf:
      case 0xd3:
        api.lua_pushnumber(thread, Number(this.#bytes.readBigInt64BE(this.#take(thread, 8))))
        return
      case 0xd9:
      case 0xda:
      case 0xdb:
        this.#text(thread, this.#unsigned(thread, 1 << (byte - 0xd9)))
        return
      case 0xdc:
      case 0xdd:
        this.#array(thread, this.#unsigned(thread, byte === 0xdc ? 2 : 4))
        return
      case 0xde:
      case 0xdf:
        this.#map(thread, this.#unsigned(thread, byte === 0xde ? 2 : 4))
        return
      default:
        this.#lua.raise(thread, 'Bad data format in input.')
    }
  }

  /** Raises Lua's own error, which comes without a place. */
  #refuse(thread: LuaThread, text: string): never {
    this.#lua.push(thread, text)
    this.#lua.throw(thread)
  }

  /** Steps over so many bytes; answers where they begin. */
  #take(thread: LuaThread, size: number): number {
    if (size > this.left) this.#lua.raise(thread, 'Missing bytes in input.')
    const { at } = this
    this.at += size
    return at
  }

  #unsigned(thread: LuaThread, size: number): number {
    return this.#bytes.readUIntBE(this.#take(thread, size), size)
  }

  #text(thread: LuaThread, size: number): void {
    const at = this.#take(thread, size)
    this.#lua.pushBytes(thread, this.#bytes, at, at + size)
  }

  #array(thread: LuaThread, length: number): void {
    const { api } = this.#lua
    api.lua_createtable(thread, 0, 0)
    for (let i = 1; i <= length; i++) {
      this.value(thread)
      api.lua_rawseti(thread, -2, i)
    }
  }

  #map(thread: LuaThread, pairs: number): void {
    const lua = this.#lua
    lua.api.lua_createtable(thread, 0, 0)
    for (let i = 0; i < pairs; i++) {
      this.value(thread)
      const type = lua.type(thread, -1)
      if (type === NIL) this.#refuse(thread, 'table index is nil')
      if (type === NUMBER && Number.isNaN(lua.api.lua_tonumber(thread, -1))) {
        this.#refuse(thread, 'table index is NaN')
      }
      this.value(thread)
      lua.api.lua_rawset(thread, -3)
    }
  }
}

export function cmsgpackLibrary(lua: Lua): Library {
  const { api } = lua
  const packer = new Packer(lua)
  const unpacker = new Unpacker(lua)

  /** Unpacks up to `limit` values from `offset` on; 0 and 0 unpack all, and tell no offset. */
  const unpack = (thread: LuaThread, limit: number, offset: number): number => {
    const bytes = Buffer.from(lua.checkText(thread, 1), 'latin1')
    const all = limit === 0 && offset === 0
    if (offset < 0 || limit < 0) {
      lua.raise(
        thread,
        `Invalid request to unpack with offset of ${offset} and limit of ${bytes.length}.`,
      )
    }
    if (offset > bytes.length) {
      lua.raise(thread, `Start offset ${offset} greater than input length ${bytes.length}.`)
    }
    unpacker.start(bytes, offset)
    let count = 0
    const countMax = all ? Number.POSITIVE_INFINITY : limit
    const base = api.lua_gettop(thread)
    for (; count < countMax && unpacker.left > 0; count++) unpacker.value(thread)
    if (all) return count
    api.lua_pushnumber(thread, unpacker.left === 0 ? -1 : unpacker.at)
    api.lua_insert(thread, base + 1)
    return count + 1
  }

  const integerAt = (thread: LuaThread, argument: number, missing: number): number =>
    lua.has(thread, argument) && lua.type(thread, argument) !== NIL
      ? Math.trunc(api.luaL_checknumber(thread, argument))
      : missing

  return {
    name: 'cmsgpack',
    texts: {
      _NAME: 'cmsgpack',
      _VERSION: 'lua-cmsgpack 0.4.0',
      _COPYRIGHT: 'Copyright (C) 2012, Salvatore Sanfilippo',
      _DESCRIPTION: 'MessagePack C implementation for Lua',
    },
    functions: {
      pack: thread => {
        const count = api.lua_gettop(thread)
        if (count === 0) lua.raiseArgument(thread, 0, 'MessagePack pack needs input.')
        if (api.lua_checkstack(thread, SLOTS) === 0) {
          lua.raiseArgument(thread, 0, 'Too many arguments for MessagePack pack.')
        }
        packer.clear()
        for (let i = 1; i <= count; i++) {
          api.lua_pushvalue(thread, i)
          packer.value(thread, 0)
        }
        packer.pushOn(thread)
        return 1
      },
      unpack: thread => unpack(thread, 0, 0),
      unpack_one: thread => unpack(thread, 1, integerAt(thread, 2, 0)),
      unpack_limit: thread => {
        const limit = Math.trunc(api.luaL_checknumber(thread, 2))
        return unpack(thread, limit, integerAt(thread, 3, 0))
      },
    },
  }
}
