// own-connection.ts — Asking on a connection of one's own, to which the server binds what it grants.
//
// Nothing is cancelled here: whoever gives up closes the connection, and with it goes the wait and
// whatever was granted unseen.

import { now } from './clock.ts'
import type { Command } from './command.ts'
import type { Core } from './core.ts'
import { aborted, asLatchkeyError, invalid } from './errors.ts'
import type { Transport } from './transport.ts'

/** For WAIT: undefined not to wait, 0 for no end. */
export function leftMs(waitMs: number, until: number): number | undefined {
  if (waitMs === 0) return undefined
  return waitMs === Number.POSITIVE_INFINITY ? 0 : Math.max(1, Math.ceil(until - now()))
}

/** Asks on a connection, which is closed if the signal aborts or something fails. */
export async function askOn(
  core: Core,
  connection: Transport,
  request: Command,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const end = () => core.waits.discard(connection)
  signal?.addEventListener('abort', end)
  try {
    if (signal?.aborted) throw aborted(signal)
    return await connection.send(request)
  } catch (error) {
    end()
    throw signal?.aborted ? aborted(signal) : asLatchkeyError(error)
  } finally {
    signal?.removeEventListener('abort', end)
  }
}

/** A connection as long as which something is held. */
export class Binding {
  readonly #core: Core
  readonly #connection: Transport
  readonly #stopWatching: () => void

  /** `onEnd` is called when the connection ends by itself, and what it held with it. */
  constructor(core: Core, connection: Transport, onEnd: () => void) {
    this.#core = core
    this.#connection = connection
    const stop = connection.watch(() => {
      this.#stopWatching()
      // The library may make it anew, but nothing is held on that.
      core.waits.discard(connection)
      onEnd()
    })
    if (stop === undefined) {
      core.waits.discard(connection)
      throw invalid('in a cluster nothing can be bound to a connection')
    }
    this.#stopWatching = stop
  }

  /** Nothing is held on it any more: the connection may serve others. */
  end(): void {
    this.#stopWatching()
    this.#core.waits.give(this.#connection)
  }
}
