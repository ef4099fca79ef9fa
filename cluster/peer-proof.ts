// How two nodes show each other that they know the secret of their cluster, without telling it.
//
// Each side makes up a nonce; each then proves the secret over both nonces and its own side, so that
// a proof is of no use on another connection, nor to the one who got it.

import { createHmac, timingSafeEqual } from 'node:crypto'

export type Side = 'dialler' | 'listener'

/** Hexadecimal. `purpose` keeps apart connections that are for different things. */
export function proveSecret(
  secret: string,
  side: Side,
  purpose: string,
  diallerNonce: string,
  listenerNonce: string,
): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify([side, purpose, diallerNonce, listenerNonce]))
    .digest('hex')
}

/** Takes as long for a wrong proof as for a right one. */
export function isProof(given: string, expected: string): boolean {
  const a = Buffer.from(given, 'latin1')
  const b = Buffer.from(expected, 'latin1')
  return a.length === b.length && timingSafeEqual(a, b)
}
