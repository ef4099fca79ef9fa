// cjson.ts — The library `cjson`: Lua values to and from JSON, with the defaults that Redis has.
//
// A table is an array if its keys are positive integers, else an object; an empty one is an object. What
// a script configures holds for all that come after it, as in Redis.

import type { LuaFunction, LuaThread } from './interpreter.ts'
import { JsonText, type Token } from './json-text.ts'
import { type Library, pushLibrary } from './library.ts'
import { BOOLEAN, LIGHT_USERDATA, type Lua, NIL, NUMBER, STRING, TABLE } from './lua.ts'
import { formatGeneral } from './number-format.ts'

interface Configuration {
  sparseConvert: boolean
  sparseRatio: number
  sparseSafe: number
  encodeDepth: number
  decodeDepth: number
  /** Whether NaN and infinities are written: never, as they are, or as null. */
  encodeInvalid: 'refuse' | 'write' | 'null'
  decodeInvalid: boolean
  precision: number
  keepBuffer: boolean
}

const DEFAULTS: Readonly<Configuration> = {
  sparseConvert: false,
  sparseRatio: 2,
  sparseSafe: 10,
  encodeDepth: 1000,
  decodeDepth: 1000,
  encodeInvalid: 'refuse',
  decodeInvalid: true,
  precision: 14,
  keepBuffer: true,
}

const PRECISION_MAX = 14
const INT32_MAX = 2 ** 31 - 1
/** Stack slots that one level of nesting needs. */
const SLOTS = 4
const TYPE_NAMES = [
  'nil',
  'boolean',
  'userdata',
  'number',
  'string',
  'table',
  'function',
  'userdata',
  'thread',
] as const

/** All but the printable characters that stand for themselves, and bytes beyond ASCII. */
const ESCAPED = /[^ !#-.0-[\]-~\x80-\xff]/g
const SHORT_ESCAPES = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['/', '\\/'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\f', '\\f'],
  ['\r', '\\r'],
])

function escapeChar(char: string): string {
  const short = SHORT_ESCAPES.get(char)
  return short ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

class Encoder {
  readonly #lua: Lua
  readonly #configuration: Configuration
  #text = ''

  constructor(lua: Lua, configuration: Configuration) {
    this.#lua = lua
    this.#configuration = configuration
  }

  /** The JSON of the value on top. */
  encode(thread: LuaThread): string {
    this.#text = ''
    this.#value(thread, 0)
    const text = this.#text
    this.#text = ''
    return text
  }

  #value(thread: LuaThread, depth: number): void {
    const lua = this.#lua
    const { api } = lua
    switch (lua.type(thread, -1)) {
      case STRING:
        this.#string(thread, -1)
        return
      case NUMBER:
        this.#number(thread, -1)
        return
      case BOOLEAN:
        this.#text += api.lua_toboolean(thread, -1) === 1 ? 'true' : 'false'
        return
      case TABLE:
        this.#table(thread, depth + 1)
        return
      case NIL:
        this.#text += 'null'
        return
      case LIGHT_USERDATA:
        if (api.lua_touserdata(thread, -1) === 0) {
          this.#text += 'null'
          return
        }
    }
    this.#refuse(thread, 'type not supported')
  }

  #refuse(thread: LuaThread, reason: string): never {
    const type = TYPE_NAMES[this.#lua.type(thread, -1)]
    this.#lua.raise(thread, `Cannot serialise ${type}: ${reason}`)
  }

  #string(thread: LuaThread, index: number): void {
    this.#text += `"${this.#lua.text(thread, index).replace(ESCAPED, escapeChar)}"`
  }

  #number(thread: LuaThread, index: number): void {
    const value = this.#lua.api.lua_tonumber(thread, index)
    const { encodeInvalid, precision } = this.#configuration
    if (!Number.isFinite(value)) {
      if (encodeInvalid === 'refuse') this.#refuse(thread, 'must not be NaN or Inf')
      if (encodeInvalid === 'null') {
        this.#text += 'null'
        return
      }
      // This is how the machine's own arithmetic prints 0/0.
      this.#text += Number.isNaN(value) ? 'nan' : formatGeneral(value, precision)
      return
    }
    this.#text += formatGeneral(value, precision)
  }

  #table(thread: LuaThread, depth: number): void {
    const { api } = this.#lua
    if (depth > this.#configuration.encodeDepth || api.lua_checkstack(thread, SLOTS) === 0) {
      this.#lua.raise(thread, `Cannot serialise, excessive nesting (${depth})`)
    }
    const length = this.#arrayLength(thread)
    if (length > 0) this.#array(thread, length, depth)
    else this.#object(thread, depth)
  }

  /** The highest key, if all keys are positive integers; else -1. */
  #arrayLength(thread: LuaThread): number {
    const lua = this.#lua
    const { api } = lua
    let max = 0
    let count = 0
    api.lua_pushnil(thread)
    while (api.lua_next(thread, -2) !== 0) {
      const key = lua.type(thread, -2) === NUMBER ? api.lua_tonumber(thread, -2) : 0
      if (key < 1 || key > INT32_MAX || Math.floor(key) !== key) {
        lua.pop(thread, 2)
        return -1
      }
      max = Math.max(max, key)
      count++
      lua.pop(thread)
    }
    const { sparseConvert, sparseRatio, sparseSafe } = this.#configuration
    if (sparseRatio > 0 && max > count * sparseRatio && max > sparseSafe) {
      if (!sparseConvert) this.#refuse(thread, 'excessively sparse array')
      return -1
    }
    return max
  }

  #array(thread: LuaThread, length: number, depth: number): void {
    this.#text += '['
    for (let i = 1; i <= length; i++) {
      if (i > 1) this.#text += ','
      this.#lua.api.lua_rawgeti(thread, -1, i)
      this.#value(thread, depth)
      this.#lua.pop(thread)
    }
    this.#text += ']'
  }

  #object(thread: LuaThread, depth: number): void {
    const lua = this.#lua
    const { api } = lua
    this.#text += '{'
    let isFirst = true
    api.lua_pushnil(thread)
    while (api.lua_next(thread, -2) !== 0) {
      if (!isFirst) this.#text += ','
      isFirst = false
      const type = lua.type(thread, -2)
      if (type === NUMBER) {
        this.#text += '"'
        this.#number(thread, -2)
        this.#text += '":'
      } else if (type === STRING) {
        this.#string(thread, -2)
        this.#text += ':'
      } else {
        lua.pop(thread)
        this.#refuse(thread, 'table key must be a number or string')
      }
      this.#value(thread, depth)
      lua.pop(thread)
    }
    this.#text += '}'
  }
}

class Decoder {
  readonly #lua: Lua
  readonly #depthMax: number
  readonly #json: JsonText
  #depth = 0

  constructor(lua: Lua, text: string, configuration: Configuration) {
    this.#lua = lua
    this.#json = new JsonText(text, configuration.decodeInvalid)
    this.#depthMax = configuration.decodeDepth
  }

  /** Pushes the value that the text is. */
  decode(thread: LuaThread): void {
    this.#value(thread, this.#json.next())
    const token = this.#json.next()
    if (token.kind !== 'end') this.#refuse(thread, 'the end', token)
  }

  #refuse(thread: LuaThread, expected: string, found: Token): never {
    const text = `Expected ${expected} but found ${found.name} at character ${found.index + 1}`
    this.#lua.raise(thread, text)
  }

  #value(thread: LuaThread, token: Token): void {
    const { api } = this.#lua
    switch (token.kind) {
      case 'string':
        this.#lua.push(thread, token.text)
        return
      case 'number':
        api.lua_pushnumber(thread, token.value)
        return
      case 'boolean':
        api.lua_pushboolean(thread, token.value ? 1 : 0)
        return
      case 'null':
        api.lua_pushlightuserdata(thread, 0)
        return
      case 'punctuation':
        if (token.name === 'T_OBJ_BEGIN') {
          this.#object(thread)
          return
        }
        if (token.name === 'T_ARR_BEGIN') {
          this.#array(thread)
          return
        }
    }
    this.#refuse(thread, 'value', token)
  }

  #descend(thread: LuaThread): void {
    this.#depth++
    if (this.#depth > this.#depthMax || this.#lua.api.lua_checkstack(thread, SLOTS) === 0) {
      this.#lua.raise(
        thread,
        `Found too many nested data structures (${this.#depth}) at character ${this.#json.at}`,
      )
    }
    this.#lua.api.lua_createtable(thread, 0, 0)
  }

  #object(thread: LuaThread): void {
    this.#descend(thread)
    let token = this.#json.next()
    while (token.name !== 'T_OBJ_END') {
      if (token.kind !== 'string') this.#refuse(thread, 'object key string', token)
      this.#lua.push(thread, token.text)
      const colon = this.#json.next()
      if (colon.name !== 'T_COLON') this.#refuse(thread, 'colon', colon)
      this.#value(thread, this.#json.next())
      this.#lua.api.lua_rawset(thread, -3)
      token = this.#json.next()
      if (token.name === 'T_OBJ_END') break
      if (token.name !== 'T_COMMA') this.#refuse(thread, 'comma or object end', token)
      token = this.#json.next()
      if (token.kind !== 'string') this.#refuse(thread, 'object key string', token)
    }
    this.#depth--
  }

  #array(thread: LuaThread): void {
    this.#descend(thread)
    let token = this.#json.next()
    for (let i = 1; token.name !== 'T_ARR_END'; i++) {
      this.#value(thread, token)
      this.#lua.api.lua_rawseti(thread, -2, i)
      token = this.#json.next()
      if (token.name === 'T_ARR_END') break
      if (token.name !== 'T_COMMA') this.#refuse(thread, 'comma or array end', token)
      token = this.#json.next()
      if (token.name === 'T_ARR_END') this.#refuse(thread, 'value', token)
    }
    this.#depth--
  }
}

export function cjsonLibrary(lua: Lua): Library {
  const { api } = lua

  const integerOption = (
    thread: LuaThread,
    argument: number,
    present: number,
    min: number,
    max: number,
  ): number => {
    if (!lua.isGiven(thread, argument)) return present
    const value = Math.trunc(api.luaL_checknumber(thread, argument))
    if (value < min || value > max) {
      // Whichever it is, Redis speaks of the first.
      lua.raiseArgument(thread, 1, `expected integer between ${min} and ${max}`)
    }
    return value
  }

  /** A boolean, or in its place the word for yes or no, or null where that is possible. */
  const wordOption = (thread: LuaThread, argument: number, words: readonly string[]): string => {
    if (lua.type(thread, argument) === BOOLEAN) {
      return api.lua_toboolean(thread, argument) === 1 ? 'on' : 'off'
    }
    const word = lua.checkText(thread, argument)
    if (!words.includes(word)) lua.raiseArgument(thread, argument, `invalid option '${word}'`)
    return word
  }

  const single = (thread: LuaThread): void => {
    if (api.lua_gettop(thread) > 1) lua.raiseArgument(thread, 2, 'found too many arguments')
  }

  const pushFlag = (thread: LuaThread, value: boolean): number => {
    api.lua_pushboolean(thread, value ? 1 : 0)
    return 1
  }

  const pushInteger = (thread: LuaThread, value: number): number => {
    api.lua_pushnumber(thread, value)
    return 1
  }

  const create = (): Library => {
    const configuration: Configuration = { ...DEFAULTS }
    const encoder = new Encoder(lua, configuration)
    const functions: Record<string, LuaFunction> = {
      encode: thread => {
        if (api.lua_gettop(thread) !== 1) lua.raiseArgument(thread, 1, 'expected 1 argument')
        lua.push(thread, encoder.encode(thread))
        return 1
      },
      decode: thread => {
        if (api.lua_gettop(thread) !== 1) lua.raiseArgument(thread, 1, 'expected 1 argument')
        const text = lua.checkText(thread, 1)
        if (text.length >= 2 && (text[0] === '\0' || text[1] === '\0')) {
          lua.raise(thread, 'JSON parser does not support UTF-16 or UTF-32')
        }
        new Decoder(lua, text, configuration).decode(thread)
        return 1
      },
      encode_sparse_array: thread => {
        if (api.lua_gettop(thread) > 3) lua.raiseArgument(thread, 4, 'found too many arguments')
        if (lua.isGiven(thread, 1)) {
          configuration.sparseConvert = wordOption(thread, 1, ['off', 'on']) === 'on'
        }
        configuration.sparseRatio = integerOption(
          thread,
          2,
          configuration.sparseRatio,
          0,
          INT32_MAX,
        )
        configuration.sparseSafe = integerOption(thread, 3, configuration.sparseSafe, 0, INT32_MAX)
        pushFlag(thread, configuration.sparseConvert)
        pushInteger(thread, configuration.sparseRatio)
        pushInteger(thread, configuration.sparseSafe)
        return 3
      },
      encode_max_depth: thread => {
        single(thread)
        configuration.encodeDepth = integerOption(
          thread,
          1,
          configuration.encodeDepth,
          1,
          INT32_MAX,
        )
        return pushInteger(thread, configuration.encodeDepth)
      },
      decode_max_depth: thread => {
        single(thread)
        configuration.decodeDepth = integerOption(
          thread,
          1,
          configuration.decodeDepth,
          1,
          INT32_MAX,
        )
        return pushInteger(thread, configuration.decodeDepth)
      },
      encode_number_precision: thread => {
        single(thread)
        configuration.precision = integerOption(
          thread,
          1,
          configuration.precision,
          1,
          PRECISION_MAX,
        )
        return pushInteger(thread, configuration.precision)
      },
      encode_keep_buffer: thread => {
        single(thread)
        if (lua.isGiven(thread, 1)) {
          configuration.keepBuffer = wordOption(thread, 1, ['off', 'on']) === 'on'
        }
        return pushFlag(thread, configuration.keepBuffer)
      },
      encode_invalid_numbers: thread => {
        single(thread)
        if (lua.isGiven(thread, 1)) {
          const word = wordOption(thread, 1, ['off', 'on', 'null'])
          configuration.encodeInvalid =
            word === 'on' ? 'write' : word === 'null' ? 'null' : 'refuse'
        }
        if (configuration.encodeInvalid === 'null') {
          lua.push(thread, 'null')
          return 1
        }
        return pushFlag(thread, configuration.encodeInvalid === 'write')
      },
      decode_invalid_numbers: thread => {
        single(thread)
        if (lua.isGiven(thread, 1)) {
          configuration.decodeInvalid = wordOption(thread, 1, ['off', 'on']) === 'on'
        }
        return pushFlag(thread, configuration.decodeInvalid)
      },
      new: thread => {
        pushLibrary(lua, thread, create())
        return 1
      },
    }
    return {
      name: 'cjson',
      texts: { _NAME: 'cjson', _VERSION: '2.1.0' },
      functions,
      extend: thread => {
        api.lua_pushlightuserdata(thread, 0)
        lua.setField(thread, -2, 'null')
      },
    }
  }

  return create()
}
