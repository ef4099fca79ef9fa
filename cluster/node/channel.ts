// Messages between data threads that are not replication's: they share its links.

import type { NodeId } from '../raft/configuration.ts'
import { REPLICATION_KINDS_END } from '../replication/codec.ts'
import type { Links } from './links.ts'
import type { PeerChannel } from './view.ts'

/** Bytes that wait for a peer, beyond which it gets no messages that may be missed. */
const UNSENT_BYTES_MAX = 64 * 1024 * 1024

type Listener = (from: NodeId, payload: Buffer) => void

export class Channel implements PeerChannel {
  readonly #links: Links
  readonly #listeners = new Map<number, Listener>()

  constructor(links: Links) {
    this.#links = links
  }

  get peers(): Iterable<NodeId> {
    return this.#links.peers
  }

  send(to: NodeId, kind: number, payload: Buffer): boolean {
    const link = this.#links.to(to)
    if (link === undefined || link.unsentBytes > UNSENT_BYTES_MAX) return false
    const { frames } = link
    frames.begin(kind, payload.length)
    frames.append(payload)
    frames.end()
    return true
  }

  onMessage(kind: number, listener: Listener): void {
    if (kind < REPLICATION_KINDS_END) throw new Error(`kind ${kind} is replication's`)
    this.#listeners.set(kind, listener)
  }

  /** Of a kind that nobody knows, from a newer version: it is passed over. */
  receive(from: NodeId, kind: number, payload: Buffer): void {
    this.#listeners.get(kind)?.(from, payload)
  }
}
