// functions.ts — Libraries of functions: loaded once, called by name, kept and replicated as data.
//
// A library is its code. Loading runs it with a few globals only, and it registers its functions. The
// loading of a library is an effect of the log, so copies have the same libraries.
//
// Invariant: each function's name belongs to one library. A load that fails changes nothing.

import type { Call } from '../call.ts'
import { ReplyError } from '../errors.ts'
import type { Server } from '../server.ts'
import { Engine, EngineBroken } from './engine.ts'
import type { LuaThread } from './interpreter.ts'
import { FunctionRegistration, type RegisteredFunction } from './register.ts'
import { engineBroken, keyCount, pushArguments, showMonitors, startRun } from './scripts.ts'
import { parseLibrary } from './shebang.ts'

export interface Library {
  readonly name: string
  readonly code: string
  /** By their names as they were registered. */
  readonly functions: ReadonlyMap<string, RegisteredFunction>
}

/** Bytes that the code of all libraries together may have. */
const CODE_BYTES_MAX = 32 * 2 ** 20
const LIBRARY_BYTES = 400

const noFunction = new ReplyError('ERR Function not found')
const noLibrary = new ReplyError('ERR Library not found')
const noneRegistered = new ReplyError('ERR No functions registered')
const badKeys = new ReplyError('ERR Bad number of keys provided')
const codeFull = new ReplyError('ERR the code of all libraries together would be too large')

const KEYS_AT = 3

export class Functions {
  readonly #server: Server
  #engine: Engine | undefined
  /** Bytes of the libraries' code. */
  codeMemory = 0
  #libraries = new Map<string, Library>()
  /** By their names in lower case: calls may write them in either. */
  #functions = new Map<string, RegisteredFunction>()
  /** What the library that is being loaded has registered. */
  #registering: Map<string, RegisteredFunction> | undefined

  constructor(server: Server) {
    this.#server = server
  }

  get libraries(): ReadonlyMap<string, Library> {
    return this.#libraries
  }

  get size(): number {
    return this.#functions.size
  }

  get engineMemory(): number {
    return this.#engine?.memory ?? 0
  }

  /** Loads a library; answers its name. */
  load(code: string, replaces: boolean): string {
    const { name, source } = parseLibrary(code)
    const present = this.#libraries.get(name)
    if (present !== undefined && !replaces) {
      throw new ReplyError(`ERR Library '${name}' already exists`)
    }
    if (this.codeMemory + code.length > CODE_BYTES_MAX) throw codeFull
    const library = this.#compile(name, code, source, true)
    const collision = this.#collision(library, present)
    if (collision !== undefined) {
      this.#release(library)
      throw new ReplyError(`ERR Function ${collision} already exists`)
    }
    if (present !== undefined) this.#remove(present)
    this.#add(library)
    return name
  }

  delete(name: string): void {
    const library = this.#libraries.get(name)
    if (library === undefined) throw noLibrary
    this.#remove(library)
  }

  flush(): void {
    this.#libraries.clear()
    this.#functions.clear()
    this.codeMemory = 0
    this.#engine = undefined
  }

  /** Loads several libraries, or none of them if one cannot be loaded. */
  restore(codes: readonly string[], policy: 'flush' | 'append' | 'replace'): void {
    const before = [...this.#libraries.values()]
    try {
      if (policy === 'flush') this.flush()
      // Those that make room go first, since functions may have moved from one library to another.
      else for (const code of codes) this.#makeWay(parseLibrary(code).name, policy)
      for (const code of codes) this.load(code, false)
    } catch (error) {
      this.#renew(before)
      throw error
    }
  }

  #makeWay(name: string, policy: 'append' | 'replace'): void {
    const present = this.#libraries.get(name)
    if (present === undefined) return
    if (policy === 'append') throw new ReplyError(`ERR Library ${name} already exists`)
    this.#remove(present)
  }

  /** FCALL and FCALL_RO. */
  call(call: Call, readOnly: boolean): void {
    showMonitors(call)
    const name = call.text(1)
    const found = this.#functions.get(name.toLowerCase())
    if (found === undefined) throw noFunction
    call.integer(2, badKeys)
    const keys = keyCount(call)
    const run = startRun(call, found.name, true, found.flags, readOnly)
    const engine = this.#engine!
    const prepare = (thread: LuaThread): number => {
      pushArguments(engine, thread, call, KEYS_AT, KEYS_AT + keys)
      pushArguments(engine, thread, call, KEYS_AT + keys, call.count)
      return 2
    }
    try {
      engine.execute(run, found.fn, prepare)
    } catch (error) {
      if (!(error instanceof EngineBroken)) throw error
      this.#renew()
      throw engineBroken
    }
  }

  /** `timed`: whether the code may take only so long; it may, where it was loaded before. */
  #compile(name: string, code: string, source: string, timed: boolean): Library {
    const functions = new Map<string, RegisteredFunction>()
    this.#engine ??= new Engine(this.#server, thread => this.#register(thread))
    this.#registering = functions
    let failure: string | undefined
    try {
      failure = this.#engine.load(source, timed)
    } catch (error) {
      if (!(error instanceof EngineBroken)) throw error
      this.#renew()
      throw engineBroken
    } finally {
      this.#registering = undefined
    }
    const library = { name, code, functions }
    if (failure !== undefined) {
      this.#release(library)
      throw new ReplyError(failure)
    }
    if (functions.size === 0) throw noneRegistered
    return library
  }

  #register(thread: LuaThread): number {
    const registration: FunctionRegistration = new FunctionRegistration(this.#engine!.lua, thread)
    const functions = this.#registering
    if (functions === undefined) {
      registration.refuse('ERR redis.register_function can only be called on FUNCTION LOAD command')
    }
    const registered = registration.read()
    if (functions.has(registered.name)) {
      this.#engine!.lua.release(registered.fn)
      registration.refuse('ERR Function already exists in the library')
    }
    functions.set(registered.name, registered)
    return 0
  }

  /** A function of the library whose name another library has. */
  #collision(library: Library, replaced: Library | undefined): string | undefined {
    for (const { name } of library.functions.values()) {
      const present = this.#functions.get(name.toLowerCase())
      if (present !== undefined && replaced?.functions.get(present.name) !== present) return name
    }
    return undefined
  }

  #add(library: Library): void {
    this.#libraries.set(library.name, library)
    this.codeMemory += library.code.length + LIBRARY_BYTES
    for (const each of library.functions.values()) {
      this.#functions.set(each.name.toLowerCase(), each)
    }
  }

  #remove(library: Library): void {
    this.#libraries.delete(library.name)
    this.codeMemory -= library.code.length + LIBRARY_BYTES
    for (const { name } of library.functions.values()) this.#functions.delete(name.toLowerCase())
    this.#release(library)
  }

  #release(library: Library): void {
    for (const { fn } of library.functions.values()) this.#engine?.lua.release(fn)
  }

  /** Another interpreter, with these libraries and no others. */
  #renew(libraries = [...this.#libraries.values()]): void {
    this.flush()
    for (const { name, code } of libraries) {
      this.#add(this.#compile(name, code, parseLibrary(code).source, false))
    }
  }
}
