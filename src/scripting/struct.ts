// struct.ts — The `struct` library of scripts: packed binary data by a format string.

import type { LuaThread } from './interpreter.ts'
import type { Lua } from './lua.ts'
import type { Sandbox } from './sandbox.ts'

export function structLibrary(lua: Lua, sandbox: Sandbox, thread: LuaThread): void {
  lua.api.lua_createtable(thread, 0, 0)
  sandbox.protect(thread)
  lua.setField(thread, -2, 'struct')
}
