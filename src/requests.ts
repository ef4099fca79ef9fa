// requests.ts — What was answered to commands with a request id (REQ), so that a retry counts once.
//
// There is one memory per segment, because it replicates and moves with the segment. An id is good
// for its key: the same id under another key is another request.

import type { Call } from './call.ts'
import { errors } from './errors.ts'
import { keySlot, SEGMENT_SHIFT, SEGMENTS } from './keyspace/slot.ts'
import type { ValueMemory } from './keyspace/value-memory.ts'
import { RequestMemory } from './values/request.ts'

export class Requests {
  readonly #memories: (RequestMemory | undefined)[] = new Array(SEGMENTS).fill(undefined)
  /** Where their bytes are counted. */
  readonly #valueMemory: ValueMemory

  constructor(valueMemory: ValueMemory) {
    this.#valueMemory = valueMemory
  }

  /** Ids that are remembered. */
  get size(): number {
    let size = 0
    for (const memory of this.#memories) size += memory?.size ?? 0
    return size
  }

  /**
   * What the request under key i was answered, if it was carried out before. A new one is refused
   * while the memory is full, since a retry of it could count twice.
   */
  recall(call: Call, i: number, id: string): string | undefined {
    const memory = this.#memories[segmentOf(call, i)]
    const reply = memory?.recall(nameOf(call, i, id))
    if (reply === undefined && memory?.isFull) throw errors.tooManyRequests
    return reply
  }

  /** Remembers what a request was answered, as an effect of the call. Also replays that. */
  remember(call: Call, i: number, id: string, reply: string): void {
    const memory = this.#memoryOf(segmentOf(call, i))
    const before = memory.memory()
    memory.remember(nameOf(call, i, id), reply, call.server.monotonic)
    this.#valueMemory.requestBytes += memory.memory() - before
    call.effect('request.remembered', call.copy(i), id, reply)
  }

  #memoryOf(segment: number): RequestMemory {
    let memory = this.#memories[segment]
    if (memory === undefined) {
      memory = new RequestMemory()
      this.#memories[segment] = memory
      this.#valueMemory.requestBytes += memory.memory()
    }
    return memory
  }

  /** Forgets what is past its time; `forgot` hears of how many ids of which segment. */
  expire(now: number, forgot: (segment: number, count: number) => void): void {
    for (let segment = 0; segment < SEGMENTS; segment++) {
      const memory = this.#memories[segment]
      if (memory === undefined || memory.nextExpiry() > now) continue
      const before = memory.memory()
      const count = memory.expire(now)
      this.#settle(segment, before)
      forgot(segment, count)
    }
  }

  /** Takes note of what a memory weighs now, and lets go of an empty one. */
  #settle(segment: number, before: number): void {
    const memory = this.#memories[segment]!
    this.#valueMemory.requestBytes += (memory.isFree ? 0 : memory.memory()) - before
    if (memory.isFree) this.#memories[segment] = undefined
  }

  /** What a segment remembers, if anything. */
  of(segment: number): RequestMemory | undefined {
    return this.#memories[segment]
  }

  /** Takes over what was answered to a request, from another copy. */
  restore(segment: number, name: string, reply: string, expiresAt: number): void {
    const memory = this.#memoryOf(segment)
    const before = memory.memory()
    memory.restoreOne(name, reply, expiresAt)
    this.#valueMemory.requestBytes += memory.memory() - before
  }

  /** Takes out what a segment remembers, to be given to another server. */
  take(segment: number): RequestMemory | undefined {
    const memory = this.#memories[segment]
    this.#memories[segment] = undefined
    if (memory !== undefined) this.#valueMemory.requestBytes -= memory.memory()
    return memory
  }

  /** Gives a segment what it remembers. */
  put(segment: number, memory: RequestMemory): void {
    this.take(segment)
    this.#memories[segment] = memory
    this.#valueMemory.requestBytes += memory.memory()
  }

  /** Replays `expire`. */
  forget(segment: number, count: number): void {
    const memory = this.#memories[segment]
    if (memory === undefined) return
    const before = memory.memory()
    memory.forget(count)
    this.#settle(segment, before)
  }
}

function segmentOf(call: Call, i: number): number {
  return keySlot(call.bytes, call.start(i), call.end(i)) >>> SEGMENT_SHIFT
}

/** The length of the key keeps names apart that would read the same. */
function nameOf(call: Call, i: number, id: string): string {
  return `${call.db.index}:${call.length(i)}:${call.text(i)}${id}`
}
