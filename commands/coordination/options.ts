// options.ts — What the families read alike: owners, tokens, and keywords in any order.
//
// Everything is read and checked before anything changes. A keyword that is unknown, comes twice or
// contradicts another is a syntax error.

import { type Call, fail } from '../../src/call.ts'
import { errors, invalidExpireTime, ReplyError } from '../../src/errors.ts'
import { readTimeoutMs } from '../timeout.ts'

/** Owners, candidates, participants and request ids. */
export const NAME_BYTES_MAX = 256
/** META of a lock, VALUE of a leader, DATA of a participant, the reason of a break. */
export const TEXT_BYTES_MAX = 65_536
/** Keys of one command that takes several. */
export const KEYS_MAX = 1024
/** Ten years: whoever wants more wants no end. */
export const LEASE_MS_MAX = 315_360_000_000

const nameTooLong = new ReplyError(`ERR a name is longer than ${NAME_BYTES_MAX} bytes`)
const textTooLong = new ReplyError(`ERR a text is longer than ${TEXT_BYTES_MAX} bytes`)
const numkeysRange = new ReplyError(`ERR numkeys is not an integer from 1 to ${KEYS_MAX}`)
const keyTwice = new ReplyError('ERR a key is named twice')

/** An owner: any bytes, but not many. */
export function nameAt(call: Call, i: number): string {
  return call.length(i) > NAME_BYTES_MAX ? fail(nameTooLong) : call.text(i)
}

export function textAt(call: Call, i: number): string {
  return call.length(i) > TEXT_BYTES_MAX ? fail(textTooLong) : call.text(i)
}

/** A token: tokens are exact JavaScript numbers, and what is none of them is none of ours. */
export function tokenAt(call: Call, i: number): number {
  return call.integerIn(i, 0, Number.MAX_SAFE_INTEGER)
}

/**
 * The positions of the keys behind a count of them at argument i; none comes twice. At least
 * `following` arguments must come after them.
 */
export function keysAt(call: Call, i: number, following: number): number[] {
  const count = call.integerIn(i, 1, KEYS_MAX, numkeysRange)
  if (i + count + following >= call.count) throw errors.syntax
  const positions: number[] = []
  const names = new Set<string>()
  for (let at = i + 1; at <= i + count; at++) {
    positions.push(at)
    names.add(call.text(at))
  }
  if (names.size < count) throw keyTwice
  return positions
}

/** For how long something is held: for a lease, or as long as a connection lasts. */
export interface Term {
  /** 0 for none. */
  readonly leaseMs: number
  /** 0 for none. */
  readonly connection: number
}

/** The keywords of a command, read one after the other: `while (options.more) …`. */
export class Options {
  /** Of `WAIT`: monotonic ms, Infinity for no end; undefined to try once. */
  deadline: number | undefined = undefined
  /** Of `EX` or `PX`; 0 for none. */
  leaseMs = 0
  /** Of `REQ`. */
  request: string | undefined = undefined
  /** `CONN` was said. */
  bound = false

  readonly #call: Call
  /** Made by the first keyword; most commands have none or one. */
  #seen: string[] | undefined = undefined
  #at: number

  constructor(call: Call, from: number) {
    this.#call = call
    this.#at = from
  }

  get more(): boolean {
    return this.#at < this.#call.count
  }

  /** Whether this keyword comes next; then it is taken. */
  takes(word: string): boolean {
    if (!this.#call.is(this.#at, word)) return false
    if (this.#seen === undefined) this.#seen = [word]
    else if (this.#seen.includes(word)) throw errors.syntax
    else this.#seen.push(word)
    this.#at++
    return true
  }

  has(word: string): boolean {
    return this.#seen?.includes(word) ?? false
  }

  /** The position of the argument that belongs to the keyword just taken. */
  argument(): number {
    if (!this.more) throw errors.syntax
    return this.#at++
  }

  integer(min: number, max: number): number {
    return this.#call.integerIn(this.argument(), min, max)
  }

  name(): string {
    return nameAt(this.#call, this.argument())
  }

  text(): string {
    return textAt(this.#call, this.argument())
  }

  token(): number {
    return tokenAt(this.#call, this.argument())
  }

  /** `EX seconds` or `PX milliseconds`. */
  takesLease(): boolean {
    const inSeconds = this.takes('EX')
    if (!inSeconds && !this.takes('PX')) return false
    if (this.leaseMs > 0 || this.bound) throw errors.syntax
    const call = this.#call
    const amount = call.integer(this.argument())
    const leaseMs = inSeconds ? amount * 1000 : amount
    if (amount <= 0 || leaseMs > LEASE_MS_MAX) throw invalidExpireTime(call.command.fullName)
    this.leaseMs = leaseMs
    return true
  }

  /** A lease, or `CONN`. */
  takesTerm(): boolean {
    if (!this.takes('CONN')) return this.takesLease()
    if (this.leaseMs > 0) throw errors.syntax
    this.bound = true
    return true
  }

  /** `WAIT milliseconds`. */
  takesWait(): boolean {
    if (!this.takes('WAIT')) return false
    this.deadline = readTimeoutMs(this.#call, this.argument())
    return true
  }

  /** `REQ id`. */
  takesRequest(): boolean {
    if (!this.takes('REQ')) return false
    this.request = this.name()
    return true
  }

  /** The term that was asked for, or a lease of the default length. */
  term(): Term {
    if (this.bound) return { leaseMs: 0, connection: this.#call.client.id }
    const { values } = this.#call.server.config
    return { leaseMs: this.leaseMs || values['lock-default-lease'], connection: 0 }
  }

  refuse(): never {
    throw errors.syntax
  }
}
