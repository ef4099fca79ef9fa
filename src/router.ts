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
  /**
   * Sends a request after those of its client that another node is answering, if it is for the same
   * node and may be sent before they are answered; else it does nothing.
   */
  follow(call: Call): boolean
  /** Ends the wait of a client's command at another node; false if none may be waiting. */
  unblock(client: Client, byError: boolean): boolean
  /** Sends a message to the subscribers of other nodes. */
  publish(channel: string, text: string): void
  /** Whether anybody at another node may be listening to news of coordination. */
  readonly isNewsWanted: boolean
  /** Sends news to those nodes. */
  tell(channel: string, text: string): void
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
  /** `hz` times a second. */
  cron(): void
}
