// Times and limits of replication. Times are in ms.

export interface ReplicationOptions {
  /** A backup that has not acknowledged for so long is proposed for removal from the in-sync set. */
  readonly ackTimeoutMs: number
  /** A proposal whose outcome is not seen is made again after this. */
  readonly proposalRepeatMs: number
  /** Bytes of one part of a segment's state; a turn of the event loop sends one to each receiver. */
  readonly transferChunkBytes: number
  /** Bytes of state under way to one receiver and not acknowledged. */
  readonly transferWindowBytes: number
  /** Segments that this node sends at once. */
  readonly transfersMax: number
  /** Bytes of state that this node sends per second, to all receivers together. */
  readonly transferBytesPerSecond: number
  /** Bytes of entries not committed, beyond which writes have to wait. */
  readonly tailBytesMax: number
}

export const DEFAULT_REPLICATION_OPTIONS: ReplicationOptions = Object.freeze({
  ackTimeoutMs: 2_500,
  proposalRepeatMs: 200,
  transferChunkBytes: 64 * 1024,
  transferWindowBytes: 512 * 1024,
  transfersMax: 4,
  transferBytesPerSecond: 128 * 1024 * 1024,
  tailBytesMax: 64 * 1024 * 1024,
})
