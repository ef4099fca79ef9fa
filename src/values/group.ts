// group.ts — A consumer group of a stream: where it stands, its consumers, what they have pending.
//
// Invariant: an entry that is pending belongs to exactly one consumer, and is in the group's
// `pending` and in that consumer's `ids`, and in nobody else's. Methods keep the two in step;
// nobody else changes them. `tally` always holds the bytes of the group.

import { Pending } from './pending.ts'
import { StreamId } from './stream-id.ts'
import { Tree } from './tree.ts'

/** The highest `entriesRead`, and the highest `entriesAdded` of a stream: up to here doubles count. */
export const ENTRIES_MAX = Number.MAX_SAFE_INTEGER
/** What `entriesRead` is when it cannot be known. */
export const UNKNOWN_READ = -1
/** What `activeAt` is for a consumer that has never got an entry. */
export const NEVER = -1

const GROUP_BYTES = 360
const CONSUMER_BYTES = 200

/** Bytes of all groups of a stream, so that its `memory()` need not ask them. */
export interface Tally {
  bytes: number
}

export class Consumer {
  readonly name: string
  /** The consumer in the rows of `Group.pending`. */
  readonly number: number
  /** IDs of what this consumer has pending; changed by the group alone. */
  readonly ids = new Tree(4, 4)
  /** When it last asked, and when it last got something; NEVER if it has not. */
  seenAt: number
  activeAt = NEVER

  constructor(name: string, number: number, now: number) {
    this.name = name
    this.number = number
    this.seenAt = now
  }

  /** Goes to the first of its entries at or after an ID. */
  seek(id: StreamId): boolean {
    id.writeTo(this.ids.key)
    return this.ids.seek()
  }

  /** The ID at the place. */
  get id(): StreamId {
    const { ids } = this
    return new StreamId(ids.word(0), ids.word(1), ids.word(2), ids.word(3))
  }
}

export class Group {
  /** ID of the last entry that was delivered as new. */
  lastId: StreamId
  /** Number of entries ever added up to `lastId`, or UNKNOWN_READ. */
  entriesRead: number
  readonly pending = new Pending()
  readonly #consumers = new Map<string, Consumer>()
  /** Consumers by number; a number is used again when its consumer is gone. */
  readonly #byNumber: (Consumer | undefined)[] = []
  readonly #freeNumbers: number[] = []
  readonly #tally: Tally

  constructor(lastId: StreamId, entriesRead: number, tally: Tally) {
    this.lastId = lastId
    this.entriesRead = entriesRead
    this.#tally = tally
    tally.bytes += GROUP_BYTES + this.pending.memory()
  }

  get consumerCount(): number {
    return this.#consumers.size
  }

  consumer(name: string): Consumer | undefined {
    return this.#consumers.get(name)
  }

  /** The consumer with this number in a row of `pending`. */
  consumerOf(number: number): Consumer {
    return this.#byNumber[number]!
  }

  /** All consumers in order of their names' bytes, as Redis lists them. */
  consumers(): Consumer[] {
    return [...this.#consumers.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Makes a consumer; undefined if there is one of that name. */
  createConsumer(name: string, now: number): Consumer | undefined {
    if (this.#consumers.has(name)) return undefined
    const number = this.#freeNumbers.pop() ?? this.#byNumber.length
    const consumer = new Consumer(name, number, now)
    this.#consumers.set(name, consumer)
    this.#byNumber[number] = consumer
    this.#tally.bytes += CONSUMER_BYTES + name.length + consumer.ids.memory()
    return consumer
  }

  /** Removes a consumer and all it has pending; returns how many entries that were. */
  removeConsumer(consumer: Consumer): number {
    const count = consumer.ids.size
    for (let more = consumer.ids.seekFirst(); more; more = consumer.ids.next()) {
      const before = this.pending.memory()
      this.pending.remove(consumer.id)
      this.#tally.bytes += this.pending.memory() - before
    }
    this.#consumers.delete(consumer.name)
    this.#byNumber[consumer.number] = undefined
    this.#freeNumbers.push(consumer.number)
    this.#tally.bytes -= CONSUMER_BYTES + consumer.name.length + consumer.ids.memory()
    return count
  }

  /** Makes an entry pending for a consumer, whoever had it before, with this time and count. */
  assign(id: StreamId, consumer: Consumer, deliveredAt: number, deliveryCount: number): void {
    const holder = this.pending.find(id) ? this.consumerOf(this.pending.consumer) : undefined
    const before = this.#bytesOf(consumer, holder)
    this.pending.set(id, consumer.number, deliveredAt, deliveryCount)
    if (holder !== consumer) {
      if (holder !== undefined) {
        id.writeTo(holder.ids.key)
        holder.ids.remove()
      }
      id.writeTo(consumer.ids.key)
      consumer.ids.insert()
    }
    this.#tally.bytes += this.#bytesOf(consumer, holder) - before
  }

  /** An entry is done with; false if it was not pending. */
  acknowledge(id: StreamId): boolean {
    if (!this.pending.find(id)) return false
    const holder = this.consumerOf(this.pending.consumer)
    const before = this.#bytesOf(holder, undefined)
    this.pending.removeFound()
    id.writeTo(holder.ids.key)
    holder.ids.remove()
    this.#tally.bytes += this.#bytesOf(holder, undefined) - before
    return true
  }

  /** Gives an empty group the same consumers, and them the same pending entries. */
  copyTo(group: Group): void {
    for (const { activeAt, name, seenAt } of this.#consumers.values()) {
      group.createConsumer(name, seenAt)!.activeAt = activeAt
    }
    const { pending } = this
    for (let more = pending.seekFirst(); more; more = pending.next()) {
      const { name } = this.consumerOf(pending.consumer)
      group.assign(pending.id, group.consumer(name)!, pending.deliveredAt, pending.deliveryCount)
    }
  }

  /** The group leaves the stream: takes its bytes off the tally. */
  discard(): void {
    this.#tally.bytes -= GROUP_BYTES + this.pending.memory()
    for (const consumer of this.#consumers.values()) {
      this.#tally.bytes -= CONSUMER_BYTES + consumer.name.length + consumer.ids.memory()
    }
  }

  /** Bytes that an assignment from one consumer to another can change. */
  #bytesOf(consumer: Consumer, holder: Consumer | undefined): number {
    let bytes = this.pending.memory() + consumer.ids.memory()
    if (holder !== undefined && holder !== consumer) bytes += holder.ids.memory()
    return bytes
  }
}
