// bit.ts — The `bit` library of scripts: operations on 32-bit integers, as LuaBitOp has them.

import type { LuaThread } from './interpreter.ts'
import type { Lua } from './lua.ts'
import type { Sandbox } from './sandbox.ts'

export function bitLibrary(lua: Lua, sandbox: Sandbox, thread: LuaThread): void {
  lua.api.lua_createtable(thread, 0, 0)
  sandbox.protect(thread)
  lua.setField(thread, -2, 'bit')
}
