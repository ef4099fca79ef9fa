// One connection between two places: in order, without gaps, as far as it goes.
//
// Each direction delivers a prefix of what was sent into it, then the end. While the path is cut,
// what is under way waits, as TCP would repeat it; if the cut lasts, the connection breaks, and each
// end learns that at a time of its own. Until then it sends into nothing and does not know.
//
// The side that dialled is 0, the other one is 1.

import type { Network } from './network.ts'

export type Side = 0 | 1

export interface End<M> {
  received(connection: Connection<M>, message: M): void
  /** Told once; nothing arrives after it. */
  closed(connection: Connection<M>): void
}

/** After so long without a path, ends give up. */
const GIVE_UP_MS_MIN = 300
const GIVE_UP_MS_MAX = 4_000
/** Ends of a connection that was reset learn it within this. */
const NOTICE_MS_MAX = 20

class Direction<M> {
  readonly from: number
  readonly to: number
  /** Sent and not arrived, in order. */
  queue: M[] = []
  /** When the last of them arrives. Invariant: never goes back. */
  lastAt = 0
  /** The path was cut when the first of them should have arrived. */
  isStuck = false
  /** Nothing more is sent, or what is sent is lost. */
  isEnded = false
  /** The receiving end was told. */
  isClosed = false

  constructor(from: number, to: number) {
    this.from = from
    this.to = to
  }
}

export class Connection<M> {
  readonly #network: Network
  readonly #ends: readonly [End<M>, End<M>]
  /** By the side that sends. */
  readonly #directions: readonly [Direction<M>, Direction<M>]
  /** Arrivals scheduled before this many changes of the path are void. */
  readonly #epochs = [0, 0]
  #cutAt = -1

  constructor(network: Network, dialler: number, other: number, ends: readonly [End<M>, End<M>]) {
    this.#network = network
    this.#ends = ends
    this.#directions = [new Direction<M>(dialler, other), new Direction<M>(other, dialler)]
    network.connections.add(this as Connection<unknown>)
    this.pathChanged()
  }

  send(side: Side, message: M): void {
    const direction = this.#directions[side]
    if (direction.isEnded) return
    direction.queue.push(message)
    if (!direction.isStuck) this.#schedule(side)
  }

  /** This side closes it: what it sent still arrives, what the other sends does not. */
  close(side: Side): void {
    this.#end(side, this.#directions[side].queue.length)
    this.#drop(side === 0 ? 1 : 0)
  }

  /** It never came to be. */
  abandon(): void {
    this.#drop(0)
    this.#drop(1)
  }

  /**
   * The process at this side is gone, and some of what it sent last with it. If its machine is gone
   * too, the other end is told by nobody, and gives up after a while.
   */
  crash(side: Side, isSilent: boolean): void {
    const { queue } = this.#directions[side]
    this.#end(side, this.#network.seeded.below(queue.length + 1), isSilent)
    this.#drop(side === 0 ? 1 : 0)
  }

  /** The network breaks it. */
  reset(): void {
    for (const side of [0, 1] as const) {
      this.#end(side, this.#network.seeded.below(this.#directions[side].queue.length + 1))
    }
  }

  /** A path was cut or healed. */
  pathChanged(): void {
    const [there, back] = this.#directions
    const isCut =
      this.#network.isCut(there.from, there.to) || this.#network.isCut(back.from, back.to)
    const { timeline, seeded } = this.#network
    if (isCut && this.#cutAt === -1) {
      this.#cutAt = timeline.now
      const patience = GIVE_UP_MS_MIN + seeded.random() * (GIVE_UP_MS_MAX - GIVE_UP_MS_MIN)
      const cutAt = timeline.now
      timeline.schedule(() => this.#giveUp(cutAt), cutAt + patience)
    }
    if (!isCut) this.#cutAt = -1
    for (const side of [0, 1] as const) {
      const direction = this.#directions[side]
      if (direction.isStuck && !this.#network.isCut(direction.from, direction.to)) {
        direction.isStuck = false
        this.#epochs[side]!++
        this.#scheduleAll(side)
      }
    }
  }

  #giveUp(cutAt: number): void {
    if (this.#cutAt === cutAt) this.reset()
  }

  /** The first message of a direction arrives, or its end. */
  #arrive(side: Side, epoch: number): void {
    if (this.#epochs[side] !== epoch) return
    const direction = this.#directions[side]
    if (direction.isClosed) return
    if (!direction.isEnded && this.#network.isCut(direction.from, direction.to)) {
      direction.isStuck = true
      return
    }
    const end = this.#ends[side === 0 ? 1 : 0]
    const message = direction.queue.shift()
    if (message !== undefined) {
      end.received(this, message)
      return
    }
    if (!direction.isEnded) return
    direction.isClosed = true
    this.#forgetIfOver()
    end.closed(this)
  }

  /** The first messages of a direction arrive, as many as given, and then its end. */
  #end(side: Side, count: number, isSilent = false): void {
    const direction = this.#directions[side]
    if (direction.isEnded) return
    const { timeline, seeded } = this.#network
    // Over a cut path nothing arrives any more: the other end just gives up.
    const isCut = this.#network.isCut(direction.from, direction.to)
    direction.queue.length = isCut ? 0 : count
    direction.isEnded = true
    direction.isStuck = false
    this.#epochs[side]!++
    this.#scheduleAll(side)
    const noticeMs = isCut || isSilent ? GIVE_UP_MS_MAX : NOTICE_MS_MAX
    direction.lastAt = Math.max(direction.lastAt, timeline.now) + seeded.random() * noticeMs
    const epoch = this.#epochs[side]!
    timeline.schedule(() => this.#arrive(side, epoch), direction.lastAt)
  }

  /** Nobody listens to this side any more. */
  #drop(side: Side): void {
    const direction = this.#directions[side]
    direction.queue.length = 0
    direction.isEnded = true
    direction.isClosed = true
    this.#forgetIfOver()
  }

  #forgetIfOver(): void {
    const [there, back] = this.#directions
    if (there.isClosed && back.isClosed) {
      this.#network.connections.delete(this as Connection<unknown>)
    }
  }

  #scheduleAll(side: Side): void {
    const direction = this.#directions[side]
    direction.lastAt = this.#network.timeline.now
    for (let i = 0; i < direction.queue.length; i++) this.#schedule(side)
  }

  #schedule(side: Side): void {
    const direction = this.#directions[side]
    const { timeline } = this.#network
    const at = timeline.now + this.#network.delayMs(direction.from, direction.to)
    direction.lastAt = Math.max(direction.lastAt, at)
    const epoch = this.#epochs[side]!
    timeline.schedule(() => this.#arrive(side, epoch), direction.lastAt)
  }
}
