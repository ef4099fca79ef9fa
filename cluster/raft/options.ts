// Times and limits of one consensus node. Every queue and buffer of the machine has its bound here.

import assert from 'node:assert/strict'

export interface RaftOptions {
  /** A voter that heard from a leader grants nobody else a vote for this long. */
  readonly electionTimeoutMs: number
  /** A campaign starts after the election timeout plus a random share of this. */
  readonly electionJitterMs: number
  readonly heartbeatMs: number
  /**
   * How long a majority's confirmation lets the leader act as the only one, from the moment it
   * asked. The margin to the election timeout is what clocks may differ in rate: 10 % at defaults,
   * a thousand times what quartz does.
   */
  readonly leaseMs: number

  /** Of entries in one append. One entry always fits. */
  readonly appendBytesMax: number
  readonly appendEntriesMax: number
  /** Appends with entries sent to one follower and not yet answered. */
  readonly inflightAppendsMax: number

  readonly commandBytesMax: number
  /** Entries after the snapshot, beyond which a leader takes no proposals. */
  readonly logEntriesMax: number
  /** Entries proposed and not yet committed. */
  readonly uncommittedEntriesMax: number
  /** Applied entries after the snapshot at which the machine asks for a new one. */
  readonly compactAfterEntries: number
  /** Entries kept before a snapshot, so that a follower a little behind is not sent all of it. */
  readonly keepEntries: number

  readonly snapshotBytesMax: number
  readonly snapshotChunkBytesMax: number

  /**
   * Writes handed out and not yet durable. Beyond it, messages that need one are dropped like lost
   * ones.
   */
  readonly writesInFlightMax: number
  /** Messages that wait for a write. Beyond it they are dropped like lost ones. */
  readonly heldMessagesMax: number
  /** Voters and learners together. */
  readonly membersMax: number
}

export const DEFAULT_OPTIONS: RaftOptions = Object.freeze({
  electionTimeoutMs: 250,
  electionJitterMs: 150,
  heartbeatMs: 50,
  leaseMs: 225,
  appendBytesMax: 256 * 1024,
  appendEntriesMax: 512,
  inflightAppendsMax: 8,
  commandBytesMax: 64 * 1024,
  logEntriesMax: 16_384,
  uncommittedEntriesMax: 2_048,
  compactAfterEntries: 4_096,
  keepEntries: 1_024,
  snapshotBytesMax: 16 * 1024 * 1024,
  snapshotChunkBytesMax: 64 * 1024,
  writesInFlightMax: 64,
  heldMessagesMax: 4_096,
  membersMax: 1_000,
})

export function assertOptions(options: RaftOptions): void {
  for (const [name, value] of Object.entries(options)) {
    assert(Number.isFinite(value) && value >= 0, `${name} is a number and not negative`)
  }
  assert(options.leaseMs < options.electionTimeoutMs, 'a lease ends before anybody else is elected')
  assert(2 * options.heartbeatMs < options.leaseMs, 'a lease outlives one lost heartbeat')
  assert(
    options.compactAfterEntries + options.uncommittedEntriesMax <= options.logEntriesMax,
    'the log has room for what cannot be compacted yet',
  )
  for (const bound of [
    options.appendEntriesMax,
    options.inflightAppendsMax,
    options.snapshotChunkBytesMax,
    options.writesInFlightMax,
    options.heldMessagesMax,
  ]) {
    assert(bound >= 1, 'a bound leaves room for one')
  }
}
