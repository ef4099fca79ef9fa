// Libraries of functions belong to no segment: as in Redis Cluster a client loads them on every
// node. A node that comes later would lack them, so every node tells a peer that it reaches which it
// has, and the peer takes those whose names it does not know. A deletion is not told: it too is the
// client's to say to every node.

import { ReplyError } from '../../src/errors.ts'
import { dumpLibraries, readLibraries } from '../../src/scripting/library-dump.ts'
import type { Server } from '../../src/server.ts'
import type { NodeId } from '../raft/configuration.ts'
import { LIBRARIES } from '../routing/kinds.ts'
import type { PeerChannel } from './view.ts'

export class SharedFunctions {
  readonly #server: Server
  readonly #channel: PeerChannel

  constructor(server: Server, channel: PeerChannel) {
    this.#server = server
    this.#channel = channel
    channel.onMessage(LIBRARIES, (_, payload) => this.#learn(payload))
  }

  /** The peer can be reached. */
  tell(peer: NodeId): void {
    const codes = [...this.#server.functions.libraries.values()].map(library => library.code)
    if (codes.length > 0) this.#channel.send(peer, LIBRARIES, dumpLibraries(codes, true))
  }

  #learn(payload: Buffer): void {
    this.#server.beginTurn()
    for (const code of readLibraries(payload, 0, payload.length)) {
      try {
        this.#server.functions.load(code, false)
      } catch (error) {
        // It has one of this name, or functions of these names.
        if (!(error instanceof ReplyError)) throw error
      }
    }
  }
}
