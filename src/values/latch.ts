// latch.ts — A countdown that opens once, for all who wait.
//
// A latch is closed until its count is zero (and, made with HOLD, until it is armed too); then it is
// open, for good. It may also be broken, or run out of time. Whatever it ends as is final for the
// generation and stays readable for the linger time, after which the latch is gone. A reset starts a
// new generation; its number comes from the token source, so it never comes twice, not even after
// the key was deleted. Whoever waits remembers the generation it saw, and learns how that one ended
// even if the next has begun.
//
// A participant that gives its id counts once per generation and direction, whatever it repeats. The
// count never falls below zero, and never rises again once the latch is open.
//
// Invariant: open implies count = 0. Changes are deterministic and look at no clock except to start
// a lifetime, so each is its own replay.

import { type Coordinated, type Refused, refused } from './coordinated.ts'
import {
  BOXED_NUMBER_BYTES,
  MAP_BYTES,
  MAP_ENTRY_BYTES,
  OBJECT_BYTES,
  SET_BYTES,
  SET_ENTRY_BYTES,
  stringBytes,
  WORD_BYTES,
} from './footprint.ts'

export type LatchState = 'closed' | 'open' | 'broken' | 'expired'

export interface LatchConfig {
  /** Whether the count may rise. */
  readonly upDown: boolean
  /** Whether zero waits for `arm`. */
  readonly hold: boolean
  /** The site's own, or one over all sites. The latch itself makes no difference. */
  readonly scope: 'dc' | 'xdc'
  /** How long it may stay closed; 0 for ever. */
  readonly lifetimeMs: number
  /** What the end of the lifetime makes of it. */
  readonly onExpire: 'fail' | 'open'
  /** How long the end of a generation stays readable. */
  readonly lingerMs: number
}

export interface LatchSnapshot {
  readonly config: LatchConfig
  readonly generation: number
  readonly state: LatchState
  readonly count: number
  readonly armed: boolean
  readonly reason: string
  readonly downs: readonly (readonly [participant: string, data: string])[]
  readonly ups: readonly string[]
  /** The generation before, and how it ended; 0 if there was none. */
  readonly lastGeneration: number
  readonly lastState: LatchState
}

export interface LatchCount {
  readonly kind: 'count'
  readonly count: number
  /** Whether this very call opened the latch. */
  readonly opened: boolean
}

export type LatchEnded = Refused<'BROKEN' | 'EXPIRED'>

/** What the passing of time made of a latch; `gone` means that the key is to be deleted. */
export type LatchLapse = 'opened' | 'expired' | 'gone'

const BROKEN = refused('BROKEN')
const EXPIRED = refused('EXPIRED')
const LATCHOPEN = refused('LATCHOPEN')
const NOTUPDOWN = refused('NOTUPDOWN')
const OUTOFBOUNDS = refused('OUTOFBOUNDS')

/** Ids that a latch remembers per direction; beyond it nobody else can take part under one. */
export const PARTICIPANTS_MAX = 1_000_000

const NOBODY: ReadonlyMap<string, string> = new Map()

const LATCH_BYTES = 2 * OBJECT_BYTES + 18 * WORD_BYTES + 3 * BOXED_NUMBER_BYTES

export class Latch implements Coordinated {
  readonly config: LatchConfig
  #generation: number
  #state: LatchState = 'closed'
  #count: number
  #armed: boolean
  #reason = ''
  #downs: Map<string, string> | undefined = undefined
  #ups: Set<string> | undefined = undefined
  #participantBytes = 0
  #lastGeneration = 0
  #lastState: LatchState = 'closed'
  /** End of the lifetime while closed, of the linger time afterwards. */
  #expiresAt = Number.POSITIVE_INFINITY
  #isFree = false

  constructor(config: LatchConfig, count: number, generation: number, now: number) {
    this.config = config
    this.#count = count
    this.#generation = generation
    this.#armed = !config.hold
    this.#begin(now)
  }

  /** Gone: its end has been readable for long enough. */
  get isFree(): boolean {
    return this.#isFree
  }

  get state(): LatchState {
    return this.#state
  }

  get count(): number {
    return this.#count
  }

  get generation(): number {
    return this.#generation
  }

  /** Whether zero opens it. */
  get armed(): boolean {
    return this.#armed
  }

  /** What BREAK said. */
  get reason(): string {
    return this.#reason
  }

  /** Data by participant, in the order of arrival. */
  get results(): ReadonlyMap<string, string> {
    return this.#downs ?? NOBODY
  }

  /** Who has counted up under an id, in the order of arrival. */
  get raisers(): Iterable<string> {
    return this.#ups ?? []
  }

  /**
   * How the generation that a waiter saw stands, or has ended; for a newcomer the present one. A
   * generation that is too old to be remembered counts as broken.
   */
  stateOf(generation: number): LatchState {
    if (generation === this.#generation) return this.#state
    return generation === this.#lastGeneration ? this.#lastState : 'broken'
  }

  /**
   * Counts down. A participant's id counts once: a repetition answers the count as it is and keeps
   * the data that came first. On an open latch, too, nothing changes.
   */
  down(
    amount: number,
    participant: string | undefined,
    data: string,
    now: number,
  ): LatchCount | LatchEnded | Refused<'OUTOFBOUNDS'> {
    if (this.#state !== 'closed') return this.#ended() ?? this.#counted(false)
    if (participant !== undefined) {
      if (this.#downs?.has(participant)) return this.#counted(false)
      if (this.results.size >= PARTICIPANTS_MAX) return OUTOFBOUNDS
      this.rememberDown(participant, data)
    }
    this.#count = Math.max(0, this.#count - amount)
    return this.#counted(this.#openAtZero(now))
  }

  /** Counts up. A participant's id counts once. */
  up(
    amount: number,
    participant: string | undefined,
  ): LatchCount | LatchEnded | Refused<'LATCHOPEN' | 'NOTUPDOWN' | 'OUTOFBOUNDS'> {
    if (!this.config.upDown) return NOTUPDOWN
    if (this.#state !== 'closed') return this.#ended() ?? LATCHOPEN
    if (participant !== undefined && this.#ups?.has(participant)) return this.#counted(false)
    if (!Number.isSafeInteger(this.#count + amount)) return OUTOFBOUNDS
    if (participant !== undefined) {
      if (this.#ups !== undefined && this.#ups.size >= PARTICIPANTS_MAX) return OUTOFBOUNDS
      this.rememberUp(participant)
    }
    this.#count += amount
    return this.#counted(false)
  }

  /** Takes over from another copy who has counted down; the count is another matter. */
  rememberDown(participant: string, data: string): void {
    this.#downs ??= new Map()
    this.#downs.set(participant, data)
    this.#participantBytes += MAP_ENTRY_BYTES + stringBytes(participant) + stringBytes(data)
  }

  /** The same for who has counted up. */
  rememberUp(participant: string): void {
    this.#ups ??= new Set()
    this.#ups.add(participant)
    this.#participantBytes += SET_ENTRY_BYTES + stringBytes(participant)
  }

  /** Lets zero open a latch that was made with HOLD. */
  arm(now: number): LatchCount | LatchEnded {
    if (this.#state !== 'closed') return this.#ended() ?? this.#counted(false)
    this.#armed = true
    return this.#counted(this.#openAtZero(now))
  }

  /** Ends the generation for all who wait. Again changes nothing; what is open stays open. */
  break(reason: string, now: number): LatchCount | Refused<'LATCHOPEN' | 'EXPIRED'> {
    if (this.#state === 'open') return LATCHOPEN
    if (this.#state === 'expired') return EXPIRED
    if (this.#state === 'closed') {
      this.#reason = reason
      this.#end('broken', now)
    }
    return this.#counted(false)
  }

  /** Starts a new generation. Those who wait on one that had not ended find it broken. */
  reset(count: number, generation: number, now: number): void {
    this.#lastGeneration = this.#generation
    this.#lastState = this.#state === 'closed' ? 'broken' : this.#state
    this.#generation = generation
    this.#state = 'closed'
    this.#count = count
    this.#armed = !this.config.hold
    this.#reason = ''
    this.#downs = undefined
    this.#ups = undefined
    this.#participantBytes = 0
    this.#begin(now)
  }

  #begin(now: number): void {
    const { lifetimeMs } = this.config
    this.#expiresAt = lifetimeMs === 0 ? Number.POSITIVE_INFINITY : now + lifetimeMs
    this.#openAtZero(now)
  }

  #openAtZero(now: number): boolean {
    if (this.#count > 0 || !this.#armed) return false
    this.#end('open', now)
    return true
  }

  #end(state: LatchState, now: number): void {
    this.#state = state
    this.#expiresAt = now + this.config.lingerMs
  }

  #ended(): LatchEnded | undefined {
    if (this.#state === 'broken') return BROKEN
    return this.#state === 'expired' ? EXPIRED : undefined
  }

  #counted(opened: boolean): LatchCount {
    return { kind: 'count', count: this.#count, opened }
  }

  nextExpiry(): number {
    return this.#isFree ? Number.POSITIVE_INFINITY : this.#expiresAt
  }

  /** Lets the lifetime or the linger time end if it is over; undefined if it is not. */
  expire(now: number): LatchLapse | undefined {
    return this.nextExpiry() > now ? undefined : this.lapse(now)
  }

  /** Ends the time at hand whatever the clock says. Also how an expiry is replayed. */
  lapse(now: number): LatchLapse {
    if (this.#state !== 'closed') {
      this.#isFree = true
      return 'gone'
    }
    if (this.config.onExpire === 'open') {
      this.#count = 0
      this.#end('open', now)
      return 'opened'
    }
    this.#end('expired', now)
    return 'expired'
  }

  extendAll(gapMs: number): void {
    this.#expiresAt += gapMs
  }

  memory(): number {
    const tables =
      (this.#downs === undefined ? 0 : MAP_BYTES) + (this.#ups === undefined ? 0 : SET_BYTES)
    return LATCH_BYTES + stringBytes(this.#reason) + tables + this.#participantBytes
  }

  snapshot(): LatchSnapshot {
    return {
      config: this.config,
      generation: this.#generation,
      state: this.#state,
      count: this.#count,
      armed: this.#armed,
      reason: this.#reason,
      downs: this.#downs === undefined ? [] : [...this.#downs],
      ups: this.#ups === undefined ? [] : [...this.#ups],
      lastGeneration: this.#lastGeneration,
      lastState: this.#lastState,
    }
  }

  /** The time at hand, lifetime or linger, starts at full length. */
  static restore(snapshot: LatchSnapshot, now: number): Latch {
    // A count of one stands in, lest the constructor find zero and open what is closed.
    const latch = new Latch(snapshot.config, 1, snapshot.generation, now)
    for (const [participant, data] of snapshot.downs) latch.rememberDown(participant, data)
    for (const participant of snapshot.ups) latch.rememberUp(participant)
    latch.#count = snapshot.count
    latch.#armed = snapshot.armed
    latch.#reason = snapshot.reason
    latch.#lastGeneration = snapshot.lastGeneration
    latch.#lastState = snapshot.lastState
    if (snapshot.state !== 'closed') latch.#end(snapshot.state, now)
    return latch
  }
}
