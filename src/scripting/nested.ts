// nested.ts — Commands that a script runs: redis.call and redis.pcall.
//
// A command runs inside the script's own command: what it changes joins the same entry of the effect
// log, and it never waits. Its reply is written as for a client, into an output of the script's own,
// and read back from there. What is refused here is refused before anything has changed.

import { Call } from '../call.ts'
import { RESTRICTED } from '../client.ts'
import { type Command, DENYOOM, NOSCRIPT, WRITE } from '../command.ts'
import { errors } from '../errors.ts'
import type { Server } from '../server.ts'
import { Output } from '../wire/output.ts'
import { Mark } from '../wire/reply.ts'
import type { LuaThread } from './interpreter.ts'
import { type Lua, NUMBER, STRING } from './lua.ts'
import { formatGeneral } from './number-format.ts'
import { pushError, ReplyReader } from './replies.ts'
import type { Run } from './run.ts'

const NO_ARGUMENTS = 'ERR Please specify at least one argument for this redis lib call'
const BAD_ARGUMENT = 'ERR Lua redis lib command arguments must be strings or integers'
const UNKNOWN = 'ERR Unknown Redis command called from script'
const WRONG_ARITY = 'ERR Wrong number of args calling Redis command from script'
const NOT_ALLOWED = 'ERR This Redis command is not allowed from script'
const READ_ONLY = 'ERR Write commands are not allowed from read-only scripts.'

/** Room for the arguments of usual commands; it grows with larger ones and is given back. */
const ARGUMENT_BYTES = 1 << 14
const ARGUMENTS = 128
/** Of the commands that take constant time one in eight is timed, and stands for the others. */
const SAMPLING_MASK = 7
/** Enough for every double to be read back as it was. */
const DIGITS = 17

export class NestedCommands {
  readonly #server: Server
  readonly #lua: Lua
  readonly #reader: ReplyReader
  readonly #call: Call
  readonly #output = new Output(() => undefined)
  readonly #mark = new Mark()
  #bytes: Buffer = Buffer.allocUnsafeSlow(ARGUMENT_BYTES)
  #offsets = new Int32Array(2 * ARGUMENTS)

  /** Commands that have run, and what the last took that was timed. */
  #count = 0
  #elapsed = 0
  /** Whether a command is running, and has not come to an end. */
  isRunning = false

  constructor(server: Server, lua: Lua) {
    this.#server = server
    this.#lua = lua
    this.#reader = new ReplyReader(lua)
    this.#call = new Call(server, server.reply)
    this.#call.isScripted = true
  }

  /** Runs the command that is on the stack, and leaves its reply there; true if that is an error. */
  run(thread: LuaThread, run: Run): boolean {
    const refusal = this.#read(thread) ?? this.#admit(run)
    if (refusal !== undefined) {
      this.#server.stats.countError(refusal)
      pushError(this.#lua, thread, refusal)
      return true
    }
    return this.#execute(thread, run)
  }

  /** The command that the arguments name, its subcommand included. */
  find(): Command | undefined {
    const call = this.#call
    const command = this.#server.registry.find(call.bytes, call.start(0), call.end(0))
    if (command?.subcommands === undefined || call.count < 2) return command
    return command.subcommands.get(call.text(1).toLowerCase())
  }

  /** The call as it was read last, for those who only ask about it. */
  get call(): Call {
    return this.#call
  }

  /** Takes the arguments from the stack; answers why they cannot be a command. */
  read(thread: LuaThread, run: Run): string | undefined {
    const { client, now } = run.call
    const call = this.#call
    call.client = client
    call.db = client.db
    call.now = now
    return this.#read(thread)
  }

  #read(thread: LuaThread): string | undefined {
    const lua = this.#lua
    const { api, interpreter } = lua
    const call = this.#call
    const count = api.lua_gettop(thread)
    if (count === 0) return NO_ARGUMENTS
    if (2 * count > this.#offsets.length) this.#offsets = new Int32Array(4 * count)
    const offsets = this.#offsets
    let at = 0
    for (let i = 0; i < count; i++) {
      offsets[2 * i] = at
      const type = api.lua_type(thread, i + 1)
      if (type === STRING) {
        const address = lua.address(thread, i + 1)
        const { size } = lua
        this.#reserve(at, size)
        const { heap } = interpreter
        const bytes = this.#bytes
        if (size <= 64) for (let k = 0; k < size; k++) bytes[at + k] = heap[address + k]!
        else heap.copy(bytes, at, address, address + size)
        at += size
      } else if (type === NUMBER) {
        const text = this.#numberText(thread, i + 1)
        this.#reserve(at, text.length)
        at += this.#bytes.latin1Write(text, at)
      } else {
        return BAD_ARGUMENT
      }
      offsets[2 * i + 1] = at
    }
    call.bytes = this.#bytes
    call.offsets = offsets
    call.count = count
    return undefined
  }

  /** A number as an argument: integers in full, others with 17 digits, as in Redis. */
  #numberText(thread: LuaThread, index: number): string {
    const { api } = this.#lua
    const value = api.lua_tonumber(thread, index)
    if (!Number.isNaN(value)) return formatGeneral(value, DIGITS)
    // Only the interpreter knows its sign.
    api.lua_pushvalue(thread, index)
    const text = this.#lua.text(thread, -1)
    this.#lua.pop(thread)
    return text
  }

  #reserve(at: number, size: number): void {
    if (at + size <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (at + size))
    this.#bytes.copy(larger, 0, 0, at)
    this.#bytes = larger
  }

  /** Checks the call as Redis does, in its order; answers why it is refused. */
  #admit(run: Run): string | undefined {
    const command = this.find()
    if (command === undefined) return UNKNOWN
    const refusal = this.#refusal(command, run)
    if (refusal !== undefined) command.rejected++
    return refusal
  }

  #refusal(command: Command, run: Run): string | undefined {
    const call = this.#call
    const { client } = run.call
    const { arity, bits, handler } = command
    if (handler === undefined || (arity > 0 ? call.count !== arity : call.count < -arity)) {
      return WRONG_ARITY
    }
    if ((bits & NOSCRIPT) !== 0) return NOT_ALLOWED
    call.client = client
    call.command = command
    call.db = client.db
    call.now = run.call.now
    call.mayBlock = false
    call.parked = undefined
    if (client.is(RESTRICTED)) {
      const denial = this.#server.acl.checkScripted(call)
      if (denial !== undefined) return denial.text
    }
    const writes = (bits & WRITE) !== 0
    if (writes && run.readOnly) return READ_ONLY
    const isFull = writes && (bits & DENYOOM) !== 0 && run.refusesMemory && !run.wrote
    if (isFull) return errors.outOfMemory.text
    const denial = this.#server.router?.deny(run.call, call)
    if (denial !== undefined) return denial.text
    if (writes) run.wrote = true
    return undefined
  }

  #execute(thread: LuaThread, run: Run): boolean {
    const server = this.#server
    const { dispatch, reply } = server
    const { client } = run.call
    const call = this.#call
    const output = this.#output
    const { command } = call
    reply.end()
    reply.begin(output, run.protocol)
    const isTimed =
      call.count > command.batchedArgumentsMax || (this.#count++ & SAMPLING_MASK) === 0
    const start = isTimed ? server.clock.microseconds() : 0
    this.isRunning = true
    dispatch.run(call, this.#mark)
    this.isRunning = false
    reply.end()
    if (isTimed) {
      run.seenAt = server.clock.microseconds()
      this.#elapsed = run.seenAt - start
      if (this.#elapsed >= server.slowThresholdMicroseconds)
        server.slow(call, client, this.#elapsed)
    }
    server.stats.commandsProcessed++
    command.account(1, this.#elapsed, dispatch.tracksLatency)
    dispatch.observe(call)
    // All is put back before the value is made: if Lua has no memory for it, control does not
    // come back here. The bytes stay where they are until something else is written.
    const start0 = output.starts[0]!
    const bytes = output.ranges === 1 ? output.buffers[0]! : joined(output)
    const from = output.ranges === 1 ? start0 : 0
    if (output.ranges === 1 && bytes === reply.bytes && output.ends[0] === reply.at) {
      reply.at = start0
    }
    output.clear()
    reply.begin(client.output, client.protocol)
    if (this.#bytes.length > ARGUMENT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(ARGUMENT_BYTES)
    this.#reader.push(thread, bytes, from)
    return bytes[from] === MINUS
  }
}

function joined(output: Output): Buffer {
  const ranges: Buffer[] = []
  for (let i = 0; i < output.ranges; i++) {
    ranges.push(output.buffers[i]!.subarray(output.starts[i], output.ends[i]))
  }
  return Buffer.concat(ranges)
}

const MINUS = 0x2d
