// Times and limits of one node's metadata plane.
//
// The lease of a member and the time after which it is taken for dead belong together, and both
// decide about safety: every member of a grid must be started with the same two. A node that was
// started with others is refused when it joins.

import assert from 'node:assert/strict'
import { DEFAULT_PLAN_LIMITS, type PlanLimits } from '../placement/plan.ts'
import { COPIES_MAX } from '../placement/target.ts'
import { VOTERS_MAX } from '../quorum-voters.ts'
import { assertOptions, DEFAULT_OPTIONS, type RaftOptions } from '../raft/options.ts'

/** By how much two clocks may differ in rate. Quartz differs by a thousandth of it. */
export const CLOCK_DRIFT_MAX = 0.1

/** What may change while the node runs. The coordinator's counts, whatever the others say. */
export interface Policy {
  /** Copies of each segment, the primary counted. */
  readonly owners: number
  readonly votersMax: number
  /**
   * A member that is down is expected back for so long. Until then its copies are not made
   * elsewhere, for a restart takes seconds and moving everything it owns, there and back, much
   * longer. After it every segment gets its missing copies at once.
   */
  readonly replaceTimeoutMs: number
  /** Segments without any good copy start empty, instead of waiting for one to come back. */
  readonly servesLostEmpty: boolean
  readonly plan: PlanLimits
}

export interface MetadataOptions {
  /** Writes under way go to disk together, so many of them cost as much as one. */
  readonly raft: RaftOptions
  readonly heartbeatMs: number
  readonly leaseMs: number
  readonly nodeTimeoutMs: number
  /** Without a sign of life from the data thread for so long, the node counts as dead. */
  readonly stallTimeoutMs: number
  readonly policy: Policy
}

export const DEFAULT_METADATA_OPTIONS: MetadataOptions = Object.freeze({
  raft: Object.freeze({ ...DEFAULT_OPTIONS, writesInFlightMax: 1_024 }),
  heartbeatMs: 100,
  leaseMs: 600,
  nodeTimeoutMs: 800,
  stallTimeoutMs: 3_000,
  policy: Object.freeze({
    owners: 2,
    votersMax: VOTERS_MAX,
    replaceTimeoutMs: 60_000,
    servesLostEmpty: false,
    plan: DEFAULT_PLAN_LIMITS,
  }),
})

/** When a lease has ended on its holder's clock, whatever its rate. */
export function surelyEndedAfterMs(leaseMs: number): number {
  // In hundredths, so that whole numbers stay exact.
  return (leaseMs * (100 + 100 * CLOCK_DRIFT_MAX)) / 100
}

export function assertMetadataOptions(options: MetadataOptions): void {
  const { raft, heartbeatMs, leaseMs, nodeTimeoutMs, policy } = options
  assertOptions(raft)
  assert(heartbeatMs > 0, 'members tell that they live')
  assert(2 * heartbeatMs < leaseMs, 'a lease outlives one lost heartbeat')
  assert(surelyEndedAfterMs(leaseMs) <= nodeTimeoutMs, 'a lease ends before its holder is replaced')
  assert(policy.owners >= 1 && policy.owners <= COPIES_MAX, `owners are 1 to ${COPIES_MAX}`)
  assert(policy.votersMax >= 1 && policy.votersMax <= VOTERS_MAX, `voters are 1 to ${VOTERS_MAX}`)
}
