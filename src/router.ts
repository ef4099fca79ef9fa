// router.ts — Where the cluster tells a node which commands are its own. A single node has none.

import type { Call } from './call.ts'
import type { Client } from './client.ts'
import type { ReplyError } from './errors.ts'

export interface Router {
  /** The monotonic clock was read: what came before may run now if the lease lasts beyond that. */
  clockRead(): void
  /**
   * Whether the call may run here; its slot and segment are told then. If not, it has been answered,
   * put off or sent elsewhere.
   */
  admit(call: Call): boolean
  /** Whether commands on the segment's keys may run here now; always for NO_SEGMENT. */
  serves(segment: number): boolean
  /** Why a command of a script may not run, by its keys. */
  deny(outer: Call, call: Call): ReplyError | undefined
  /** The connection has ended: nothing of the client may stay behind. */
  disconnected(client: Client): void
  /** Something has changed for those who wait, and `wake` is needed in this turn. */
  readonly isDue: boolean
  /** When `wake` is needed at the latest, monotonic ms; Infinity for not at all. */
  readonly nextDeadline: number
  /** Does what is due by now. */
  wake(): void
}
