// cmsgpack.ts — The `cmsgpack` library of scripts: MessagePack to and from Lua values.

import type { LuaThread } from './interpreter.ts'
import type { Lua } from './lua.ts'
import type { Sandbox } from './sandbox.ts'

export function cmsgpackLibrary(lua: Lua, sandbox: Sandbox, thread: LuaThread): void {
  lua.api.lua_createtable(thread, 0, 0)
  sandbox.protect(thread)
  lua.setField(thread, -2, 'cmsgpack')
}
