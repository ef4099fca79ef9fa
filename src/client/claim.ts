// claim.ts — Asks for something that is held: at once if it is free, and else in its queue.
//
// What is free is taken with one round trip on the caller's connection. Only who must wait goes to
// a connection of its own. Owner and queue make every repetition harmless.

import { now } from './clock.ts'
import type { Command } from './command.ts'
import type { Core } from './core.ts'
import { aborted, asLatchkeyError, type LatchkeyError } from './errors.ts'
import { isStale, Lease } from './lease.ts'
import { askOn, Binding, leftMs } from './own-connection.ts'
import { readInteger } from './reply.ts'

/** The words of one family for one owner. */
export interface ClaimTerms {
  readonly key: string
  readonly owner: string
  readonly leaseMs: number
  readonly renews: boolean
  /** Held as long as a connection of its own lasts, and for no lease. */
  readonly bound?: boolean
  /** `waitMs` is undefined to try once, 0 for no end. */
  request(waitMs: number | undefined): Command
  cancel(): Command
  extend(token: number | undefined, leaseMs: number): Command
  release(token: number | undefined): Command
}

/** The lease of what was granted; null if the time is over before. */
export async function claim(
  core: Core,
  terms: ClaimTerms,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<Lease | null> {
  if (signal?.aborted) throw aborted(signal)
  if (terms.bound === true) return claimBound(core, terms, waitMs, signal)
  const first = now()
  const reply = await tryOnce(core, terms)
  if (signal?.aborted) {
    if (reply !== null) await core.transport.send(terms.cancel())
    throw aborted(signal)
  }
  if (reply !== null) return granted(terms, readInteger(reply), first)
  return waitMs > 0 ? waitForTurn(core, terms, first + waitMs, signal) : null
}

async function claimBound(
  core: Core,
  terms: ClaimTerms,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<Lease | null> {
  const until = now() + waitMs
  const lasts = waitMs === 0 ? Number.POSITIVE_INFINITY : until
  const connection = await core.waits.take(lasts, signal)
  if (connection === undefined) return null
  const reply = await askOn(core, connection, terms.request(leftMs(waitMs, until)), signal)
  if (reply === null) {
    core.waits.give(connection)
    return null
  }
  const lease = new Lease(Number.POSITIVE_INFINITY, false, readInteger(reply), now())
  const lost = () => core.renewals.lose(lease, 'the connection that held it has ended')
  lease.binding = new Binding(core, connection, lost)
  return lease
}

async function tryOnce(core: Core, terms: ClaimTerms): Promise<unknown> {
  try {
    return await core.transport.send(terms.request(undefined))
  } catch (thrown) {
    throw cancelUnseen(core, terms, thrown)
  }
}

async function waitForTurn(
  core: Core,
  terms: ClaimTerms,
  until: number,
  signal: AbortSignal | undefined,
): Promise<Lease | null> {
  for (let sentAt = now(); sentAt < until; sentAt = now()) {
    const reply = await waitOnce(core, terms, until - sentAt, signal)
    if (reply === null) return null
    const token = readInteger(reply)
    if (!isStale(sentAt, terms.leaseMs)) return granted(terms, token, sentAt)
    // The lease began somewhere in a long wait: a new one, whose beginning is known, takes its place.
    const asked = now()
    if (await isExtended(core, terms, token)) return granted(terms, token, asked)
  }
  return null
}

async function waitOnce(
  core: Core,
  terms: ClaimTerms,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    const cancel = terms.cancel()
    return await core.waits.run({ request: ms => terms.request(ms), cancel, waitMs, signal })
  } catch (thrown) {
    throw cancelUnseen(core, terms, thrown)
  }
}

async function isExtended(core: Core, terms: ClaimTerms, token: number): Promise<boolean> {
  try {
    return readInteger(await core.transport.send(terms.extend(token, terms.leaseMs))) > 0
  } catch (thrown) {
    const error = asLatchkeyError(thrown)
    if (error.code === 'FENCED') return false
    throw error
  }
}

function granted({ leaseMs, renews }: ClaimTerms, token: number, sentAt: number): Lease {
  return new Lease(leaseMs, renews, token, sentAt)
}

/** After a connection broke nobody knows whether it was granted: it should not stay so for long. */
function cancelUnseen(core: Core, terms: ClaimTerms, thrown: unknown): LatchkeyError {
  const error = asLatchkeyError(thrown)
  // A connection that is gone cannot cancel either, and then the lease ends it.
  if (error.code === 'CONNECTION') core.transport.send(terms.cancel()).catch(() => {})
  return error
}
