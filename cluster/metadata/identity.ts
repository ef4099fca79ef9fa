// Who this node is, from one start to the next: its id, its cluster, and which life this is.
//
// The id is made once and belongs to the directory: a node that lost its disk is another node. The
// incarnation is raised and brought to disk before anybody is told of it, so no two lives share one.

import type { NodeId } from '../raft/configuration.ts'
import type { ClusterId } from './message.ts'

export interface Identity {
  readonly id: NodeId
  /** Undefined until the node has founded or joined one. */
  readonly cluster: ClusterId | undefined
  readonly incarnation: number
}

const VERSION = 1
const ID_PATTERN = /^[0-9a-f]{40}$/

/** Text, so that an operator can read it. */
export function writeIdentity({ id, cluster, incarnation }: Identity): string {
  return `${JSON.stringify({ version: VERSION, id, cluster, incarnation }, undefined, 2)}\n`
}

/** Throws if the text is not an identity. */
export function readIdentity(text: string): Identity {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new SyntaxError('not an identity')
  const fields = new Map<string, unknown>(Object.entries(value))
  const id = fields.get('id')
  const cluster = fields.get('cluster')
  const incarnation = fields.get('incarnation')
  const isSound =
    fields.get('version') === VERSION &&
    isId(id) &&
    (cluster === undefined || isId(cluster)) &&
    typeof incarnation === 'number' &&
    Number.isSafeInteger(incarnation) &&
    incarnation >= 1
  if (!isSound) throw new SyntaxError('not an identity')
  return { id, cluster, incarnation }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID_PATTERN.test(value)
}
