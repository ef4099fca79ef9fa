// effect-codec.ts — The effects of an entry as one buffer, which travels without being looked into.
//
// Per effect: the number of its database (16 bits), the length of the command (32 bits), and the command
// in RESP; little endian, one effect after the other. No effects are no bytes.

import type { Effect } from './effects.ts'

const DATABASE_BYTES = 2
export const HEADER_BYTES = DATABASE_BYTES + 4

/** An effect that is written down as it will travel, for mostly it is the only one of its entry. */
export class FramedEffect implements Effect {
  readonly database: number
  readonly segment: number
  /** The effect as `encodeEffects` writes it. */
  readonly framed: Buffer

  /** `framed` has the command; its first HEADER_BYTES are free. */
  constructor(database: number, segment: number, framed: Buffer) {
    this.database = database
    this.segment = segment
    this.framed = framed
    const length = framed.length - HEADER_BYTES
    framed[0] = database
    framed[1] = database >>> 8
    framed[2] = length
    framed[3] = length >>> 8
    framed[4] = length >>> 16
    framed[5] = length >>> 24
  }

  get bytes(): Buffer {
    return this.framed.subarray(HEADER_BYTES)
  }
}

export function encodeEffects(effects: readonly Effect[]): Buffer {
  const [first] = effects
  if (effects.length === 1 && first instanceof FramedEffect) return first.framed
  let size = 0
  for (const { bytes } of effects) size += HEADER_BYTES + bytes.length
  const encoded = Buffer.allocUnsafe(size)
  let at = 0
  for (const { database, bytes } of effects) {
    encoded.writeUInt16LE(database, at)
    encoded.writeUInt32LE(bytes.length, at + DATABASE_BYTES)
    at += HEADER_BYTES
    at += bytes.copy(encoded, at)
  }
  return encoded
}

/** Hands on where each effect of a buffer lies. Throws where it is cut off. */
export function forEachEffect(
  encoded: Buffer,
  visit: (database: number, encoded: Buffer, start: number, end: number, now: number) => void,
  now: number,
): void {
  for (let at = 0; at < encoded.length; ) {
    if (at + HEADER_BYTES > encoded.length) throw new Error('effects that break off')
    const database = encoded.readUInt16LE(at)
    const start = at + HEADER_BYTES
    at = start + encoded.readUInt32LE(at + DATABASE_BYTES)
    if (at > encoded.length) throw new Error('effects that break off')
    visit(database, encoded, start, at, now)
  }
}

/** The effects in a buffer, whose bytes they share. Throws where it is cut off. */
export function decodeEffects(encoded: Buffer, segment: number): Effect[] {
  const effects: Effect[] = []
  let at = 0
  while (at < encoded.length) {
    if (at + HEADER_BYTES > encoded.length) throw new Error('effects that break off')
    const database = encoded.readUInt16LE(at)
    const start = at + HEADER_BYTES
    at = start + encoded.readUInt32LE(at + DATABASE_BYTES)
    if (at > encoded.length) throw new Error('effects that break off')
    effects.push({ database, segment, bytes: encoded.subarray(start, at) })
  }
  return effects
}
