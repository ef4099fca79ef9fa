// dispatch.ts — From bytes to executed commands: the pipeline that every request passes.
//
// read → look up → arity → (only where a bit of the client or the server says so: authentication,
// ACL, MULTI queue, subscriber mode, pause, routing) → memory → run → effects → those who waited.
// It is driven by the row's flags, never by its name.
//
// Nothing on the fast path allocates. Time is read per chunk: commands that are O(1), by their row or by
// having one element or member, share the chunk's time evenly among them, others are timed one by
// one. Reading the clock for each would cost a tenth of the throughput at pipeline 64, and its result
// would be noise. For the same reason only some of the small chunks are timed.

import { Call } from './call.ts'
import {
  ASKING_ONCE,
  CLOSING,
  type Client,
  FORWARDING,
  HALTED,
  IN_MULTI,
  PARKED,
  PAUSED,
  type Queued,
  REPLAY,
  RESTRICTED,
  SILENCED,
  SUBSCRIBER,
  TRACKED,
  UNAUTHENTICATED,
} from './client.ts'
import {
  ADMIN,
  type Command,
  DENYOOM,
  IMMEDIATE,
  NO_AUTH,
  NO_MULTI,
  RUNS_QUEUE,
  SKIP_MONITOR,
  WRITE,
} from './command.ts'
import { NO_SEGMENT } from './effects.ts'
import {
  errors,
  executionRefused,
  printable,
  ReplyError,
  unknownSubcommand,
  wrongArity,
} from './errors.ts'
import { NO_SLOT } from './keyspace/slot.ts'
import type { Server } from './server.ts'
import { endTransaction, queueCall } from './transaction.ts'
import { type Attempt, Parked, type ParkOptions, type WaitEnd } from './waiting.ts'
import { COMPLETE, Decoder, INCOMPLETE } from './wire/decoder.ts'
import { Mark, type Reply } from './wire/reply.ts'
import { encodeRequest } from './wire/request.ts'

/** States of a client that send a command through the checks off the fast path. */
const CHECKED =
  UNAUTHENTICATED | RESTRICTED | IN_MULTI | SUBSCRIBER | SILENCED | TRACKED | ASKING_ONCE

/**
 * Of the chunks up to this size, one in eight is timed, and stands for those before it. A chunk with
 * a single GET takes less time than four looks at the clock.
 */
const SMALL_CHUNK_BYTES = 512
const SAMPLING_MASK = 7
/** A command that ran longer than this makes the turn's time stale. */
const STALE_MICROSECONDS = 1000
/** Output limits are at least this, so that smaller outputs need no look. */
const OUTPUT_CHECKED_BYTES = 16 * 1024

/** Bytes of pending requests that an idle connection may keep. */
const PENDING_KEPT = 1 << 16

export class Dispatch {
  readonly reply: Reply
  readonly #server: Server
  readonly #decoder = new Decoder()
  readonly #call: Call
  readonly #mark = new Mark()
  /** Where the reply of a silenced client's command starts, refusals included. */
  readonly #silence = new Mark()
  /** Clients whose parked or paused call is over, and whose pending requests can go on. */
  readonly #runnable: Client[] = []

  /** Constant-time commands whose time is not accounted for yet. */
  readonly #batch: Command[] = []
  #timedMicroseconds = 0
  #depth = 0
  readonly #afterReply: ((reply: Reply) => void)[] = []

  /** `latency-tracking`. */
  tracksLatency = true

  /** The client whose command is running. */
  current: Client | undefined = undefined

  constructor(server: Server, reply: Reply) {
    this.#server = server
    this.reply = reply
    this.#call = new Call(server, reply)
  }

  /** Bytes from a client: `chunk[0, end)`, which the caller may reuse afterwards. */
  receive(client: Client, chunk: Buffer, end: number): void {
    const server = this.#server
    if (!server.isInTurn) server.beginTurn()
    else if (server.router !== undefined) server.readClock()
    server.stats.netInputBytes += end
    client.lastActiveAt = server.monotonic
    if (client.pending.length > 0 || (client.state & HALTED) !== 0) {
      this.#appendPending(client, chunk, 0, end)
      if (goesOn(client)) this.#drain(client)
    } else {
      const at = this.#consume(client, chunk, 0, end)
      if (at < end && (client.state & CLOSING) === 0) this.#keepRest(client, chunk, at, end)
    }
    if (this.#runnable.length > 0) this.#resumeOthers()
  }

  /** Lets a client go on with what it sent while it was parked or paused. */
  resumeLater(client: Client): void {
    this.#runnable.push(client)
  }

  /** Runs what clients sent while they were held up. */
  resumeAll(): void {
    if (this.#runnable.length > 0) this.#resumeOthers()
  }

  #resumeOthers(): void {
    for (let client = this.#runnable.shift(); client; client = this.#runnable.shift()) {
      if (goesOn(client) && client.pending.length > 0) this.#drain(client)
    }
  }

  #appendPending(client: Client, chunk: Buffer, start: number, end: number): void {
    const { pending } = client
    if (pending.length + end - start > this.#server.config.values['client-query-buffer-limit']) {
      this.#server.stats.clientQueryBufferLimitDisconnections++
      this.#server.log.warn({ client: client.id }, 'query buffer limit reached')
      this.#server.close(client, 'query buffer limit')
      return
    }
    pending.append(chunk, start, end)
  }

  #keepRest(client: Client, chunk: Buffer, at: number, end: number): void {
    const { pending } = client
    if ((client.state & HALTED) === 0) this.#decoder.suspend(pending, at)
    this.#appendPending(client, chunk, at, end)
  }

  /** Executes the complete requests in `bytes[at, end)`; answers where the first incomplete is. */
  #consume(client: Client, bytes: Buffer, at: number, end: number): number {
    const decoder = this.#decoder
    const limits = this.#server.decoderLimits
    this.#beginBatch(client, end)
    while (at < end) {
      limits.authenticated = (client.state & UNAUTHENTICATED) === 0
      const status = decoder.read(bytes, at, end, limits)
      if (status !== COMPLETE) {
        if (status !== INCOMPLETE) {
          this.#protocolError(client)
          at = end
        }
        break
      }
      const next = decoder.at
      if (decoder.request.count > 0) {
        this.#execute(client)
        if ((client.state & PAUSED) !== 0) break
      }
      at = next
      if ((client.state & HALTED) !== 0 && !goesOn(client)) break
    }
    this.#endBatch(client)
    return at
  }

  /** Executes the complete requests among those that are pending. */
  #drain(client: Client): void {
    const { pending } = client
    const decoder = this.#decoder
    const limits = this.#server.decoderLimits
    let done = 0
    this.#beginBatch(client, pending.length)
    while (pending.length > done) {
      limits.authenticated = (client.state & UNAUTHENTICATED) === 0
      const status = decoder.resume(pending, limits)
      if (status === INCOMPLETE) {
        decoder.suspend(pending, 0)
        break
      }
      if (status !== COMPLETE) {
        this.#protocolError(client)
        done = pending.length
        break
      }
      const next = decoder.at
      pending.missing = 0
      pending.bulkLength = -1
      pending.count = 0
      if (decoder.request.count > 0) {
        this.#execute(client)
        if ((client.state & PAUSED) !== 0) {
          pending.at = done
          break
        }
        client.putOffUntil = 0
      }
      done = next
      pending.at = next
      if ((client.state & HALTED) !== 0 && !goesOn(client)) break
    }
    this.#endBatch(client)
    pending.discard(done, PENDING_KEPT)
    decoder.shrink()
  }

  #beginBatch(client: Client, bytes: number): void {
    this.current = client
    this.reply.begin(client.output, client.protocol)
    this.#timedMicroseconds = 0
    this.#chunkCount = 0
    this.#isSampled = bytes > SMALL_CHUNK_BYTES || (this.#chunks++ & SAMPLING_MASK) === 0
    if (this.#isSampled) this.#batchStart = this.#server.clock.microseconds()
  }

  #chunks = 0
  /** Constant-time commands run in this chunk. */
  #chunkCount = 0
  /** What each of them took in the last timed chunk. */
  #eachMicroseconds = 0
  #isSampled = false
  #batchStart = 0

  #endBatch(client: Client): void {
    this.reply.end()
    this.current = undefined
    if (this.#chunkCount > 0) {
      this.#server.stats.commandsProcessed += this.#chunkCount
      if (this.#isSampled) this.#endSample(client)
    }
    if (client.output.bytes > OUTPUT_CHECKED_BYTES || client.isBehind) {
      this.#server.checkOutput(client)
    }
  }

  /** Shares the chunk's time among its constant-time commands, and those of chunks not timed. */
  #endSample(client: Client): void {
    const server = this.#server
    const elapsed = server.clock.microseconds() - this.#batchStart - this.#timedMicroseconds
    this.#eachMicroseconds = Math.max(0, elapsed) / this.#chunkCount
    this.settle()
    if (this.#eachMicroseconds >= server.slowThresholdMicroseconds) {
      server.slow(this.#call, client, this.#eachMicroseconds)
    }
  }

  /** Accounts for the calls that wait for the next timed chunk: before somebody reads the figures. */
  settle(): void {
    for (const command of this.#batch) {
      const time = this.#eachMicroseconds * command.batchCalls
      command.account(command.batchCalls, time, this.tracksLatency)
      command.batchCalls = 0
    }
    this.#batch.length = 0
  }

  #protocolError(client: Client): void {
    const text = this.#decoder.error
    this.#server.log.debug({ client: client.id, reason: text }, 'protocol error')
    this.reply.error(`ERR Protocol error: ${text}`)
    this.#server.stats.countError('ERR')
    this.#server.closeAfterOutput(client, 'protocol error')
  }

  #execute(client: Client): void {
    const { request } = this.#decoder
    const call = this.#call
    const bytes = request.bytes
    const offsets = request.offsets
    call.client = client
    call.bytes = bytes
    call.offsets = offsets
    call.count = request.count
    call.db = client.db
    call.now = this.#server.now
    call.segment = NO_SEGMENT
    call.slot = NO_SLOT
    call.mayBlock = true
    call.parked = undefined
    if ((client.state & FORWARDING) !== 0) {
      if (!this.#follow(call)) client.set(PAUSED, true)
      return
    }
    const silenced = (client.state & SILENCED) !== 0
    if (silenced) this.reply.mark(this.#silence)
    this.#check(call)
    if ((client.state & (SILENCED | ASKING_ONCE)) !== 0 && !client.is(PAUSED | PARKED)) {
      if (client.is(SILENCED)) this.#silenceReply(call, silenced ? this.#silence : this.#mark)
      this.#afterCommand(client)
    }
    if (this.#afterReply.length > 0) this.#writeDeferred()
    if (this.#server.waiting.hasReady) this.#serveWaiting(client)
  }

  /**
   * Another node is answering what the client sent before. A plain command for the same node goes
   * there too; all else waits for the answers, so that replies keep their order.
   */
  #follow(call: Call): boolean {
    const { client, bytes, offsets } = call
    const { attention, registry, router } = this.#server
    if ((client.state & CHECKED) !== 0 || attention !== 0) return false
    const command = registry.find(bytes, offsets[0]!, offsets[1]!)
    if (command === undefined || command.subcommands !== undefined) return false
    const { arity } = command
    if (arity > 0 ? call.count !== arity : call.count < -arity) return false
    call.command = command
    if (router?.follow(call) !== true) return false
    client.lastCommand = command
    return true
  }

  #silenceReply({ client }: Call, mark: Mark): void {
    this.reply.reset(mark)
    this.#server.gate?.forget(client, this.reply.position)
  }

  /** Keeps something for the current client until its reply is complete. */
  writeAfterReply(write: (reply: Reply) => void): void {
    this.#afterReply.push(write)
  }

  #writeDeferred(): void {
    for (const write of this.#afterReply) write(this.reply)
    this.#afterReply.length = 0
  }

  #check(call: Call): void {
    const { client, bytes, offsets } = call
    const { registry } = this.#server
    let command = registry.find(bytes, offsets[0]!, offsets[1]!)
    if (command === undefined) {
      // What only the effect log says is unknown to everybody but a reader of that log.
      if (client.is(REPLAY)) command = registry.findInternal(bytes, offsets[0]!, offsets[1]!)
      if (command === undefined) {
        this.#unknown(call)
        return
      }
    }
    if (command.subcommands !== undefined) {
      command = this.#subcommand(call, command)
      if (command === undefined) return
    }
    call.command = command
    client.lastCommand = command
    const arity = command.arity
    if (arity > 0 ? call.count !== arity : call.count < -arity) {
      this.refuse(call, wrongArity(command.fullName))
      return
    }
    const observed = ((client.state & CHECKED) | this.#server.attention) !== 0
    if (observed) {
      if (!this.#admit(call)) return
    } else {
      const { router } = this.#server
      if (router !== undefined && !router.admit(call)) return
    }
    if ((command.bits & DENYOOM) !== 0 && this.#server.memoryLimit > 0) {
      if (!this.#server.makeRoom()) {
        this.refuse(call, errors.outOfMemory)
        return
      }
    }
    this.#time(call)
    if (observed) {
      this.observe(call)
      if (client.is(TRACKED)) this.#server.tracking.commandEnded(call)
    }
  }

  /** Runs a call, taking its time where the batch does not. */
  #time(call: Call): void {
    const command = call.command
    if (call.count <= command.batchedArgumentsMax) {
      this.#chunkCount++
      if (command.batchCalls++ === 0) this.#batch.push(command)
      this.run(call, this.#mark)
      return
    }
    const server = this.#server
    const start = server.clock.microseconds()
    this.run(call, this.#mark)
    const elapsed = server.clock.microseconds() - start
    this.#timedMicroseconds += elapsed
    server.stats.commandsProcessed++
    command.account(1, elapsed, this.tracksLatency)
    // What comes after a command that took long must not see the time before it.
    if (elapsed > STALE_MICROSECONDS) server.beginTurn()
    if (elapsed >= server.slowThresholdMicroseconds) server.slow(call, call.client, elapsed)
  }

  /**
   * Runs the handler, and logs what it has done. A `ReplyError` takes back whatever was written of
   * the reply and is the reply; the call has then changed nothing.
   */
  run(call: Call, mark: Mark): void {
    const server = this.#server
    const { keyspace, effects } = server
    const outermost = this.#depth === 0
    const dirty = keyspace.dirty
    const lapsed = keyspace.lapsed
    keyspace.now = call.now
    if (outermost) keyspace.version = effects.lsn + 1
    this.reply.mark(mark)
    this.#depth++
    const { gate } = server
    const start = gate === undefined ? 0 : this.reply.position
    let failed = false
    try {
      call.command.handler!(call)
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error
      failed = true
      this.reply.reset(mark)
      this.fail(call, error)
    } finally {
      this.#depth--
    }
    if (keyspace.dirty !== dirty || call.effects !== undefined) {
      // Keys that the command only found to be over are in the log already.
      const own = !failed && keyspace.dirty - dirty !== keyspace.lapsed - lapsed
      if (effects.active) this.#recordEffects(call, own)
    }
    if (!outermost) return
    const changed = keyspace.dirty !== dirty
    effects.commit(call.now, changed)
    gate?.ran(call, start, this.reply.position, changed)
  }

  #recordEffects(call: Call, changed: boolean): void {
    const effects = this.#server.effects
    if (call.effects !== undefined) {
      for (const parts of call.effects) effects.record(call.db.index, parts, call.segment)
      call.effects = undefined
    } else if (changed && (call.command.bits & WRITE) !== 0) {
      effects.recordCall(call)
    }
  }

  /**
   * Runs a command inside another one: of a transaction, a script, LOCK.DO. What the user may do can
   * have changed since it was queued, so `deny` is asked where the user may not do everything.
   */
  runNested(outer: Call, queued: Queued, deny?: (call: Call) => ReplyError | undefined): void {
    const server = this.#server
    const call = this.nest(outer, queued)
    const denial = call.client.is(RESTRICTED) ? deny?.(call) : undefined
    if (denial !== undefined) {
      this.fail(call, denial)
      return
    }
    const start = server.clock.microseconds()
    this.run(call, new Mark())
    const elapsed = server.clock.microseconds() - start
    server.stats.commandsProcessed++
    call.command.account(1, elapsed, this.tracksLatency)
    if (elapsed >= server.slowThresholdMicroseconds) server.slow(call, call.client, elapsed)
    this.observe(call)
  }

  /** A call of a command inside another one. It never waits. */
  nest(outer: Call, queued: Queued): Call {
    const call = new Call(this.#server, this.reply)
    call.client = outer.client
    call.db = outer.client.db
    call.command = queued.command
    call.bytes = queued.bytes
    call.offsets = queued.offsets
    call.count = queued.count
    call.now = outer.now
    call.segment = outer.segment
    call.slot = outer.slot
    call.mayBlock = false
    return call
  }

  /** How many commands are running, one inside the other. */
  get depth(): number {
    return this.#depth
  }

  /** Answers an error that the handler found. */
  fail(call: Call, error: ReplyError): void {
    call.command.failed++
    this.#server.stats.countError(error.text)
    this.reply.error(error.text)
  }

  /** Refuses a command before it ran. */
  refuse(call: Call, error: ReplyError): void {
    call.command.rejected++
    if ((call.command.bits & RUNS_QUEUE) === 0) {
      this.#rejected(call.client, error)
      return
    }
    endTransaction(this.#server, call.client)
    this.#rejected(call.client, executionRefused(error))
  }

  /**
   * Answers that a command cannot run on this node, or not now. The transaction that it was for is
   * spoilt, and one that it was to run is over; as in Redis the answer is not wrapped.
   */
  turnAway(call: Call, error: ReplyError): void {
    call.command.rejected++
    if ((call.command.bits & RUNS_QUEUE) !== 0) endTransaction(this.#server, call.client)
    this.#rejected(call.client, error)
  }

  /** Puts a command off: it is tried again, from the bytes that came, when the client may go on. */
  putOff(client: Client): void {
    client.set(PAUSED, true)
  }

  /** Lets a client that was put off, or whose commands other nodes have answered, go on. */
  tryAgain(client: Client): void {
    client.set(PAUSED | FORWARDING, false)
    this.#runnable.push(client)
    this.#server.wakeUp()
  }

  #rejected(client: Client, error: ReplyError): void {
    if (client.transaction !== undefined) client.transaction.failed = true
    this.#server.stats.countError(error.text)
    this.reply.error(error.text)
  }

  #unknown(call: Call): void {
    let words = ''
    for (let i = 1; i < call.count && words.length < 128; i++) {
      words += `'${printable(call.text(i), 128 - words.length)}' `
    }
    const name = printable(call.text(0))
    this.#rejected(
      call.client,
      new ReplyError(`ERR unknown command '${name}', with args beginning with: ${words}`),
    )
  }

  #subcommand(call: Call, container: Command): Command | undefined {
    call.command = container
    if (call.count < 2) {
      if (container.handler !== undefined) return container
      this.refuse(call, wrongArity(container.fullName))
      return undefined
    }
    const word = call.text(1)
    const command = container.subcommands!.get(word.toLowerCase())
    if (command === undefined) {
      this.refuse(call, unknownSubcommand(word, container.spec.name))
    }
    return command
  }

  /** The checks that most calls need not pass. False if the call was answered or queued here. */
  #admit(call: Call): boolean {
    const { client, command } = call
    const server = this.#server
    const { bits } = command
    const immediate = (bits & IMMEDIATE) !== 0
    if (client.is(UNAUTHENTICATED) && (bits & NO_AUTH) === 0) {
      this.refuse(call, errors.noAuth)
      return false
    }
    if (client.is(IN_MULTI) && (bits & NO_MULTI) !== 0) {
      this.refuse(call, errors.notAllowedInMulti)
      return false
    }
    if (client.is(RESTRICTED)) {
      const denial = server.acl.check(call)
      if (denial !== undefined) {
        this.refuse(call, denial)
        return false
      }
    }
    if (server.router !== undefined && !server.router.admit(call)) return false
    if (client.is(SUBSCRIBER) && client.protocol === 2 && !server.pubsub.permits(command)) {
      this.refuse(
        call,
        new ReplyError(
          `ERR Can't execute '${command.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
        ),
      )
      return false
    }
    const { transaction } = client
    const runsQueue = (bits & RUNS_QUEUE) !== 0
    const effective = runsQueue && transaction !== undefined ? bits | transaction.bits : bits
    if (server.isPausedFor(client, effective)) {
      client.set(PAUSED, true)
      return false
    }
    if (transaction === undefined) return true
    // A queue is memory too: nothing joins it at the limit, be it only a read.
    if (!immediate || (runsQueue && (effective & DENYOOM) !== 0)) {
      if (server.memoryLimit > 0 && !server.makeRoom()) {
        this.refuse(call, errors.outOfMemory)
        return false
      }
    }
    if (immediate) return true
    queueCall(call)
    this.reply.status('QUEUED')
    return false
  }

  /** After a call ran: those who follow what others do. */
  observe(call: Call): void {
    const server = this.#server
    const { bits } = call.command
    if (call.client.is(TRACKED)) server.tracking.remember(call)
    // As in Redis, what an administrator does may hold secrets and is not shown.
    if (server.monitors.size > 0 && (bits & (SKIP_MONITOR | ADMIN)) === 0) server.feedMonitors(call)
  }

  #afterCommand(client: Client): void {
    client.set(ASKING_ONCE, false)
    if (client.replySkip > 0 && --client.replySkip === 0) client.set(SILENCED, client.replyOff)
  }

  /** Parks a call; its handler returns after this. Where waiting is impossible it answers at once. */
  park(call: Call, options: ParkOptions): void {
    const { server } = call
    if (!call.mayBlock) {
      options.onTimeout(this.reply)
      return
    }
    if (call.parked !== undefined) {
      this.#stays = true
      this.#setAlarm(call.parked, options)
      return
    }
    const { client } = call
    const parked = new Parked(call, options, server.monotonic)
    client.parked = parked
    client.set(PARKED, true)
    this.#enqueue(parked)
    this.#setAlarm(parked, options)
    server.reschedule()
  }

  /**
   * Under each key the same identity waits only once: a call that comes again takes the place of the
   * one before, or where it asks for other keys, lets it go and stands at the end.
   */
  #enqueue(parked: Parked): void {
    const { waiting } = this.#server
    const { db, topic, identity, keys } = parked
    const older = new Set<Parked>()
    if (identity !== undefined) {
      for (const key of keys) {
        const same = waiting.find(db, key, topic, identity)
        if (same !== undefined) older.add(same)
      }
    }
    const [first] = older
    if (first !== undefined && isSameList(first.keys, keys)) waiting.takeOver(first, parked)
    for (const each of older) {
      this.#server.stats.countError(errors.superseded.text)
      this.releaseWith(each, reply => reply.error(errors.superseded.text), 'superseded')
    }
    if (parked.places.length === 0) waiting.add(parked)
    // It had its own earlier call before it; without that, and asking for less, it may be next.
    if (older.size > 0) for (const key of keys) waiting.signal(db, key, topic)
  }

  #setAlarm(parked: Parked, { retryAt }: ParkOptions): void {
    if (retryAt === undefined) return
    this.#server.waiting.setAlarm(parked, retryAt)
    this.#server.reschedule()
  }

  #stays = false

  /** Runs the parked calls whose keys were signalled by the command that just ended. */
  #serveWaiting(client: Client): void {
    this.reply.end()
    this.serveReady()
    this.current = client
    this.reply.begin(client.output, client.protocol)
  }

  serveReady(): void {
    this.#server.waiting.serve(this.#attempt)
  }

  readonly #attempt = (parked: Parked): Attempt => {
    const server = this.#server
    const { client } = parked
    // Its connection is ending: nothing may be given to it any more.
    if (client.is(CLOSING)) {
      this.release(parked, 'abandoned')
      return 'done'
    }
    // Its turn comes again when the segment is served, or it is told where to go.
    if (server.router?.serves(parked.segment) === false) return 'stays'
    const call = new Call(server, this.reply)
    call.client = client
    call.db = parked.db
    call.command = parked.command
    call.bytes = parked.bytes
    call.offsets = parked.offsets
    call.count = parked.count
    call.now = server.now
    call.segment = parked.segment
    call.slot = parked.slot
    call.parked = parked
    this.#stays = false
    this.current = client
    this.reply.begin(client.output, client.protocol)
    const mark = new Mark()
    this.reply.mark(mark)
    // What the user may do can have changed while it waited.
    const denial = client.is(RESTRICTED) ? server.acl.check(call) : undefined
    if (denial === undefined) this.run(call, mark)
    else this.refuse(call, denial)
    if (!this.#stays) {
      if (client.is(SILENCED)) this.#silenceReply(call, mark)
      if (client.is(TRACKED)) server.tracking.remember(call)
      this.#afterCommand(client)
    }
    if (this.#afterReply.length > 0) this.#writeDeferred()
    this.reply.end()
    this.current = undefined
    if (this.#stays) return 'stays'
    this.release(parked, denial === undefined ? 'served' : 'abandoned')
    return call.endsRound ? 'last' : 'done'
  }

  /** Ends the wait of a call that has been answered, or whose connection has ended. */
  release(parked: Parked, end: WaitEnd): void {
    const { client } = parked
    this.#server.waiting.remove(parked)
    client.parked = undefined
    client.set(PARKED, false)
    this.#runnable.push(client)
    this.#server.wakeUp()
    parked.onEnd?.(end)
  }

  /** Ends the wait of a call, and runs it from the start, as if its request had just come. */
  retry(parked: Parked): void {
    parked.client.pending.prepend(encodeRequest(parked))
    this.release(parked, 'abandoned')
  }

  /** Ends the wait of a call by another answer than its own. */
  releaseWith(parked: Parked, answer: (reply: Reply) => void, end: WaitEnd = 'abandoned'): void {
    const { client } = parked
    if (!client.is(SILENCED)) {
      this.reply.interrupt(client.output, client.protocol)
      answer(this.reply)
      this.reply.proceed()
    }
    this.#afterCommand(client)
    this.release(parked, end)
  }

  /**
   * Makes changes that are not the handler's own: an end of a lease, of a wait, of a connection.
   * They are an entry of the log by themselves, or while a command runs, part of that command's.
   */
  perform(change: () => void): void {
    if (this.#depth > 0) {
      change()
      return
    }
    const { keyspace, effects, now } = this.#server
    const { dirty } = keyspace
    keyspace.now = now
    keyspace.version = effects.lsn + 1
    change()
    effects.commit(now, keyspace.dirty !== dirty)
  }
}

/** Whether the client's next request may be looked at: behind forwarded ones only some go on. */
function goesOn(client: Client): boolean {
  return (client.state & (HALTED & ~FORWARDING)) === 0
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i])
}
