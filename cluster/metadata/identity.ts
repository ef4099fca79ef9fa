// Who this node is, from one start to the next: its id, its cluster, and which life this is.
//
// The id is made once and belongs to the directory: a node that lost its disk is another node. The
// incarnation is raised and brought to disk before anybody is told of it, so no two lives share one.

import type { NodeId } from '../raft/configuration.ts'
import type { Address, ClusterId } from './message.ts'

export interface Identity {
  readonly id: NodeId
  /** Undefined until the node has founded or joined one. */
  readonly cluster: ClusterId | undefined
  readonly incarnation: number
  /** It was about to leave its cluster when it was last heard of. */
  readonly isLeaving: boolean
  /** Whom a node without a cluster asks besides its seeds: members of the one that it left. */
  readonly peers: readonly Address[]
}

const VERSION = 1
const ID_PATTERN = /^[0-9a-f]{40}$/

/** Text, so that an operator can read it. */
export function writeIdentity(identity: Identity): string {
  return `${JSON.stringify({ version: VERSION, ...identity }, undefined, 2)}\n`
}

/** Throws if the text is not an identity. */
export function readIdentity(text: string): Identity {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new SyntaxError('not an identity')
  const fields = new Map<string, unknown>(Object.entries(value))
  const id = fields.get('id')
  const cluster = fields.get('cluster')
  const incarnation = fields.get('incarnation')
  const isLeaving = fields.get('isLeaving')
  const peers = fields.get('peers')
  const isSound =
    fields.get('version') === VERSION &&
    isId(id) &&
    (cluster === undefined || isId(cluster)) &&
    typeof incarnation === 'number' &&
    Number.isSafeInteger(incarnation) &&
    incarnation >= 0 &&
    typeof isLeaving === 'boolean' &&
    Array.isArray(peers)
  if (!isSound) throw new SyntaxError('not an identity')
  return { id, cluster, incarnation, isLeaving, peers: peers.map(readAddress) }
}

function readAddress(value: unknown): Address {
  const fields = new Map<string, unknown>(Object.entries(value ?? {}))
  const host = fields.get('host')
  const port = fields.get('port')
  if (typeof host !== 'string' || typeof port !== 'number') throw new SyntaxError('not an address')
  return { host, port }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID_PATTERN.test(value)
}
