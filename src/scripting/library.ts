// library.ts — How a library of functions becomes a read-only table among the globals.

import type { LuaFunction, LuaThread } from './interpreter.ts'
import type { Lua } from './lua.ts'
import type { Sandbox } from './sandbox.ts'

export interface Library {
  readonly name: string
  readonly functions: Readonly<Record<string, LuaFunction>>
  readonly texts?: Readonly<Record<string, string>>
  /** Adds what is neither, to the table on top. */
  readonly extend?: (thread: LuaThread) => void
}

/** Adds the library to the table of globals on top. */
export function addLibrary(lua: Lua, sandbox: Sandbox, thread: LuaThread, library: Library): void {
  pushLibrary(lua, thread, library)
  sandbox.protect(thread)
  lua.setField(thread, -2, library.name)
}

/** Pushes the library as a table that may be changed. */
export function pushLibrary(lua: Lua, thread: LuaThread, library: Library): void {
  lua.api.lua_createtable(thread, 0, 0)
  for (const [name, fn] of Object.entries(library.functions)) {
    lua.setFunction(thread, -1, name, fn)
  }
  for (const [name, text] of Object.entries(library.texts ?? {})) {
    lua.setText(thread, -1, name, text)
  }
  library.extend?.(thread)
}
