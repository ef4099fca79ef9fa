// commit-gate.ts — Holds replies back until what they tell of can no longer be lost.
//
// A command runs at once; its reply waits for the entry of the log that it depends on: its own, or
// for a read the last one of the keys' segment. Commands go on meanwhile, so a wait costs time and
// no throughput. What a client was sent stays in order: once a reply is held, all that is written to
// the client after it is held too.
//
// If an entry comes to nothing, because another node serves the segment now, a reply that told of it
// is replaced: by INDOUBT for a write, whose fate nobody here can know, by a redirection for a read.

import type { Call } from './call.ts'
import type { Client } from './client.ts'
import { NO_MANDATORY_KEYS, READONLY, RUNS_QUEUE, WRITE } from './command.ts'
import { NO_SEGMENT } from './effects.ts'
import type { Output } from './wire/output.ts'

/** Commands that may see or change data though no key of theirs is known. */
const UNROUTED = WRITE | READONLY | RUNS_QUEUE | NO_MANDATORY_KEYS

/** An entry of the log whose fate is not known yet. */
export interface Dependency {
  /** `undefined` while it is open. */
  readonly isCommitted: boolean | undefined
  /** The listener is told once, when it is settled. */
  listen(listener: { settled(dependency: Dependency, isCommitted: boolean): void }): void
}

/** Who knows what is committed. */
export interface CommitLog {
  /** The last entry of a segment, if it is open. */
  open(segment: number): Dependency | undefined
  /** The last entries of all segments that have an open one. */
  openAll(): Iterable<Dependency>
  /** What a client is told of a command whose entry came to nothing. */
  refusal(segment: number, isWrite: boolean): string
}

/** A part of a client's output that depends on an entry. */
interface Claim {
  readonly start: number
  readonly end: number
  readonly dependency: Dependency
  readonly segment: number
  readonly isWrite: boolean
}

export class CommitGate {
  readonly #log: CommitLog
  /** False if replies leave at once, and copies follow when they can. */
  readonly #holds: boolean
  /** Called when something that was held may leave. */
  readonly #release: (client: Client) => void

  constructor(log: CommitLog, holds: boolean, release: (client: Client) => void) {
    this.#log = log
    this.#holds = holds
    this.#release = release
  }

  /** A call ran; its reply is at [start, end) of the client's output. */
  ran(call: Call, start: number, end: number, isWrite: boolean): void {
    const { segment, client } = call
    if (isWrite && segment !== NO_SEGMENT) {
      client.wroteIn = segment
      client.wrote = this.#log.open(segment)
    }
    if (start === end || !this.#holds) return
    if (segment !== NO_SEGMENT) {
      const dependency = isWrite ? client.wrote : this.#log.open(segment)
      if (dependency !== undefined) claim(client, { start, end, dependency, segment, isWrite })
    } else if ((call.command.bits & UNROUTED) !== 0) {
      // It may have seen any key.
      for (const dependency of this.#log.openAll()) {
        claim(client, { start, end, dependency, segment, isWrite })
      }
    }
  }

  /** What was written to the client from `start` on was taken back. */
  forget(client: Client, start: number): void {
    const { claims } = client
    while (claims !== undefined && claims.length > 0 && claims.at(-1)!.start >= start) claims.pop()
  }

  /** Leaves in the client's output what may be sent now, and keeps the rest. */
  pass(client: Client): void {
    const { output, claims } = client
    client.claims = undefined
    const open = claims?.filter(each => each.dependency.isCommitted !== true) ?? []
    if (client.held === undefined) {
      if (open.length === 0) return
      client.held = []
    }
    const { held } = client
    if (output.ranges > 0) held.push(new Held(client, output, open, this.#settled))
    output.clear()
    for (let first = held[0]; first !== undefined && first.open === 0; first = held[0]) {
      held.shift()
      first.writeTo(output, this.#log)
    }
    if (held.length === 0) client.held = undefined
  }

  readonly #settled = (held: Held): void => {
    if (held.open === 0 && held.client.held?.[0] === held) this.#release(held.client)
  }
}

function claim(client: Client, made: Claim): void {
  if (client.claims === undefined) client.claims = [made]
  else client.claims.push(made)
}

/** What was written to a client in one turn. */
export class Held {
  readonly client: Client
  readonly bytes: Buffer
  /** Claims that are not settled. */
  open = 0
  readonly #claims: readonly Claim[]
  readonly #settled: (held: Held) => void

  constructor(
    client: Client,
    output: Output,
    claims: readonly Claim[],
    settled: (held: Held) => void,
  ) {
    this.client = client
    this.bytes = output.copy()
    this.#claims = claims
    this.#settled = settled
    for (const { dependency } of claims) {
      if (dependency.isCommitted !== undefined) continue
      this.open++
      dependency.listen(this)
    }
  }

  settled(): void {
    this.open--
    this.#settled(this)
  }

  writeTo(output: Output, log: CommitLog): void {
    const { bytes } = this
    let at = 0
    for (const { start, end, dependency, segment, isWrite } of this.#claims) {
      // A reply with several claims is replaced once.
      if (dependency.isCommitted !== false || start < at) continue
      const refusal = Buffer.from(`-${log.refusal(segment, isWrite)}\r\n`, 'latin1')
      output.add(bytes, at, start)
      output.add(refusal, 0, refusal.length)
      at = end
    }
    if (at < bytes.length) output.add(bytes, at, bytes.length)
  }
}

export type { Claim }
