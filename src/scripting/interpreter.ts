// interpreter.ts — One instance of the Lua interpreter: its exports, its memory, functions for it.
//
// The binary asks its host for two dozen functions. It gets those that Lua itself needs: memory, and
// the long jumps by which Lua raises errors, which are a JavaScript exception between its frames. All
// that would reach out of it (files, processes, time, standard output) is answered by an error.
//
// Invariant: `heap` and `words` always look at the present memory, which moves when it grows.

import { interpreterModule } from './interpreter-file.ts'

/** A Lua state or one of its coroutines: an address in the interpreter's memory. */
export type LuaThread = number

/** What the binary exports, as far as it is used. Strings are addresses of bytes, and their lengths. */
export interface LuaExports {
  readonly memory: WebAssembly.Memory
  readonly __indirect_function_table: WebAssembly.Table
  __wasm_call_ctors(): void
  emscripten_stack_init(): void
  stackSave(): number
  stackRestore(pointer: number): void
  setThrew(threw: number, value: number): void
  malloc(size: number): number
  free(address: number): void

  luaL_newstate(): LuaThread
  luaopen_base(thread: LuaThread): number
  luaopen_debug(thread: LuaThread): number
  luaopen_math(thread: LuaThread): number
  luaopen_string(thread: LuaThread): number
  luaopen_table(thread: LuaThread): number

  luaL_loadbuffer(thread: LuaThread, bytes: number, size: number, name: number): number
  lua_pcall(thread: LuaThread, args: number, results: number, handler: number): number
  lua_call(thread: LuaThread, args: number, results: number): void
  lua_error(thread: LuaThread): number
  luaL_where(thread: LuaThread, level: number): void
  luaL_argerror(thread: LuaThread, argument: number, text: number): number
  luaL_checktype(thread: LuaThread, argument: number, type: number): void
  luaL_checkany(thread: LuaThread, argument: number): void
  luaL_checknumber(thread: LuaThread, argument: number): number
  luaL_checklstring(thread: LuaThread, argument: number, length: number): number

  lua_gettop(thread: LuaThread): number
  lua_settop(thread: LuaThread, index: number): void
  lua_pushvalue(thread: LuaThread, index: number): void
  lua_remove(thread: LuaThread, index: number): void
  lua_insert(thread: LuaThread, index: number): void
  lua_replace(thread: LuaThread, index: number): void
  lua_checkstack(thread: LuaThread, slots: number): number
  lua_concat(thread: LuaThread, count: number): void
  lua_newthread(thread: LuaThread): LuaThread

  lua_isnumber(thread: LuaThread, index: number): number
  lua_isstring(thread: LuaThread, index: number): number
  lua_type(thread: LuaThread, index: number): number
  lua_rawequal(thread: LuaThread, a: number, b: number): number
  lua_toboolean(thread: LuaThread, index: number): number
  lua_tonumber(thread: LuaThread, index: number): number
  lua_tolstring(thread: LuaThread, index: number, length: number): number
  lua_tocfunction(thread: LuaThread, index: number): number
  lua_topointer(thread: LuaThread, index: number): number
  lua_touserdata(thread: LuaThread, index: number): number
  lua_objlen(thread: LuaThread, index: number): number

  lua_pushnil(thread: LuaThread): void
  lua_pushboolean(thread: LuaThread, value: number): void
  lua_pushnumber(thread: LuaThread, value: number): void
  lua_pushlstring(thread: LuaThread, bytes: number, size: number): void
  lua_pushcclosure(thread: LuaThread, fn: number, upvalues: number): void
  lua_pushlightuserdata(thread: LuaThread, address: number): void

  lua_createtable(thread: LuaThread, array: number, record: number): void
  lua_rawget(thread: LuaThread, index: number): void
  lua_rawset(thread: LuaThread, index: number): void
  lua_rawgeti(thread: LuaThread, index: number, n: number): void
  lua_rawseti(thread: LuaThread, index: number, n: number): void
  lua_gettable(thread: LuaThread, index: number): void
  lua_next(thread: LuaThread, index: number): number
  lua_getmetatable(thread: LuaThread, index: number): number
  lua_setmetatable(thread: LuaThread, index: number): number

  luaL_ref(thread: LuaThread, table: number): number
  luaL_unref(thread: LuaThread, table: number, ref: number): void
  lua_gc(thread: LuaThread, what: number, data: number): number
  lua_sethook(thread: LuaThread, fn: number, mask: number, count: number): number
}

/** Memory that one interpreter may take, with all that its scripts keep and build. */
export const MEMORY_BYTES_MAX = 256 * 2 ** 20
const PAGE_BYTES = 65536
const PAGE_SHIFT = 16
/** The memory grows by this much at least, since each growth moves the views. */
const GROWTH_BYTES_MIN = 2 ** 22

/** What a long jump throws; the binary's own convention. */
const LONG_JUMP = Number.POSITIVE_INFINITY
/** "Function not implemented", as the C library of the binary reads errors. */
const NOT_IMPLEMENTED = -52

/** A function of ours as Lua calls it: takes the thread, answers the number of results. */
export type LuaFunction = (thread: LuaThread) => number

export class Interpreter {
  readonly api: LuaExports
  heap: Buffer
  words: Uint32Array
  readonly #functionModule = new WebAssembly.Module(wrapper(FUNCTION_TYPE))
  readonly #hookModule = new WebAssembly.Module(wrapper(HOOK_TYPE))

  constructor() {
    const module = interpreterModule()
    const instance = new WebAssembly.Instance(module, this.#imports(module))
    this.api = instance.exports as unknown as LuaExports
    this.heap = Buffer.from(this.api.memory.buffer)
    this.words = new Uint32Array(this.api.memory.buffer)
    this.api.emscripten_stack_init()
    this.api.__wasm_call_ctors()
  }

  /** Bytes of its memory; it never gets smaller. */
  get memory(): number {
    return this.heap.length
  }

  /** Makes a function callable from Lua; answers its place in the table of functions, for good. */
  addFunction(fn: LuaFunction): number {
    return this.#add(this.#functionModule, fn)
  }

  /** As `addFunction`, for a hook: what Lua calls after so many instructions. */
  addHook(hook: (thread: LuaThread) => void): number {
    return this.#add(this.#hookModule, hook)
  }

  #add(module: WebAssembly.Module, fn: (thread: LuaThread) => unknown): number {
    const instance = new WebAssembly.Instance(module, { e: { f: fn } })
    const table = this.api.__indirect_function_table
    const place = table.grow(1)
    table.set(place, instance.exports.f)
    return place
  }

  /** A C function by its place, to be called in the frame of one of ours. */
  functionAt(place: number): LuaFunction {
    return this.api.__indirect_function_table.get(place) as LuaFunction
  }

  #imports(module: WebAssembly.Module): WebAssembly.Imports {
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {
      env: {
        invoke_vii: (place: number, a: number, b: number) => this.#invoke(place, a, b),
        _emscripten_throw_longjmp: () => {
          throw LONG_JUMP
        },
        emscripten_memcpy_js: (to: number, from: number, size: number) => {
          this.heap.copyWithin(to, from, from + size)
        },
        emscripten_resize_heap: (size: number) => this.#grow(size >>> 0),
      },
    }
    for (const { module: space, name } of WebAssembly.Module.imports(module)) {
      imports[space] ??= {}
      imports[space][name] ??= () => NOT_IMPLEMENTED
    }
    return imports
  }

  /** Calls a function that may end by a long jump. */
  #invoke(place: number, a: number, b: number): void {
    const { api } = this
    const stack = api.stackSave()
    try {
      const fn = api.__indirect_function_table.get(place) as (a: number, b: number) => void
      fn(a, b)
    } catch (error) {
      if (error !== LONG_JUMP) throw error
      api.stackRestore(stack)
      api.setThrew(1, 0)
    }
  }

  /** 1 if the memory has at least `size` bytes now; Lua takes 0 for "not enough memory". */
  #grow(size: number): number {
    const { memory } = this.api
    const present = memory.buffer.byteLength
    const wanted = Math.max(size, Math.min(MEMORY_BYTES_MAX, present + GROWTH_BYTES_MIN))
    if (size > MEMORY_BYTES_MAX) return 0
    memory.grow((wanted - present + PAGE_BYTES - 1) >>> PAGE_SHIFT)
    this.heap = Buffer.from(memory.buffer)
    this.words = new Uint32Array(memory.buffer)
    return 1
  }
}

/** (i32) -> i32. */
const FUNCTION_TYPE = [0x60, 1, 0x7f, 1, 0x7f]
/** (i32, i32) -> nothing. */
const HOOK_TYPE = [0x60, 2, 0x7f, 0x7f, 0]

/**
 * A WebAssembly module that imports e.f, a function of a type, and exports it as f: only what comes
 * out of a module can stand in a table of functions.
 */
function wrapper(type: readonly number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, type.length + 1, 1, ...type],
    // Imports: e.f is a function of type 0.
    ...[2, 7, 1, 1, 0x65, 1, 0x66, 0, 0],
    // Exports: f is function 0.
    ...[7, 5, 1, 1, 0x66, 0, 0],
  ])
}
