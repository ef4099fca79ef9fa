// transport.ts — How commands get to the server: over the application's own connection.
//
// Whatever fails fails with a LatchkeyError. Commands are neither queued nor resent here; the
// library below may resend what was in flight when a connection broke.

import type { Command } from './command.ts'
import type { LatchkeyError } from './errors.ts'

export interface Transport {
  /** What the library below puts before keys it knows of; it does not know ours. */
  readonly keyPrefix: string
  send(command: Command): Promise<unknown>
  /** All in one write, where the library can; an error stands in the place of its reply. */
  sendAll(commands: readonly Command[]): Promise<readonly (unknown | LatchkeyError)[]>
  /** Another connection like this one, ready for use. */
  duplicate(): Promise<Transport>
  /**
   * Calls back when this connection ends, whether or not the library makes it anew; the answer stops
   * that. Undefined where nobody could tell, as of the many connections of a cluster.
   */
  watch(onEnd: () => void): (() => void) | undefined
  /** Ends a connection that `duplicate` made; what is in flight fails. */
  close(): void
}
