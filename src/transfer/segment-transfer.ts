// segment-transfer.ts — Reads a segment of a server that goes on serving it, as effects for a receiver that has
// nothing yet.
//
// Keys are listed at the start and sent one after the other; what they hold is read when their turn comes.
// Meanwhile the receiver hears of every entry, filtered right after it was executed:
//
// - if all keys that it wrote are still to be sent, there is nothing to say: what it did is sent with them;
// - if the receiver has all keys that it wrote and read, it goes as it is;
// - otherwise the keys that it wrote are sent as they are now, and count as sent.
//
// So nothing has to be known of an entry before it runs. A key that is partly sent and changes is sent anew
// when all others have been; if that happens too often, at once and whole. What the segment has beside its
// keys follows them: the answers to requests with an id, and the last fencing token.
//
// Invariant: the receiver, which applies everything in order, has after each filtered entry just the state
// that the server has, but for the keys in `#unsent` and the one in `#partial`.

import type { EffectPart } from '../call.ts'
import { decodeEffects, encodeEffects } from '../effect-codec.ts'
import { type EffectAccess, EffectKeys } from '../effect-keys.ts'
import { type Effect, encodeCommand } from '../effects.ts'
import type { Database } from '../keyspace/database.ts'
import type { Server } from '../server.ts'
import type { RequestMemory } from '../values/request.ts'
import { type EntryEffects, entryEffects, packedEffect } from './entry-state.ts'
import { PART_LIMITS, type PartLimits } from './part.ts'

/** How often a key that changes while it is partly sent is put off. */
const RESTARTS_MAX = 3

interface Place {
  readonly db: Database
  readonly entry: number
}

/** A key that is being sent. */
interface Partial {
  readonly name: string
  readonly effects: EntryEffects
  readonly database: number
}

export class SegmentTransfer {
  readonly #server: Server
  readonly #segment: number
  readonly #limits: PartLimits
  readonly #keys: EffectKeys
  /** Names of keys of which the receiver knows nothing yet. */
  readonly #unsent = new Set<string>()
  /** Goes over `#unsent`, also over what is added meanwhile. */
  readonly #names: Iterator<string>
  #partial: Partial | undefined = undefined
  readonly #restarts = new Map<string, number>()
  readonly #requests: RequestTransfer
  #isComplete = false

  constructor(server: Server, segment: number, limits = PART_LIMITS) {
    this.#server = server
    this.#segment = segment
    this.#limits = limits
    this.#keys = new EffectKeys(server.registry)
    this.#requests = new RequestTransfer(server, segment, limits)
    for (const db of server.keyspace.databases) {
      const held = db.segments[segment]
      if (held === undefined) continue
      for (let i = 0; i < held.count; i++) {
        this.#unsent.add(nameOf(db.index, db.key(held.dense[i]!)))
      }
    }
    this.#names = this.#unsent.values()
  }

  /** Keys that are still to be sent. */
  get keysLeft(): number {
    return this.#unsent.size + (this.#partial === undefined ? 0 : 1)
  }

  /** Effects that make the next part of the state, about so large; undefined after the last one. */
  next(bytesMax: number): Buffer | undefined {
    const effects: Effect[] = []
    let bytes = 0
    while (bytes < bytesMax) {
      const effect = this.#nextEffect()
      if (effect === undefined) break
      effects.push(effect)
      bytes += effect.bytes.length
    }
    return effects.length === 0 ? undefined : encodeEffects(effects)
  }

  #nextEffect(): Effect | undefined {
    while (this.#partial === undefined) {
      const { done, value: name } = this.#names.next()
      if (done) return this.#nextOwn()
      this.#unsent.delete(name)
      const place = this.#find(name)
      if (place !== undefined) {
        const whole = packedEffect(place.db, place.entry, this.#limits)
        if (whole !== undefined) return this.#effect(place.db.index, whole)
        this.#partial = this.#begin(name, place)
      } else if (this.#restarts.has(name)) {
        // A part of it was sent once, and it is gone since.
        return this.#deletion(name)
      }
    }
    const { effects, database } = this.#partial
    const { done, value } = effects.next()
    if (done) this.#partial = undefined
    return this.#effect(database, value)
  }

  /** What the segment has beside its keys. */
  #nextOwn(): Effect | undefined {
    const remembered = this.#requests.next()
    if (remembered !== undefined) return this.#effect(0, remembered)
    if (this.#isComplete) return undefined
    this.#isComplete = true
    const token = this.#server.keyspace.tokens.last[this.#segment]!
    return this.#effect(0, ['segment.tokens', this.#segment, token])
  }

  /** Where a key is; undefined if there is none any more. The look changes nothing. */
  #find(name: string): Place | undefined {
    const { database, key } = parseName(name)
    const db = this.#server.keyspace.databases[database]!
    const bytes = Buffer.from(key, 'latin1')
    const entry = db.findStale(bytes, 0, bytes.length)
    return entry === 0 ? undefined : { db, entry }
  }

  #begin(name: string, { db, entry }: Place): Partial {
    const effects = entryEffects(db, entry, this.#server.monotonic, this.#limits)
    return { name, database: db.index, effects }
  }

  /**
   * What an entry that was just executed means to a receiver of what was read so far. Has to be called
   * for each of them.
   */
  filter(encoded: Buffer): Buffer {
    if (this.#isComplete) return encoded
    const effects = decodeEffects(encoded, this.#segment)
    const sent: Effect[] = []
    /** Those that are about keys. */
    const own: Effect[] = []
    const accesses: EffectAccess[] = []
    let isFlushed = false
    for (const effect of effects) {
      const access = this.#keys.accessOf(effect)
      const { fullName } = access.command
      if (fullName === 'request.remembered') {
        if (this.#requests.isComplete) sent.push(effect)
      } else if (fullName === 'request.forgotten') {
        const count = this.#requests.forgotten(Number(access.args.text(2)))
        if (count > 0) sent.push(this.#effect(0, ['request.forgotten', this.#segment, count]))
      } else if (fullName === 'segment.flushed') {
        isFlushed = true
        this.#flushed(effect.database)
        sent.push(effect)
      } else {
        own.push(effect)
        accesses.push(access)
      }
    }
    return encodeEffects(sent.concat(this.#filterOwn(own, accesses, isFlushed)))
  }

  #filterOwn(
    effects: readonly Effect[],
    accesses: readonly EffectAccess[],
    isFlushed: boolean,
  ): readonly Effect[] {
    const written = new Set<string>()
    const read = new Set<string>()
    let isTold = !isFlushed
    for (const access of accesses) {
      for (const { database, key } of access.written) written.add(nameOf(database, key))
      for (const { database, key } of access.read) read.add(nameOf(database, key))
      // Some of what it read is not told by its words.
      if (access.command.spec.keys?.some(({ flags }) => flags.includes('incomplete')))
        isTold = false
    }
    if (this.#partial !== undefined && written.has(this.#partial.name)) this.#putOff(this.#partial)
    const unsent = [...written].filter(name => this.#unsent.has(name))
    if (unsent.length === written.size && !isFlushed) return []
    const needed = [...written, ...read]
    if (isTold && needed.every(name => this.#isSent(name))) return effects
    return [...written].flatMap(name => this.#wholeOf(name))
  }

  #isSent(name: string): boolean {
    return !this.#unsent.has(name) && this.#partial?.name !== name
  }

  /** The key that is partly sent has changed: it is begun anew later, or has been that too often. */
  #putOff({ name }: Partial): void {
    const restarts = (this.#restarts.get(name) ?? 0) + 1
    if (restarts > RESTARTS_MAX) return
    this.#restarts.set(name, restarts)
    this.#partial = undefined
    this.#unsent.add(name)
  }

  /** All that a key holds now; that it is no more, if it is not there. */
  #wholeOf(name: string): Effect[] {
    this.#unsent.delete(name)
    if (this.#partial?.name === name) this.#partial = undefined
    const place = this.#find(name)
    if (place === undefined) return [this.#deletion(name)]
    const parts = this.#begin(name, place)
    const effects: Effect[] = []
    for (;;) {
      const { done, value } = parts.effects.next()
      effects.push(this.#effect(parts.database, value))
      if (done) return effects
    }
  }

  #deletion(name: string): Effect {
    const { database, key } = parseName(name)
    return this.#effect(database, ['DEL', key])
  }

  /** A database has no key any more, here and at the receiver. */
  #flushed(database: number): void {
    const prefix = nameOf(database, '')
    for (const name of this.#unsent) if (name.startsWith(prefix)) this.#unsent.delete(name)
    if (this.#partial?.database === database) this.#partial = undefined
  }

  #effect(database: number, parts: readonly EffectPart[]): Effect {
    return { database, segment: this.#segment, bytes: encodeCommand(parts) }
  }

  /** It is over, or given up. */
  close(): void {
    this.#unsent.clear()
    this.#partial = undefined
    this.#isComplete = true
  }
}

/**
 * The answers that a segment remembers, oldest first: those that come meanwhile are the last, and those that
 * are forgotten the first.
 */
class RequestTransfer {
  readonly #server: Server
  readonly #segment: number
  #memory: RequestMemory | undefined = undefined
  #entries: Iterator<readonly [id: string, reply: string, expiresAt: number]> | undefined =
    undefined
  /** Of those that are still remembered. */
  #sent = 0
  isComplete = false
  readonly #limits: PartLimits

  constructor(server: Server, segment: number, limits: PartLimits) {
    this.#server = server
    this.#segment = segment
    this.#limits = limits
  }

  /** segment.remembered segment (name reply left-ms)…; undefined when all were sent. */
  next(): EffectPart[] | undefined {
    if (this.isComplete) return undefined
    const memory = this.#server.coordination.requests.of(this.#segment)
    if (memory !== this.#memory) {
      // The one before was forgotten to the last, or there was none.
      this.#memory = memory
      this.#entries = memory?.entries()
      this.#sent = 0
    }
    const { elements, bytes: bytesMax } = this.#limits
    const parts: EffectPart[] = ['segment.remembered', this.#segment]
    let bytes = 0
    while (parts.length < 3 * elements && bytes < bytesMax) {
      const { done, value } = this.#entries?.next() ?? { done: true, value: undefined }
      if (done || value === undefined) {
        this.isComplete = true
        break
      }
      const [id, reply, expiresAt] = value
      parts.push(id, reply, expiresAt - this.#server.monotonic)
      bytes += id.length + reply.length
      this.#sent++
    }
    return parts.length > 2 ? parts : undefined
  }

  /** So many were forgotten: how many of them the receiver knows. */
  forgotten(count: number): number {
    if (this.isComplete) return count
    const known = Math.min(count, this.#sent)
    this.#sent -= known
    return known
  }
}

function nameOf(database: number, key: string): string {
  return `${database}:${key}`
}

function parseName(name: string): { database: number; key: string } {
  const colon = name.indexOf(':')
  return { database: Number(name.slice(0, colon)), key: name.slice(colon + 1) }
}
