// All links of this node: to every other member that is up, and those that the others have dialled.

import type { Logger } from 'pino'
import type { Client } from '../../src/client.ts'
import type { ClusterLink } from '../../src/cluster.ts'
import type { NodeId } from '../raft/configuration.ts'
import type { Topology } from '../topology/topology.ts'
import { FrameError, FrameReader, FrameWriter } from './frame.ts'
import { type Identity, Link, type LinkEvents } from './link.ts'

const READ_BUFFER_BYTES = 1 << 16

/** What comes in on links that others dialled. */
export interface InboundEvents {
  up(peer: NodeId): void
  down(peer: NodeId): void
  frame(peer: NodeId, kind: number, body: Buffer): void
  received(): void
}

export class Links {
  readonly #identity: Identity
  readonly #outbound: LinkEvents
  readonly #inbound: InboundEvents
  readonly #log: Logger
  /** Links read one after the other, so they share their buffer. */
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
  readonly #dialled = new Map<NodeId, Link>()
  readonly #accepted = new Map<NodeId, Accepted>()

  constructor(identity: Identity, outbound: LinkEvents, inbound: InboundEvents, log: Logger) {
    this.#identity = identity
    this.#outbound = outbound
    this.#inbound = inbound
    this.#log = log
  }

  /** Keeps a link to every other member that is up, in the incarnation that the topology names. */
  follow(topology: Topology): void {
    const wanted = new Map(
      topology.members
        .filter(member => member.state === 'up' && member.id !== this.#identity.id)
        .map(member => [member.id, member]),
    )
    for (const [id, link] of this.#dialled) {
      if (wanted.get(id)?.incarnation === link.incarnation) continue
      this.#dialled.delete(id)
      link.close()
    }
    for (const [id, member] of wanted) {
      if (this.#dialled.has(id)) continue
      const link = new Link(member, this.#identity, this.#outbound, this.#log, this.#readBuffer)
      this.#dialled.set(id, link)
    }
  }

  /** The link to a peer, if it is up. */
  to(peer: NodeId): Link | undefined {
    const link = this.#dialled.get(peer)
    return link?.isUp ? link : undefined
  }

  get peers(): readonly NodeId[] {
    return [...this.#dialled.values()].filter(link => link.isUp).map(link => link.peer)
  }

  /** All of them, for those who look. */
  *list(): Generator<ClusterLink> {
    for (const link of this.#dialled.values()) {
      if (!link.isUp) continue
      const { peer: node, upSince: createdAt, unsentBytes } = link
      yield { direction: 'to', node, createdAt, unsentBytes }
    }
    for (const [node, { client }] of this.#accepted) {
      const { createdAt, outputBytes: unsentBytes } = client
      yield { direction: 'from', node, createdAt, unsentBytes }
    }
  }

  /** A member has shown who it is: the connection carries frames from now on. */
  accept(client: Client, peer: NodeId): void {
    this.#accepted.get(peer)?.replace()
    const accepted = new Accepted(client, () => {
      if (this.#accepted.get(peer) !== accepted) return
      this.#accepted.delete(peer)
      this.#inbound.down(peer)
    })
    this.#accepted.set(peer, accepted)
    const reader = new FrameReader()
    const frame = (kind: number, body: Buffer) => this.#inbound.frame(peer, kind, body)
    client.upgrade = {
      receive: (chunk, end) => {
        try {
          reader.read(chunk, end, frame)
        } catch (error) {
          if (!(error instanceof FrameError)) throw error
          this.#log.error({ peer, reason: error.message }, 'link broken by its peer')
          accepted.end()
        }
        this.#inbound.received()
      },
      ended: () => accepted.gone(),
    }
    this.#inbound.up(peer)
  }

  /** Writes a frame on the link that a peer dialled; nothing if there is none. */
  answer(peer: NodeId, write: (frames: FrameWriter) => void): void {
    this.#accepted.get(peer)?.write(write)
  }

  close(): void {
    for (const link of this.#dialled.values()) link.close()
    this.#dialled.clear()
  }
}

/** A link that a peer dialled: a client's connection that carries frames. */
class Accepted {
  readonly client: Client
  readonly #frames = new FrameWriter()
  readonly #ended: () => void

  constructor(client: Client, ended: () => void) {
    this.client = client
    this.#ended = ended
  }

  write(write: (frames: FrameWriter) => void): void {
    write(this.#frames)
    const bytes = this.#frames.take()
    this.client.output.add(bytes, 0, bytes.length)
  }

  /** The peer has dialled again. */
  replace(): void {
    this.end()
    this.gone()
  }

  end(): void {
    this.client.link.close(false)
  }

  gone(): void {
    this.#ended()
  }
}
