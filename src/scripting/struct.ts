// struct.ts — The library `struct`: values to and from bytes by a format, as C lays out structures.
//
// Sizes are those of 64-bit Linux, little-endian unless the format says otherwise.

import type { LuaThread } from './interpreter.ts'
import type { Library } from './library.ts'
import { type Lua, NUMBER } from './lua.ts'
import { toBits64 } from './number-format.ts'

const INT_BYTES = 4
const LONG_BYTES = 8
const INTEGER_BYTES_MAX = 32
const ALIGNMENT_MAX = 8
const INT32_MAX = 2 ** 31 - 1
const WORD_BITS = 64n
const BYTE_BITS = 8n

/** Reads a format, option by option, and remembers what it says of the layout. */
class Format {
  bigEndian = false
  #alignment = 1
  #at = 0
  readonly #text: string
  readonly #lua: Lua
  readonly #thread: LuaThread

  constructor(lua: Lua, thread: LuaThread) {
    this.#lua = lua
    this.#thread = thread
    const text = lua.checkText(thread, 1)
    const zero = text.indexOf('\0')
    this.#text = zero < 0 ? text : text.slice(0, zero)
  }

  next(): string | undefined {
    return this.#text[this.#at++]
  }

  /** Bytes of the option's value; 0 where the value says, or for what has none. */
  size(option: string): number {
    switch (option) {
      case 'b':
      case 'B':
      case 'x':
        return 1
      case 'h':
      case 'H':
        return 2
      case 'l':
      case 'L':
      case 'T':
      case 'd':
        return LONG_BYTES
      case 'f':
        return 4
      case 'c':
        return this.#number(1)
      case 'i':
      case 'I': {
        const size = this.#number(INT_BYTES)
        if (size > INTEGER_BYTES_MAX) {
          this.#lua.raise(
            this.#thread,
            `integral size ${size} is larger than limit of ${INTEGER_BYTES_MAX}`,
          )
        }
        return size
      }
      default:
        return 0
    }
  }

  /** Bytes to skip at `position` so that a value of that size is aligned. */
  padding(position: number, option: string, size: number): number {
    if (size === 0 || option === 'c') return 0
    const alignment = Math.min(size, this.#alignment)
    return (alignment - (position & (alignment - 1))) & (alignment - 1)
  }

  /** An option that is about the layout, or none at all. */
  control(option: string): void {
    switch (option) {
      case ' ':
        return
      case '>':
        this.bigEndian = true
        return
      case '<':
        this.bigEndian = false
        return
      case '!': {
        const alignment = this.#number(ALIGNMENT_MAX)
        if (alignment <= 0 || (alignment & (alignment - 1)) !== 0) {
          this.#lua.raise(this.#thread, `alignment ${alignment} is not a power of 2`)
        }
        this.#alignment = alignment
        return
      }
      default:
        this.#lua.raiseArgument(this.#thread, 1, `invalid format option '${option}'`)
    }
  }

  #number(missing: number): number {
    const digits = /^\d*/.exec(this.#text.slice(this.#at))![0]
    if (digits === '') return missing
    this.#at += digits.length
    const value = Number(digits)
    if (value > INT32_MAX) this.#lua.raise(this.#thread, 'integral size overflow')
    return value
  }
}

function integerBytes(value: number, size: number, bigEndian: boolean): string {
  let bits = toBits64(value)
  const bytes: number[] = []
  for (let i = 0; i < size; i++) {
    bytes.push(Number(bits & 0xffn))
    bits >>= BYTE_BITS
  }
  if (bigEndian) bytes.reverse()
  return String.fromCharCode(...bytes)
}

function readInteger(text: string, at: number, size: number, bigEndian: boolean): bigint {
  let bits = 0n
  for (let i = 0; i < size; i++) {
    const place = bigEndian ? at + i : at + size - 1 - i
    bits = (bits << BYTE_BITS) | BigInt(text.charCodeAt(place))
  }
  return BigInt.asUintN(Number(WORD_BITS), bits)
}

const floating = Buffer.alloc(LONG_BYTES)

function floatBytes(value: number, size: number, bigEndian: boolean): string {
  if (size === 4) floating.writeFloatLE(value)
  else floating.writeDoubleLE(value)
  const bytes = floating.subarray(0, size)
  if (bigEndian) bytes.reverse()
  return bytes.latin1Slice(0, size)
}

function readFloat(text: string, at: number, size: number, bigEndian: boolean): number {
  floating.latin1Write(text.slice(at, at + size), 0)
  if (bigEndian) floating.subarray(0, size).reverse()
  return size === 4 ? floating.readFloatLE() : floating.readDoubleLE()
}

function pack(lua: Lua, thread: LuaThread): number {
  const format = new Format(lua, thread)
  let argument = 2
  let packed = ''
  // The first missing argument reads as nil, as it does in Redis.
  lua.api.lua_pushnil(thread)
  for (let option = format.next(); option !== undefined; option = format.next()) {
    const size = format.size(option)
    packed += '\0'.repeat(format.padding(packed.length, option, size))
    switch (option) {
      case 'b':
      case 'B':
      case 'h':
      case 'H':
      case 'l':
      case 'L':
      case 'T':
      case 'i':
      case 'I':
        packed += integerBytes(lua.api.luaL_checknumber(thread, argument++), size, format.bigEndian)
        break
      case 'x':
        packed += '\0'
        break
      case 'f':
      case 'd':
        packed += floatBytes(lua.api.luaL_checknumber(thread, argument++), size, format.bigEndian)
        break
      case 'c':
      case 's': {
        const text = lua.checkText(thread, argument++)
        if (text.length < size) lua.raiseArgument(thread, argument, 'string too short')
        packed += size === 0 ? text : text.slice(0, size)
        if (option === 's') packed += '\0'
        break
      }
      default:
        format.control(option)
    }
  }
  lua.push(thread, packed)
  return 1
}

function unpack(lua: Lua, thread: LuaThread): number {
  const { api } = lua
  const format = new Format(lua, thread)
  const text = lua.checkText(thread, 2)
  let at = (lua.has(thread, 3) ? Math.trunc(api.luaL_checknumber(thread, 3)) : 1) - 1
  if (at < 0) lua.raiseArgument(thread, 3, 'offset must be 1 or greater')
  let count = 0
  const demand = (size: number) => {
    if (at + size > text.length) lua.raiseArgument(thread, 2, 'data string too short')
  }
  for (let option = format.next(); option !== undefined; option = format.next()) {
    let size = format.size(option)
    at += format.padding(at, option, size)
    demand(size)
    if (api.lua_checkstack(thread, 2) === 0) lua.raise(thread, 'too many results')
    switch (option) {
      case 'b':
      case 'B':
      case 'h':
      case 'H':
      case 'l':
      case 'L':
      case 'T':
      case 'i':
      case 'I': {
        const bits = readInteger(text, at, size, format.bigEndian)
        const isSigned = option >= 'a'
        const width = Math.min(size, LONG_BYTES) * 8
        api.lua_pushnumber(thread, Number(isSigned ? BigInt.asIntN(width, bits) : bits))
        count++
        break
      }
      case 'x':
        break
      case 'f':
      case 'd':
        api.lua_pushnumber(thread, readFloat(text, at, size, format.bigEndian))
        count++
        break
      case 'c':
        if (size === 0) {
          if (count === 0 || lua.type(thread, -1) !== NUMBER) {
            lua.raise(thread, "format 'c0' needs a previous size")
          }
          size = Math.trunc(api.lua_tonumber(thread, -1))
          lua.pop(thread)
          count--
          if (size < 0) lua.raiseArgument(thread, 2, 'data string too short')
          demand(size)
        }
        lua.push(thread, text.slice(at, at + size))
        count++
        break
      case 's': {
        const end = text.indexOf('\0', at)
        if (end < 0) lua.raise(thread, 'unfinished string in data')
        lua.push(thread, text.slice(at, end))
        size = end - at + 1
        count++
        break
      }
      default:
        format.control(option)
    }
    at += size
  }
  api.lua_pushnumber(thread, at + 1)
  return count + 1
}

function size(lua: Lua, thread: LuaThread): number {
  const format = new Format(lua, thread)
  let total = 0
  for (let option = format.next(); option !== undefined; option = format.next()) {
    const bytes = format.size(option)
    total += format.padding(total, option, bytes)
    if (option === 's') lua.raiseArgument(thread, 1, "option 's' has no fixed size")
    if (option === 'c' && bytes === 0) {
      lua.raiseArgument(thread, 1, "option 'c0' has no fixed size")
    }
    if (!/[a-z\d]/i.test(option)) format.control(option)
    total += bytes
  }
  lua.api.lua_pushnumber(thread, total)
  return 1
}

export function structLibrary(lua: Lua): Library {
  return {
    name: 'struct',
    functions: {
      pack: thread => pack(lua, thread),
      unpack: thread => unpack(lua, thread),
      size: thread => size(lua, thread),
    },
  }
}
