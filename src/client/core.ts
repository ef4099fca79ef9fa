// core.ts — What all objects of a grid share, and the options that they read alike.

import { invalid } from './errors.ts'
import type { Renewals } from './renewals.ts'
import type { Transport } from './transport.ts'
import type { Waits } from './waits.ts'

/** As on the server; longer owners would be refused there. */
const NAME_BYTES_MAX = 256

export interface Core {
  readonly transport: Transport
  readonly waits: Waits
  readonly renewals: Renewals
  /** Of holds that name none, in milliseconds. */
  readonly leaseMs: number
}

/** For how long to wait, and what ends it. */
export interface WaitOptions {
  /** Milliseconds; 0 does not wait, Infinity has no end. */
  readonly wait?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** How something is held. */
export interface HoldOptions extends WaitOptions {
  /** Milliseconds from a grant or a renewal on. */
  readonly lease?: number | undefined
  /** Who holds it; a random one unless given. */
  readonly owner?: string | undefined
  /** Whether the lease is renewed until it is given back. */
  readonly renew?: boolean | undefined
}

export function waitMsOf(wait: number | undefined, fallback: number): number {
  const waitMs = wait ?? fallback
  if (Number.isNaN(waitMs) || waitMs < 0) throw invalid(`wait must be 0 or more, not ${wait}`)
  return waitMs
}

export function leaseMsOf(core: Core, lease: number | undefined): number {
  const leaseMs = lease ?? core.leaseMs
  if (!Number.isSafeInteger(leaseMs) || leaseMs < 1) {
    throw invalid(`lease must be a whole number of milliseconds, not ${lease}`)
  }
  return leaseMs
}

export function ownerOf(owner: string | undefined): string {
  if (owner === undefined) return crypto.randomUUID()
  if (Buffer.byteLength(owner) > NAME_BYTES_MAX) {
    throw invalid(`an owner has at most ${NAME_BYTES_MAX} bytes`)
  }
  return owner
}

export function wholeNumber(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw invalid(`${name} must be a whole number from ${least} on, not ${value}`)
  }
  return value
}
