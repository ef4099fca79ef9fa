// barrier.ts — A double barrier: a number of parties enter together and leave together.
//
// While it is gathering, participants come in and wait; with the last of the parties it is full and
// all of them run. Leaving begins with the first that leaves, and is over when nobody is in any
// more; then the barrier is free, and its key is deleted. Who comes while it is full joins the run,
// as in Curator; who comes while others leave waits for the next round, or it would run with those
// who are done. A participant that is in is in once, whatever it repeats.
//
// The generation, a token, tells one round from the next: a LEAVE that waits on an older one has
// seen the end of it. A participant may be bound to a connection or a lease, so that the dead do not
// keep the living: losing it counts as leaving, or, while gathering, as never having come.
//
// Invariants: full or leaving only after `parties` were in at once; free exactly if nobody is in.
// Changes look at no clock but to start a lease, so each is its own replay.

import { BUSY, type Busy, type Coordinated, type Refused, refused } from './coordinated.ts'
import { BOXED_NUMBER_BYTES, OBJECT_BYTES, WORD_BYTES } from './footprint.ts'
import type { HoldState, HoldView } from './hold.ts'
import { Holders } from './holders.ts'

export type BarrierPhase = 'gathering' | 'full' | 'leaving'

export interface BarrierEntry {
  readonly participant: string
  readonly parties: number
  /** 0 for none. */
  readonly leaseMs: number
  /** 0 for none. */
  readonly connection: number
}

/** All parties are in: run. */
export interface Entered {
  readonly kind: 'entered'
  /** Whether this very call made the barrier full. */
  readonly opened: boolean
}

/** In, and waiting for the others. Whoever gives up waiting must `withdraw`. */
export interface Gathering {
  readonly kind: 'gathering'
}

/** `left`: there is nobody to wait for. `leaving`: others are still in. `absent`: it was never in. */
export interface Leaving {
  readonly kind: 'left' | 'leaving' | 'absent'
}

export interface BarrierSnapshot {
  readonly parties: number
  readonly generation: number
  readonly phase: BarrierPhase
  readonly participants: readonly HoldState[]
}

const PARTIES = refused('PARTIES')
const GATHERING: Gathering = Object.freeze({ kind: 'gathering' })
const ENTERED: Entered = Object.freeze({ kind: 'entered', opened: false })
const OPENED: Entered = Object.freeze({ kind: 'entered', opened: true })
const LEFT: Leaving = Object.freeze({ kind: 'left' })
const LEAVING: Leaving = Object.freeze({ kind: 'leaving' })
const ABSENT: Leaving = Object.freeze({ kind: 'absent' })

const BARRIER_BYTES = OBJECT_BYTES + 4 * WORD_BYTES + BOXED_NUMBER_BYTES

export class Barrier implements Coordinated {
  readonly parties: number
  readonly generation: number
  #phase: BarrierPhase = 'gathering'
  readonly #participants = new Holders()

  constructor(parties: number, generation: number) {
    this.parties = parties
    this.generation = generation
  }

  get isFree(): boolean {
    return this.#participants.size === 0
  }

  get phase(): BarrierPhase {
    return this.#phase
  }

  /** Number of participants that are in. */
  get size(): number {
    return this.#participants.size
  }

  participants(): Iterable<HoldView> {
    return this.#participants
  }

  has(participant: string): boolean {
    return this.#participants.find(participant) !== undefined
  }

  /** PARTIES: the others expect another number. */
  enter(entry: BarrierEntry, now: number): Entered | Gathering | Busy | Refused<'PARTIES'> {
    if (entry.parties !== this.parties) return PARTIES
    const isIn = this.has(entry.participant)
    if (this.#phase === 'leaving' && !isIn) return BUSY
    this.#participants.put(
      {
        owner: entry.participant,
        token: 0,
        exclusive: false,
        count: 1,
        leaseMs: entry.leaseMs,
        connection: entry.connection,
        meta: '',
      },
      now,
    )
    if (this.#phase !== 'gathering') return ENTERED
    if (this.#participants.size < this.parties) return GATHERING
    this.#phase = 'full'
    return OPENED
  }

  /** Takes back an entry that waits. False once the barrier is full: then there is `leave`. */
  withdraw(participant: string): boolean {
    return this.#phase === 'gathering' && this.remove(participant)
  }

  /**
   * Leaves, or asks again whether the others have: `generation` is the round that the caller waits
   * to end, undefined when it first asks. While the barrier is gathering there is nobody to wait for.
   */
  leave(participant: string, generation: number | undefined): Leaving {
    if (generation !== undefined && generation !== this.generation) return LEFT
    const wasIn = this.remove(participant)
    if (this.#phase === 'leaving') return this.#participants.size === 0 ? LEFT : LEAVING
    return wasIn ? LEFT : ABSENT
  }

  /** Removes a participant that is lost, in whatever phase. Also how a loss is replayed. */
  remove(participant: string): boolean {
    const hold = this.#participants.find(participant)
    if (hold === undefined) return false
    this.#participants.remove(hold)
    this.#lost()
    return true
  }

  #lost(): void {
    if (this.#phase === 'full') this.#phase = 'leaving'
  }

  /** Replays that a participant that is in has another term. */
  grant(state: HoldState, now: number): void {
    this.#participants.put(state, now)
  }

  nextExpiry(): number {
    return this.#participants.nextExpiry()
  }

  /** Removes the participants whose lease has ended, and answers them. */
  expire(now: number): readonly HoldView[] {
    const expired = this.#participants.expire(now)
    if (expired.length > 0) this.#lost()
    return expired
  }

  extendAll(gapMs: number): void {
    this.#participants.extendAll(gapMs)
  }

  /** See `Holders.disconnected`: a grace of 0 removes at once. */
  disconnected(connection: number, now: number, graceMs: number): readonly HoldView[] {
    const concerned = this.#participants.disconnected(connection, now, graceMs)
    if (graceMs === 0 && concerned.length > 0) this.#lost()
    return concerned
  }

  /** To be called when the node becomes primary: see `Holders.restart`. */
  restart(now: number): void {
    this.#participants.restart(now)
  }

  /** To be called when the node becomes primary: bindings to connections become leases. */
  orphan(now: number, graceMs: number): readonly HoldView[] {
    const concerned = this.#participants.orphan(now, graceMs)
    if (graceMs === 0 && concerned.length > 0) this.#lost()
    return concerned
  }

  memory(): number {
    return BARRIER_BYTES + this.#participants.memory()
  }

  snapshot(): BarrierSnapshot {
    return {
      parties: this.parties,
      generation: this.generation,
      phase: this.#phase,
      participants: this.#participants.snapshot(),
    }
  }

  static restore(snapshot: BarrierSnapshot, now: number): Barrier {
    const barrier = new Barrier(snapshot.parties, snapshot.generation)
    barrier.#phase = snapshot.phase
    barrier.#participants.restore(snapshot.participants, now)
    return barrier
  }
}
