// sandbox.ts — The globals of a script: which there are, and that nobody changes them.
//
// A script sees Redis's list of functions and tables and nothing else. What one script could change
// another would see, so all of it is read-only. The interpreter has no such tables; here a read-only
// table is an empty one, whose metatable reads from another that scripts cannot reach and refuses
// writes. The functions that look past metatables (next, rawget, rawset, table.insert, …) know these
// tables and act as if they were the real thing.
//
// Invariant: the tables that scripts are given in place of the real ones stay empty.

import type { LuaFunction, LuaThread } from './interpreter.ts'
import {
  ALL_RESULTS,
  FUNCTION,
  firstUpvalue,
  GLOBALS,
  LIGHT_USERDATA,
  type Lua,
  NIL,
  OK,
  STRING,
  TABLE,
} from './lua.ts'
import { mathRandom, mathRandomSeed, type ScriptRandom } from './random.ts'
import { guardedLoad, guardedLoadString } from './source-guard.ts'
import { wideFormat, wideToNumber } from './wide-integers.ts'

const GLOBAL_FUNCTIONS = [
  'assert',
  'error',
  'gcinfo',
  'ipairs',
  'rawequal',
  'select',
  'type',
  'unpack',
] as const

const LIBRARIES = ['coroutine', 'math', 'string', 'table'] as const

/** Of table's functions those that write to an empty table, whatever its metatable says. */
const TABLE_WRITERS = ['insert'] as const
/** And those that read it. */
const TABLE_READERS = ['concat', 'foreach', 'foreachi', 'getn', 'maxn'] as const

/** What Redis's pcall answers when it is called with nothing. */
const NOTHING_CALLED = 'attempt to call a boolean value'
const READ_ONLY = 'Attempt to modify a readonly table'
const KIB = 1024
const GC_COLLECT = 2
const GC_COUNT = 3
const GC_COUNTB = 4
const GC_STEP = 5

/** A table that scripts can read only, and what it stands for. */
interface ReadOnly {
  /** The real table, by its reference. */
  readonly backing: number
  /** What getmetatable tells scripts, by its reference; 0 for nothing. */
  metatable: number
}

export class Sandbox {
  readonly #lua: Lua
  readonly #readOnly = new Map<number, ReadOnly>()
  readonly #random: ScriptRandom
  readonly #refuse: number
  /** The real table of globals, by its reference. */
  readonly #globals: number
  /** The metatable of what scripts see as the table of globals, by its reference. */
  readonly #environment: number
  /** `next` as it is, and as it is for read-only tables; by their references. */
  readonly #next: number
  readonly #readOnlyNext: number
  #stringMetatable = 0
  /** The script is being ended: handlers of errors do not run any more. */
  skipsHandlers = false

  /** `extend` adds what Redis brings to the table of globals on top of the stack. */
  constructor(
    lua: Lua,
    random: ScriptRandom,
    extend: (sandbox: Sandbox, thread: LuaThread) => void,
  ) {
    this.#lua = lua
    this.#random = random
    const { api, main } = lua
    this.#refuse = lua.interpreter.addFunction(thread => lua.raise(thread, READ_ONLY))
    for (const open of [
      api.luaopen_base,
      api.luaopen_table,
      api.luaopen_string,
      api.luaopen_math,
      api.luaopen_debug,
    ]) {
      open(main)
      api.lua_settop(main, 0)
    }
    lua.getField(main, GLOBALS, 'next')
    this.#next = lua.keep(main)
    this.#readOnlyNext = this.#keepWrapped(main, 'next')
    api.lua_createtable(main, 0, 0)
    this.#addBase(main)
    for (const name of LIBRARIES) this.#addLibrary(main, name)
    extend(this, main)
    this.refuseMissing(main)
    api.lua_pushvalue(main, -1)
    this.#globals = lua.keep(main)
    const shown = this.#shownMetatable(main)
    // The table of globals is a global too.
    api.lua_pushvalue(main, -1)
    this.protect(main, shown)
    api.lua_getmetatable(main, -1)
    this.#environment = lua.keep(main)
    api.lua_pushvalue(main, -1)
    lua.setField(main, -3, '_G')
    api.lua_replace(main, GLOBALS)
    this.#protectStrings(main)
    api.lua_settop(main, 0)
  }

  /** Puts a read-only table in the place of the table on top. */
  protect(thread: LuaThread, metatable = 0): void {
    const { api } = this.#lua
    api.lua_createtable(thread, 0, 0)
    const pointer = api.lua_topointer(thread, -1)
    api.lua_createtable(thread, 0, 2)
    api.lua_pushvalue(thread, -3)
    this.#lua.setField(thread, -2, '__index')
    api.lua_pushcclosure(thread, this.#refuse, 0)
    this.#lua.setField(thread, -2, '__newindex')
    api.lua_setmetatable(thread, -2)
    api.lua_insert(thread, -2)
    // The reference to the real table keeps it; the read-only one must live as long as its address.
    const backing = this.#lua.keep(thread)
    api.lua_pushvalue(thread, -1)
    this.#lua.keep(thread)
    this.#readOnly.set(pointer, { backing, metatable })
  }

  /** Pushes the real table of globals, past the protection. */
  pushGlobals(thread: LuaThread): void {
    this.#lua.pushKept(thread, this.#globals)
  }

  /** Makes another table of globals, of what `fill` adds to it; answers its reference. */
  otherGlobals(fill: (thread: LuaThread) => void): number {
    const { api, main } = this.#lua
    api.lua_createtable(main, 0, 1)
    fill(main)
    this.refuseMissing(main)
    return this.#lua.keep(main)
  }

  /** From now on code sees these globals; without a reference, its usual ones again. */
  useGlobals(ref = this.#globals): void {
    const { main } = this.#lua
    this.#lua.pushKept(main, this.#environment)
    this.#lua.pushKept(main, ref)
    this.#lua.setField(main, -2, '__index')
    this.#lua.pop(main)
  }

  #find(thread: LuaThread, index: number): ReadOnly | undefined {
    const { api } = this.#lua
    if (api.lua_type(thread, index) !== TABLE) return undefined
    return this.#readOnly.get(api.lua_topointer(thread, index))
  }

  /** Argument 1, if it is a read-only table, becomes what it stands for: for a function that reads. */
  #resolve(thread: LuaThread): void {
    const found = this.#find(thread, 1)
    if (found === undefined) return
    this.#lua.pushKept(thread, found.backing)
    this.#lua.api.lua_replace(thread, 1)
  }

  #refuseReadOnly(thread: LuaThread): void {
    if (this.#find(thread, 1) === undefined) return
    // Without a place, as errors are that come out of a C function.
    this.#lua.push(thread, READ_ONLY)
    this.#lua.throw(thread)
  }

  /** Adds to the table on top a function of the table below it, behind a look at its argument 1. */
  #wrap(thread: LuaThread, name: string, look: (thread: LuaThread) => void): void {
    this.#replace(thread, name, (_, original) => inner => {
      look(inner)
      return original(inner)
    })
  }

  /** Adds to the table on top what is made of a function of the table below it. */
  #replace(
    thread: LuaThread,
    name: string,
    make: (lua: Lua, original: LuaFunction) => LuaFunction,
  ): void {
    const { api, interpreter } = this.#lua
    this.#lua.getField(thread, -2, name)
    const original = interpreter.functionAt(api.lua_tocfunction(thread, -1))
    this.#lua.pop(thread)
    this.#lua.setFunction(thread, -1, name, make(this.#lua, original))
  }

  #keepWrapped(thread: LuaThread, name: string): number {
    const { api } = this.#lua
    api.lua_pushvalue(thread, GLOBALS)
    api.lua_createtable(thread, 0, 1)
    this.#wrap(thread, name, inner => this.#resolve(inner))
    this.#lua.getField(thread, -1, name)
    const ref = this.#lua.keep(thread)
    this.#lua.pop(thread, 2)
    return ref
  }

  #addBase(thread: LuaThread): void {
    const lua = this.#lua
    const { api } = lua
    for (const name of GLOBAL_FUNCTIONS) {
      lua.getField(thread, GLOBALS, name)
      lua.setField(thread, -2, name)
    }
    lua.setText(thread, -1, '_VERSION', 'Lua 5.1')
    lua.pushKept(thread, this.#readOnlyNext)
    lua.setField(thread, -2, 'next')
    api.lua_pushvalue(thread, GLOBALS)
    api.lua_insert(thread, -2)
    this.#wrap(thread, 'rawget', inner => this.#resolve(inner))
    this.#wrap(thread, 'rawset', inner => this.#refuseReadOnly(inner))
    this.#wrap(thread, 'setmetatable', inner => this.#refuseReadOnly(inner))
    this.#replace(thread, 'tostring', (_, tostring) => inner => {
      // The C library of the binary prints the pointer that cjson.null is in a way of its own.
      const isNull = lua.type(inner, 1) === LIGHT_USERDATA && api.lua_touserdata(inner, 1) === 0
      if (!isNull) return tostring(inner)
      lua.push(inner, 'userdata: (nil)')
      return 1
    })
    this.#replace(thread, 'tonumber', wideToNumber)
    this.#replace(thread, 'xpcall', (_, xpcall) => this.#xpcall(xpcall))
    this.#replace(thread, 'load', guardedLoad)
    this.#replace(thread, 'loadstring', guardedLoadString)
    api.lua_remove(thread, -2)
    lua.setFunction(thread, -1, 'pairs', this.#pairs)
    lua.setFunction(thread, -1, 'getmetatable', this.#getmetatable)
    lua.setFunction(thread, -1, 'pcall', this.#pcall)
    lua.setFunction(thread, -1, 'collectgarbage', this.#collectgarbage)
  }

  /** Adds to the table on top a library of the interpreter's own. */
  #addLibrary(thread: LuaThread, name: string): void {
    const lua = this.#lua
    const { api } = lua
    lua.getField(thread, GLOBALS, name)
    api.lua_createtable(thread, 0, 0)
    api.lua_pushnil(thread)
    while (api.lua_next(thread, -3) !== 0) {
      api.lua_pushvalue(thread, -2)
      api.lua_insert(thread, -2)
      api.lua_rawset(thread, -4)
    }
    if (name === 'math') {
      lua.setFunction(thread, -1, 'random', mathRandom(lua, this.#random))
      lua.setFunction(thread, -1, 'randomseed', mathRandomSeed(lua, this.#random))
    }
    if (name === 'string') this.#replace(thread, 'format', wideFormat)
    if (name === 'table') {
      for (const writer of TABLE_WRITERS) {
        this.#wrap(thread, writer, inner => this.#refuseReadOnly(inner))
      }
      for (const reader of TABLE_READERS) this.#wrap(thread, reader, inner => this.#resolve(inner))
    }
    api.lua_remove(thread, -2)
    this.protect(thread)
    lua.setField(thread, -2, name)
  }

  /** Gives the table on top a metatable by which it is a mistake to ask for what is not there. */
  refuseMissing(thread: LuaThread): void {
    const lua = this.#lua
    lua.api.lua_createtable(thread, 0, 1)
    lua.setFunction(thread, -1, '__index', inner =>
      lua.raise(
        inner,
        `Script attempted to access nonexistent global variable '${lua.text(inner, 2)}'`,
      ),
    )
    lua.api.lua_setmetatable(thread, -2)
  }

  /** What getmetatable(_G) shows: a read-only table with an __index, by its reference. */
  #shownMetatable(thread: LuaThread): number {
    this.#lua.api.lua_getmetatable(thread, -1)
    this.protect(thread)
    return this.#lua.keep(thread)
  }

  /** Strings have a metatable that all scripts share: they see a read-only one in its place. */
  #protectStrings(thread: LuaThread): void {
    const lua = this.#lua
    lua.push(thread, '')
    lua.api.lua_getmetatable(thread, -1)
    lua.pushKept(thread, this.#globals)
    lua.getField(thread, -1, 'string')
    lua.api.lua_remove(thread, -2)
    lua.setField(thread, -2, '__index')
    this.protect(thread)
    this.#stringMetatable = lua.keep(thread)
    lua.pop(thread)
  }

  readonly #pairs: LuaFunction = thread => {
    const { api } = this.#lua
    api.luaL_checktype(thread, 1, TABLE)
    const isReadOnly = this.#find(thread, 1) !== undefined
    this.#lua.pushKept(thread, isReadOnly ? this.#readOnlyNext : this.#next)
    api.lua_pushvalue(thread, 1)
    api.lua_pushnil(thread)
    return 3
  }

  readonly #getmetatable: LuaFunction = thread => {
    const { api } = this.#lua
    api.luaL_checkany(thread, 1)
    const found = this.#find(thread, 1)
    if (found !== undefined) {
      if (found.metatable === 0) api.lua_pushnil(thread)
      else this.#lua.pushKept(thread, found.metatable)
      return 1
    }
    if (api.lua_type(thread, 1) === STRING) {
      this.#lua.pushKept(thread, this.#stringMetatable)
      return 1
    }
    if (api.lua_getmetatable(thread, 1) === 0) {
      api.lua_pushnil(thread)
      return 1
    }
    this.#lua.getField(thread, -1, '__metatable')
    if (this.#lua.type(thread, -1) === NIL) this.#lua.pop(thread)
    return 1
  }

  /** As Lua's, but that an error which is a table with a text arrives as that text, as in Redis. */
  readonly #pcall: LuaFunction = thread => {
    const lua = this.#lua
    const { api } = lua
    if (api.lua_gettop(thread) === 0) {
      api.lua_pushboolean(thread, 0)
      lua.push(thread, NOTHING_CALLED)
      return 2
    }
    const status = api.lua_pcall(thread, api.lua_gettop(thread) - 1, ALL_RESULTS, 0)
    if (status !== OK && lua.type(thread, -1) === TABLE && this.#find(thread, -1) === undefined) {
      lua.getField(thread, -1, 'err')
      if (lua.type(thread, -1) === STRING) api.lua_remove(thread, -2)
      else lua.pop(thread)
    }
    api.lua_pushboolean(thread, status === OK ? 1 : 0)
    api.lua_insert(thread, 1)
    return api.lua_gettop(thread)
  }

  /**
   * As Lua's, but that the handler of errors is not called when the script is being ended: no hook
   * could end the handler.
   */
  #xpcall(original: LuaFunction): LuaFunction {
    const { api, interpreter } = this.#lua
    const guard = interpreter.addFunction(thread => {
      if (this.skipsHandlers) return 1
      api.lua_pushvalue(thread, firstUpvalue)
      api.lua_insert(thread, 1)
      api.lua_call(thread, 1, 1)
      return 1
    })
    return thread => {
      if (api.lua_type(thread, 2) === FUNCTION) {
        api.lua_pushvalue(thread, 2)
        api.lua_pushcclosure(thread, guard, 1)
        api.lua_replace(thread, 2)
      }
      return original(thread)
    }
  }

  /** What would change how the next script's garbage is collected is accepted and does nothing. */
  readonly #collectgarbage: LuaFunction = thread => {
    const lua = this.#lua
    const { api } = lua
    const option =
      lua.has(thread, 1) && lua.type(thread, 1) !== NIL ? lua.checkText(thread, 1) : 'collect'
    switch (option) {
      case 'count': {
        const kib = api.lua_gc(thread, GC_COUNT, 0)
        api.lua_pushnumber(thread, kib + api.lua_gc(thread, GC_COUNTB, 0) / KIB)
        return 1
      }
      case 'step':
        api.lua_pushboolean(thread, api.lua_gc(thread, GC_STEP, 0))
        return 1
      case 'collect':
        api.lua_pushnumber(thread, api.lua_gc(thread, GC_COLLECT, 0))
        return 1
      case 'stop':
      case 'restart':
      case 'setpause':
      case 'setstepmul':
        api.lua_pushnumber(thread, 0)
        return 1
      default:
        return lua.raiseArgument(thread, 1, `invalid option '${option}'`)
    }
  }
}
