// leader.ts — LEADER: one of several candidates leads, and may say something to all.

import { type ClaimTerms, claim } from './claim.ts'
import { byToken, command, waiting } from './command.ts'
import {
  type Core,
  type HoldOptions,
  leaseMsOf,
  ownerOf,
  type WaitOptions,
  waitMsOf,
} from './core.ts'
import { timedOut } from './errors.ts'
import { FencedHold, withHeld } from './held.ts'
import {
  readArray,
  readFlag,
  readInteger,
  readIntegerOrNull,
  readString,
  readStrings,
} from './reply.ts'

export interface CampaignOptions extends Omit<HoldOptions, 'owner'> {
  /** Who stands for election; a random name unless given. */
  readonly candidate?: string | undefined
  /** What others read of the leader, such as its address. */
  readonly value?: string | undefined
}

export interface CurrentLeader {
  readonly candidate: string
  readonly value: string
  readonly token: number
  /** Milliseconds that the term lasts without renewal; -1 if as long as a connection. */
  readonly ttlMs: number
}

export class Leader {
  readonly key: string
  readonly #core: Core

  constructor(core: Core, key: string) {
    this.#core = core
    this.key = key
  }

  /** Waits to become the leader, without end unless told; code TIMEOUT if the wait is over. */
  async campaign(options: CampaignOptions = {}): Promise<Leadership> {
    const leadership = await this.#claim(options, Number.POSITIVE_INFINITY)
    if (leadership === null) throw timedOut(this.key)
    return leadership
  }

  /** The leadership, or null; does not wait unless told. */
  tryCampaign(options: CampaignOptions = {}): Promise<Leadership | null> {
    return this.#claim(options, 0)
  }

  /** Leads while the work runs. */
  async leading<T>(
    options: CampaignOptions,
    work: (leadership: Leadership) => T | Promise<T>,
  ): Promise<T> {
    return withHeld(await this.campaign(options), work)
  }

  async #claim(options: CampaignOptions, fallbackMs: number): Promise<Leadership | null> {
    const waitMs = waitMsOf(options.wait, fallbackMs)
    const terms = leaderTerms(this.#core, this.key, options)
    const lease = await claim(this.#core, terms, waitMs, options.signal)
    return lease === null ? null : new Leadership(this.#core, terms, lease)
  }

  /** Who leads now; null if nobody does. */
  async get(): Promise<CurrentLeader | null> {
    return readLeader(await this.#core.transport.send(command('LEADER.GET', this.key)))
  }

  /**
   * Waits until somebody leads under another token than `not`, or than now; null if the time is
   * over before.
   */
  async await(
    options: WaitOptions & { readonly not?: number } = {},
  ): Promise<CurrentLeader | null> {
    const words = options.not === undefined ? [] : ['NOT', options.not]
    const reply = await this.#core.waits.run({
      request: waitMs => command('LEADER.AWAIT', this.key, ...words, 'WAIT', waitMs),
      waitMs: waitMsOf(options.wait, Number.POSITIVE_INFINITY),
      signal: options.signal,
    })
    return readLeader(reply)
  }

  /** The leader of now and every one after, until the signal aborts, which ends the loop. */
  async *observe(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<CurrentLeader> {
    let seen = 0
    while (options.signal?.aborted !== true) {
      const leader = await this.await({ not: seen, signal: options.signal }).catch(
        (error: unknown) => {
          if (options.signal?.aborted === true) return null
          throw error
        },
      )
      if (leader === null) continue
      seen = leader.token
      yield leader
    }
  }

  /** The leader, then the candidates in their order. */
  async members(): Promise<string[]> {
    return readStrings(await this.#core.transport.send(command('LEADER.MEMBERS', this.key)))
  }
}

function readLeader(reply: unknown): CurrentLeader | null {
  if (reply === null) return null
  const [candidate, value, token, ttlMs] = readArray(reply)
  return {
    candidate: readString(candidate),
    value: readString(value),
    token: readInteger(token),
    ttlMs: readIntegerOrNull(ttlMs) ?? -1,
  }
}

function leaderTerms(core: Core, key: string, options: CampaignOptions): ClaimTerms {
  const owner = ownerOf(options.candidate)
  const leaseMs = leaseMsOf(core, options.lease)
  const words: (string | number)[] = ['PX', leaseMs]
  if (options.value !== undefined) words.push('VALUE', options.value)
  return {
    key,
    owner,
    leaseMs,
    renews: options.renew ?? true,
    request: ms => command('LEADER.CAMPAIGN', key, owner, ...words, ...waiting(ms)),
    cancel: () => command('LEADER.CANCEL', key, owner),
    extend: (token, ms) => command('LEADER.EXTEND', key, owner, 'PX', ms, ...byToken(token)),
    release: () => command('LEADER.RESIGN', key, owner),
  }
}

/** A term as the leader; giving it back is resigning. */
export class Leadership extends FencedHold {
  get candidate(): string {
    return this.owner
  }

  /** What others read of the leader from now on; false if it leads no more. */
  async proclaim(value: string): Promise<boolean> {
    return readFlag(
      await this.core.transport.send(command('LEADER.PROCLAIM', this.key, this.owner, value)),
    )
  }

  /** Makes another the leader; the token of its term, or null if there was nothing to give. */
  async transfer(to: string, options: { readonly lease?: number } = {}): Promise<number | null> {
    const leaseMs = leaseMsOf(this.core, options.lease)
    const heir = ownerOf(to)
    this.handedOver()
    return readIntegerOrNull(
      await this.core.transport.send(
        command('LEADER.TRANSFER', this.key, this.owner, heir, 'PX', leaseMs),
      ),
    )
  }

  /** Fails with NOTOWNER, NOTHELD or FENCED unless the server still has it so. */
  async assert(): Promise<void> {
    await this.core.transport.send(
      command('LEADER.ASSERT', this.key, this.owner, 'TOKEN', this.token),
    )
  }
}
