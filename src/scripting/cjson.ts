// cjson.ts — The `cjson` library of scripts: JSON to and from Lua values, with Redis's defaults.

import type { LuaThread } from './interpreter.ts'
import type { Lua } from './lua.ts'
import type { Sandbox } from './sandbox.ts'

export function cjsonLibrary(lua: Lua, sandbox: Sandbox, thread: LuaThread): void {
  lua.api.lua_createtable(thread, 0, 0)
  sandbox.protect(thread)
  lua.setField(thread, -2, 'cjson')
}
