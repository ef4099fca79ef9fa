// lua.ts — A Lua state as the rest of scripting sees it: bytes and values on and off its stack.
//
// Strings are latin1 here, one character per byte, so that nothing is lost on the way. Functions take
// the thread that they work on, since a script may call them from a coroutine.
//
// A function that raises does not return: the long jump of Lua unwinds the JavaScript between. So
// nothing that calls into Lua may hold a resource that must be given back by `finally`.

import type { Interpreter, LuaExports, LuaFunction, LuaThread } from './interpreter.ts'

// Types of values.
export const NIL = 0
export const BOOLEAN = 1
export const LIGHT_USERDATA = 2
export const NUMBER = 3
export const STRING = 4
export const TABLE = 5
export const FUNCTION = 6

/** Pseudo-indexes of the registry, of a thread's globals, and of a function's first upvalue. */
export const REGISTRY = -10000
export const GLOBALS = -10002
export const firstUpvalue = -10003

/** `lua_pcall` succeeded. */
export const OK = 0
/** As many results as there are. */
export const ALL_RESULTS = -1

/** Strings up to this size are passed through memory that is there; larger ones ask for their own. */
const SCRATCH_BYTES = 1 << 16

export class Lua {
  readonly api: LuaExports
  readonly interpreter: Interpreter
  /** The main thread. */
  readonly main: LuaThread
  readonly #scratch: number
  readonly #length: number

  constructor(interpreter: Interpreter) {
    this.interpreter = interpreter
    this.api = interpreter.api
    this.#scratch = this.api.malloc(SCRATCH_BYTES)
    this.#length = this.api.malloc(8)
    this.main = this.api.luaL_newstate()
    if (this.main === 0) throw new Error('no memory for a Lua state')
  }

  // On to the stack

  push(thread: LuaThread, text: string): void {
    const size = text.length
    const place = size <= SCRATCH_BYTES ? this.#scratch : this.#allocate(thread, size)
    const { heap } = this.interpreter
    if (size <= 24) {
      for (let i = 0; i < size; i++) heap[place + i] = text.charCodeAt(i)
    } else {
      heap.latin1Write(text, place)
    }
    this.#pushFrom(thread, place, size)
  }

  /** Pushes `from[start, end)` as a string. */
  pushBytes(thread: LuaThread, from: Uint8Array, start: number, end: number): void {
    const size = end - start
    const place = size <= SCRATCH_BYTES ? this.#scratch : this.#allocate(thread, size)
    const { heap } = this.interpreter
    if (size <= 64) {
      for (let i = 0; i < size; i++) heap[place + i] = from[start + i]!
    } else {
      heap.set(from.subarray(start, end), place)
    }
    this.#pushFrom(thread, place, size)
  }

  #pushFrom(thread: LuaThread, place: number, size: number): void {
    this.api.lua_pushlstring(thread, place, size)
    // If there was no memory for it, the long jump has left the copy behind; see `#allocate`.
    if (place !== this.#scratch) {
      this.api.free(place)
      this.#large = 0
    }
  }

  #large = 0

  /** Memory for one large string. What a long jump left behind is given back at the next. */
  #allocate(thread: LuaThread, size: number): number {
    if (this.#large !== 0) this.api.free(this.#large)
    this.#large = this.api.malloc(size)
    if (this.#large === 0) this.raise(thread, 'not enough memory')
    return this.#large
  }

  pushFunction(thread: LuaThread, fn: LuaFunction): void {
    this.api.lua_pushcclosure(thread, this.interpreter.addFunction(fn), 0)
  }

  readonly #names = new Map<string, number>()

  /** Pushes a word of our own, which is made once. */
  pushName(thread: LuaThread, name: string): void {
    let ref = this.#names.get(name)
    if (ref === undefined) {
      this.push(thread, name)
      ref = this.keep(thread)
      this.#names.set(name, ref)
    }
    this.api.lua_rawgeti(thread, REGISTRY, ref)
  }

  /**
   * Sets a field of the table at `index` to the value on top, which is popped. `index` counts that
   * value, as in C; where the value is given as an argument it does not.
   */
  setField(thread: LuaThread, index: number, name: string): void {
    this.pushName(thread, name)
    this.api.lua_insert(thread, -2)
    this.api.lua_rawset(thread, below(index))
  }

  /** Pushes a field of the table at `index`; no metamethod is asked. */
  getField(thread: LuaThread, index: number, name: string): void {
    this.pushName(thread, name)
    this.api.lua_rawget(thread, below(index))
  }

  setText(thread: LuaThread, index: number, name: string, text: string): void {
    this.pushName(thread, name)
    this.push(thread, text)
    this.api.lua_rawset(thread, below(below(index)))
  }

  setNumber(thread: LuaThread, index: number, name: string, value: number): void {
    this.api.lua_pushnumber(thread, value)
    this.setField(thread, below(index), name)
  }

  setFunction(thread: LuaThread, index: number, name: string, fn: LuaFunction): void {
    this.pushFunction(thread, fn)
    this.setField(thread, below(index), name)
  }

  /** A new reference to the value on top, which is popped. */
  keep(thread: LuaThread): number {
    return this.api.luaL_ref(thread, REGISTRY)
  }

  pushKept(thread: LuaThread, ref: number): void {
    this.api.lua_rawgeti(thread, REGISTRY, ref)
  }

  release(ref: number): void {
    this.api.luaL_unref(this.main, REGISTRY, ref)
  }

  pop(thread: LuaThread, count = 1): void {
    this.api.lua_settop(thread, -count - 1)
  }

  // Off the stack

  type(thread: LuaThread, index: number): number {
    return this.api.lua_type(thread, index)
  }

  /** The string at `index`. A number there becomes a string in place, as in C. */
  text(thread: LuaThread, index: number): string {
    const place = this.api.lua_tolstring(thread, index, this.#length)
    return place === 0 ? '' : this.#read(place)
  }

  #read(place: number): string {
    const size = this.interpreter.words[this.#length >>> 2]!
    return this.interpreter.heap.latin1Slice(place, place + size)
  }

  /** The address of the string at `index`, good while it is on the stack; `size` tells its bytes. */
  address(thread: LuaThread, index: number): number {
    return this.api.lua_tolstring(thread, index, this.#length)
  }

  /** Bytes of the string that `address` was asked for last. */
  get size(): number {
    return this.interpreter.words[this.#length >>> 2]!
  }

  /** A string argument, or Lua's error that there is none. */
  checkText(thread: LuaThread, argument: number): string {
    return this.#read(this.api.luaL_checklstring(thread, argument, this.#length))
  }

  /** Whether there is an argument, be it nil. */
  has(thread: LuaThread, argument: number): boolean {
    return this.api.lua_gettop(thread) >= argument
  }

  /** Whether there is an argument other than nil. */
  isGiven(thread: LuaThread, argument: number): boolean {
    return this.api.lua_type(thread, argument) > NIL
  }

  /** A string field of the table at `index`, or undefined. */
  textField(thread: LuaThread, index: number, name: string): string | undefined {
    this.getField(thread, index, name)
    const text = this.type(thread, -1) === STRING ? this.text(thread, -1) : undefined
    this.pop(thread)
    return text
  }

  // Errors

  /** Raises an error with the place of the Lua code that called. */
  raise(thread: LuaThread, text: string): never {
    this.api.luaL_where(thread, 1)
    this.push(thread, text)
    this.api.lua_concat(thread, 2)
    this.throw(thread)
  }

  /** Raises the value on top. */
  throw(thread: LuaThread): never {
    this.api.lua_error(thread)
    throw new Error('lua_error returned')
  }

  raiseArgument(thread: LuaThread, argument: number, text: string): never {
    const place = this.#scratch
    const end = this.interpreter.heap.latin1Write(text, place)
    this.interpreter.heap[place + end] = 0
    this.api.luaL_argerror(thread, argument, place)
    throw new Error('luaL_argerror returned')
  }

  // Code

  /** Compiles; leaves the function, or the error's text, on the stack. */
  load(thread: LuaThread, source: string, name: string): boolean {
    const { api, interpreter } = this
    const place = api.malloc(source.length + name.length + 1)
    if (place === 0) {
      this.push(thread, 'not enough memory')
      return false
    }
    interpreter.heap.latin1Write(source, place)
    interpreter.heap.latin1Write(name, place + source.length)
    interpreter.heap[place + source.length + name.length] = 0
    const status = api.luaL_loadbuffer(thread, place, source.length, place + source.length)
    api.free(place)
    return status === OK
  }
}

/** The index that finds the same slot when one more value stands on the stack. */
function below(index: number): number {
  return index < 0 && index > REGISTRY ? index - 1 : index
}
