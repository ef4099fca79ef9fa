// replay.ts — Applies a log of effects to a server's keyspace: the other end of effects.ts.
//
// Effects run by the same handlers as commands, under the number and at the time of their entry, and
// as the work of a client that nobody sees. They pass none of the checks of a command: whoever made
// the log has decided all there was to decide, memory and limits included.
//
// While an effect runs, no key is past its expiry: the log says what is deleted, and when. Outside of
// it the keyspace must not delete on its own either (`expires` is false).
//
// Replication of segments numbers the entries of each by itself; there entries come without a number,
// and count in the log of this server.
//
// An effect that fails, or a gap in the numbers, means that the two states were not the same before:
// that cannot be mended here. It throws, and the copy has to be made anew.

import { Call } from './call.ts'
import { Client, type Link, REPLAY } from './client.ts'
import type { Command } from './command.ts'
import { forEachEffect } from './effect-codec.ts'
import { type Effect, type LogEntry, NO_SEGMENT } from './effects.ts'
import { ReplyError } from './errors.ts'
import type { Server } from './server.ts'
import { COMPLETE, Decoder } from './wire/decoder.ts'
import { Output } from './wire/output.ts'
import { Reply } from './wire/reply.ts'

/** What was accepted once is within limits. */
const LIMITS = { bulkBytesMax: Number.POSITIVE_INFINITY, authenticated: true }

const ignore = () => undefined

/** The end of a connection that leads nowhere. */
const NOWHERE: Link = {
  kind: 'internal',
  isLocal: true,
  address: '',
  localAddress: '',
  fd: -1,
  unsentBytes: 0,
  send: () => true,
  close: ignore,
  holdReading: ignore,
}

export class Replayer {
  readonly #server: Server
  readonly #call: Call
  /** Replies are written, for handlers do, and forgotten. */
  readonly #output = new Output(ignore)
  readonly #decoder = new Decoder()

  constructor(server: Server) {
    const { acl, keyspace, now, monotonic } = server
    this.#server = server
    this.#call = new Call(server, new Reply())
    const [db] = keyspace.databases
    this.#call.client = new Client(0, NOWHERE, db!, acl.defaultUser, now, monotonic, ignore)
    this.#call.client.set(REPLAY, true)
    this.#call.mayBlock = false
  }

  /** Applies the entry that follows the last one; hands it on to those who read this server's log. */
  apply(entry: LogEntry): void {
    const { effects, keyspace } = this.#server
    if (entry.lsn !== effects.lsn + 1) {
      throw new Error(`entry ${entry.lsn} of the log does not follow entry ${effects.lsn}`)
    }
    keyspace.version = entry.lsn
    keyspace.now = Number.NEGATIVE_INFINITY
    for (const { database, bytes } of entry.effects) {
      this.#run(database, bytes, 0, bytes.length, entry.now)
    }
    keyspace.now = this.#server.now
    effects.adopt(entry)
  }

  /**
   * Applies the effects of an entry as they travel, under the next number of this server. It is for
   * a copy that nobody reads the log of: they are not handed on.
   */
  applyEncoded(now: number, encoded: Buffer): void {
    const { effects, keyspace } = this.#server
    keyspace.version = ++effects.lsn
    keyspace.now = Number.NEGATIVE_INFINITY
    forEachEffect(encoded, this.#runEncoded, now)
    keyspace.now = this.#server.now
  }

  /** Applies what an entry has done, all to one segment, under the next number of this server. */
  applyEffects(now: number, effects: readonly Effect[]): void {
    const server = this.#server
    if (!server.isInTurn) server.beginTurn()
    const segment = effects[0]?.segment ?? NO_SEGMENT
    this.apply({ lsn: server.effects.lsn + 1, now, segment, effects })
  }

  readonly #runEncoded = (
    database: number,
    encoded: Buffer,
    start: number,
    end: number,
    now: number,
  ): void => {
    this.#run(database, encoded, start, end, now)
  }

  #run(database: number, bytes: Buffer, start: number, end: number, now: number): void {
    const call = this.#call
    const { client, reply } = call
    if (this.#decoder.read(bytes, start, end, LIMITS) !== COMPLETE) {
      throw new Error(`${this.#place} has an effect that is no command`)
    }
    const { request } = this.#decoder
    call.bytes = request.bytes
    call.offsets = request.offsets
    call.count = request.count
    call.now = now
    call.db = client.db = this.#server.keyspace.databases[database]!
    call.command = this.#commandOf(call)
    reply.begin(this.#output, 2)
    try {
      call.command.handler!(call)
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error
      throw new Error(`${this.#place}: ${call.command.fullName} fails: ${error.text}`)
    } finally {
      reply.end()
      this.#output.clear()
      reply.recycle(true)
      // The log has what this command did; what its handler says of it here is not news.
      call.effects = undefined
    }
  }

  /** For errors: the entry that is being applied. */
  get #place(): string {
    return `entry ${this.#server.keyspace.version} of the log`
  }

  #commandOf(call: Call): Command {
    const { registry } = this.#server
    const [start, end] = [call.start(0), call.end(0)]
    const command =
      registry.find(call.bytes, start, end) ?? registry.findInternal(call.bytes, start, end)
    const sub = command?.subcommands && call.count > 1 ? call.text(1).toLowerCase() : undefined
    const found = sub === undefined ? command : command!.subcommands!.get(sub)
    if (found?.handler === undefined) {
      throw new Error(`${this.#place} has the unknown command ${call.text(0)}`)
    }
    return found
  }
}
