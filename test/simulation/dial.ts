// How a connection begins: half a round trip to be accepted, another half to know it.

import { Connection, type End } from './connection.ts'
import type { Network } from './network.ts'

export interface Listener<M> {
  /** Undefined if nobody listens. */
  accept(from: number, connection: Connection<M>): End<M> | undefined
}

export interface Dialler<M> extends End<M> {
  opened(connection: Connection<M>): void
  failed(): void
}

/** A dial over a cut path is given up after this. */
const CONNECT_TIMEOUT_MS = 500

export function dial<M>(
  network: Network,
  from: number,
  to: number,
  listener: Listener<M>,
  dialler: Dialler<M>,
): void {
  const { timeline } = network
  const fail = () => dialler.failed()
  timeline.schedule(() => {
    if (network.isCut(from, to) || network.isCut(to, from)) {
      timeline.schedule(fail, timeline.now + CONNECT_TIMEOUT_MS)
      return
    }
    const at = timeline.now + network.delayMs(to, from)
    const accepted = new Acceptance<M>()
    const connection = new Connection<M>(network, from, to, [dialler, accepted])
    accepted.end = listener.accept(from, connection)
    if (accepted.end === undefined) {
      connection.abandon()
      timeline.schedule(fail, at)
    } else {
      timeline.schedule(() => dialler.opened(connection), at)
    }
  }, timeline.now + network.delayMs(from, to))
}

/** The end of the side that accepted, which is made once the connection is there. */
class Acceptance<M> implements End<M> {
  end: End<M> | undefined

  received(connection: Connection<M>, message: M): void {
    this.end!.received(connection, message)
  }

  closed(connection: Connection<M>): void {
    this.end!.closed(connection)
  }
}
