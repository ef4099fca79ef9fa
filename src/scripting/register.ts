// register.ts — redis.register_function: how the code of a library makes its functions known.
//
// Errors are Lua's, raised without a place: they reach whoever loads the library.

import type { LuaThread } from './interpreter.ts'
import { FUNCTION, type Lua, NUMBER, STRING, TABLE } from './lua.ts'
import { pushError } from './replies.ts'
import type { ScriptFlags } from './run.ts'
import { BAD_NAME, NAME, parseFlags } from './shebang.ts'

export interface RegisteredFunction {
  readonly name: string
  readonly description: string | undefined
  readonly flags: ScriptFlags
  /** The function, by its reference in the engine. */
  readonly fn: number
}

const WRONG_COUNT = 'ERR wrong number of arguments to redis.register_function'
const NOT_A_TABLE =
  'ERR calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).'
const NAME_NOT_TEXT = 'ERR first argument to redis.register_function must be a string'
const CALLBACK_NOT_FUNCTION = 'ERR second argument to redis.register_function must be a function'
const NO_NAME = 'ERR redis.register_function must get a function name argument'
const NO_CALLBACK = 'ERR redis.register_function must get a callback argument'
const BAD_NAME_ARGUMENT =
  'ERR function_name argument given to redis.register_function must be a string'
const BAD_DESCRIPTION = 'ERR description argument given to redis.register_function must be a string'
const BAD_CALLBACK = 'ERR callback argument given to redis.register_function must be a function'
const BAD_FLAGS =
  'ERR flags argument to redis.register_function must be a table representing function flags'
const NAMES_NOT_TEXT = 'ERR named argument key given to redis.register_function is not a string'
const UNKNOWN_ARGUMENT = 'ERR unknown argument given to redis.register_function'
const UNKNOWN_FLAG = 'ERR unknown flag given'

export class FunctionRegistration {
  readonly #lua: Lua
  readonly #thread: LuaThread

  constructor(lua: Lua, thread: LuaThread) {
    this.#lua = lua
    this.#thread = thread
  }

  /** The function that the arguments on the stack describe. */
  read(): RegisteredFunction {
    const count = this.#lua.api.lua_gettop(this.#thread)
    if (count < 1 || count > 2) this.refuse(WRONG_COUNT)
    return count === 1 ? this.#named() : this.#positional()
  }

  refuse(text: string): never {
    pushError(this.#lua, this.#thread, text)
    this.#lua.throw(this.#thread)
  }

  #positional(): RegisteredFunction {
    const lua = this.#lua
    const thread = this.#thread
    if (!this.#isText(1)) this.refuse(NAME_NOT_TEXT)
    if (lua.type(thread, 2) !== FUNCTION) this.refuse(CALLBACK_NOT_FUNCTION)
    const name = lua.text(thread, 1)
    if (!NAME.test(name)) this.refuse(BAD_NAME)
    return { name, description: undefined, flags: this.#flags([]), fn: lua.keep(thread) }
  }

  #named(): RegisteredFunction {
    const lua = this.#lua
    const { api } = lua
    const thread = this.#thread
    if (lua.type(thread, 1) !== TABLE) this.refuse(NOT_A_TABLE)
    let name: string | undefined
    let description: string | undefined
    let flags = this.#flags([])
    let hasCallback = false
    api.lua_pushnil(thread)
    while (api.lua_next(thread, 1) !== 0) {
      const key = lua.type(thread, -2)
      if (key !== STRING && key !== NUMBER) this.refuse(NAMES_NOT_TEXT)
      switch (key === STRING ? lua.text(thread, -2) : '') {
        case 'function_name':
          if (!this.#isText(-1)) this.refuse(BAD_NAME_ARGUMENT)
          name = lua.text(thread, -1)
          break
        case 'description':
          if (!this.#isText(-1)) this.refuse(BAD_DESCRIPTION)
          description = lua.text(thread, -1)
          break
        case 'callback':
          if (lua.type(thread, -1) !== FUNCTION) this.refuse(BAD_CALLBACK)
          hasCallback = true
          break
        case 'flags':
          if (lua.type(thread, -1) !== TABLE) this.refuse(BAD_FLAGS)
          flags = this.#flags(this.#texts())
          break
        default:
          this.refuse(UNKNOWN_ARGUMENT)
      }
      lua.pop(thread)
    }
    if (name === undefined) this.refuse(NO_NAME)
    if (!hasCallback) this.refuse(NO_CALLBACK)
    if (!NAME.test(name)) this.refuse(BAD_NAME)
    // Kept last: whoever refuses has nothing to give back.
    lua.getField(thread, 1, 'callback')
    return { name, description, flags, fn: lua.keep(thread) }
  }

  #isText(index: number): boolean {
    const type = this.#lua.type(this.#thread, index)
    return type === STRING || type === NUMBER
  }

  /** The strings of the array on top. */
  #texts(): string[] {
    const lua = this.#lua
    const thread = this.#thread
    const texts: string[] = []
    for (let i = 1; ; i++) {
      lua.api.lua_rawgeti(thread, -1, i)
      const isNil = lua.type(thread, -1) === 0
      if (!isNil && lua.type(thread, -1) !== STRING) this.refuse(UNKNOWN_FLAG)
      if (!isNil) texts.push(lua.text(thread, -1))
      lua.pop(thread)
      if (isNil) return texts
    }
  }

  #flags(words: readonly string[]): ScriptFlags {
    const flags = parseFlags(words)
    if (typeof flags === 'string') this.refuse(UNKNOWN_FLAG)
    return flags
  }
}
