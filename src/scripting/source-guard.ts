// source-guard.ts — load and loadstring, kept from compiled code.
//
// Compiled code is not checked by the interpreter and can break it. It is told from source by its first
// byte, so a space before that byte makes it source, and not a sound one: the answer is the same
// syntax error that Redis gives.

import type { LuaFunction, LuaThread } from './interpreter.ts'
import { FUNCTION, firstUpvalue, type Lua, STRING } from './lua.ts'

const COMPILED = '\x1b'

/** The text as source, whatever it is. */
export function asSource(text: string): string {
  return text.startsWith(COMPILED) ? ` ${text}` : text
}

export function guardedLoadString(lua: Lua, original: LuaFunction): LuaFunction {
  const { api } = lua
  return thread => {
    const text = lua.checkText(thread, 1)
    if (!text.startsWith(COMPILED)) return original(thread)
    // The name of a chunk that has none is its text.
    const name = lua.isGiven(thread, 2) ? lua.checkText(thread, 2) : text
    api.lua_settop(thread, 0)
    lua.push(thread, asSource(text))
    lua.push(thread, name)
    return original(thread)
  }
}

/** `load` calls a function for each piece of the source; another one stands between. */
export function guardedLoad(lua: Lua, original: LuaFunction): LuaFunction {
  const { api, interpreter } = lua
  const READER = firstUpvalue
  const HAS_BEGUN = firstUpvalue - 1
  const readPiece = (thread: LuaThread): number => {
    api.lua_pushvalue(thread, READER)
    api.lua_call(thread, 0, 1)
    if (api.lua_toboolean(thread, HAS_BEGUN) === 1 || lua.type(thread, -1) !== STRING) return 1
    if (api.lua_objlen(thread, -1) === 0) return 1
    api.lua_pushboolean(thread, 1)
    api.lua_replace(thread, HAS_BEGUN)
    const piece = lua.text(thread, -1)
    if (piece.startsWith(COMPILED)) lua.push(thread, asSource(piece))
    return 1
  }
  const reader = interpreter.addFunction(readPiece)
  return thread => {
    if (lua.type(thread, 1) !== FUNCTION) return original(thread)
    api.lua_pushvalue(thread, 1)
    api.lua_pushboolean(thread, 0)
    api.lua_pushcclosure(thread, reader, 2)
    api.lua_replace(thread, 1)
    return original(thread)
  }
}
