// How two nodes on the bus show each other who they are.
//
//   dialler   hello: version, id, cluster, nonce
//   listener  hello: version, id, cluster, nonce; and its proof
//   dialler   its proof
//
// Both prove before either judges, so that both can say what was wrong. A proof covers both ids and
// both nonces (peer-proof.ts), so it shows that its sender knows the secret now, here, and as this
// node. Nodes of two clusters part at once; one that has not joined yet belongs to none, and may
// talk to any.

import { isProof, proveSecret, type Side } from '../peer-proof.ts'
import { DecodeError, Reader, Writer } from '../raft/bytes.ts'
import type { NodeId } from '../raft/configuration.ts'
import { BusError, ForeignCluster } from './bus-frame.ts'
import type { ClusterId } from './message.ts'

export const BUS_VERSION = 1

const MAGIC = 'LATCHKEYBUS'
const NO_CLUSTER: ClusterId = '0'.repeat(40)

export interface Hello {
  readonly id: NodeId
  readonly cluster: ClusterId | undefined
  /** Hexadecimal. */
  readonly nonce: string
}

export function encodeHello({ id, cluster, nonce }: Hello, proof = ''): Uint8Array {
  const writer = new Writer().text(MAGIC).byte(BUS_VERSION)
  return writer
    .id(id)
    .id(cluster ?? NO_CLUSTER)
    .text(nonce)
    .text(proof)
    .finish()
}

export function decodeHello(bytes: Uint8Array): Hello & { readonly proof: string } {
  try {
    return readHello(bytes)
  } catch (error) {
    if (error instanceof DecodeError) throw new BusError('not a node', { cause: error })
    throw error
  }
}

function readHello(bytes: Uint8Array): Hello & { readonly proof: string } {
  const reader = new Reader(bytes)
  if (reader.text() !== MAGIC) throw new BusError('not a node')
  const version = reader.byte()
  if (version !== BUS_VERSION) throw new BusError(`version ${version} of the bus`)
  const id = reader.id()
  const cluster = reader.id()
  const hello = { nonce: reader.text(), proof: reader.text() }
  reader.end()
  return { id, cluster: cluster === NO_CLUSTER ? undefined : cluster, ...hello }
}

/** What both sides of one connection have said of themselves. */
export interface Introduced {
  readonly dialler: Hello
  readonly listener: Hello
}

export function prove(secret: string, side: Side, { dialler, listener }: Introduced): string {
  const purpose = `bus ${dialler.id} ${listener.id}`
  return proveSecret(secret, side, purpose, dialler.nonce, listener.nonce)
}

/** Throws if the peer does not know the secret, or belongs to another cluster. */
export function check(secret: string, side: Side, introduced: Introduced, proof: string): void {
  const { dialler, listener } = introduced
  if (!isProof(proof, prove(secret, side, introduced))) throw new BusError('wrong secret')
  const isForeign =
    dialler.cluster !== undefined &&
    listener.cluster !== undefined &&
    dialler.cluster !== listener.cluster
  if (isForeign) throw new ForeignCluster('another cluster')
}
