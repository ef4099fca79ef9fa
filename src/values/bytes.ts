// bytes.ts — Copying, moving and comparing ranges of bytes.
//
// A range is [start, end) of an array. Short ranges are walked in JavaScript and long ones given to
// the engine, because a native call costs as much as walking some twenty bytes. Order is that of
// memcmp with the shorter range first on a tie, which is also the order of latin1 strings.
// Nothing here keeps a reference to what it was given.

/** Above this many bytes one native call (40 ns) is cheaper than a loop (1.6 ns a byte). */
const LOOP_BYTES_MAX = 24

/** Copies a range into another array; the two must not be the same memory. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
): void {
  if (end - start > LOOP_BYTES_MAX) {
    to.set(start === 0 && end === from.length ? from : from.subarray(start, end), at)
    return
  }
  for (let i = start, j = at; i < end; i++, j++) to[j] = from[i]!
}

/** Negative, zero or positive as range a sorts before, with or after range b. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart
  const bLength = bEnd - bStart
  const common = Math.min(aLength, bLength)
  for (let i = 0; i < common; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

/** True if `length` bytes at `a[aStart]` and at `b[bStart]` are the same. */
export function sameBytes(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}

/** A latin1 string of its own: made from bytes, so it keeps no longer string alive. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return start >= end ? '' : latin1Slice.call(bytes, start, end)
}

/** Writes the characters of a latin1 string as bytes; the caller has made sure of the room. */
export function writeLatin1(text: string, to: Uint8Array, at: number): void {
  if (text.length > LOOP_BYTES_MAX) latin1Write.call(to, text, at, text.length)
  else for (let i = 0; i < text.length; i++) to[at + i] = text.charCodeAt(i)
}

// Buffer's own conversions accept any Uint8Array as `this`; the declarations leave them out.
const { latin1Slice, latin1Write } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string
  latin1Write(this: Uint8Array, text: string, at: number, length: number): number
}

/**
 * What an array with memory of its own costs beyond its content: two objects on the JavaScript
 * heap and the engine's record of the memory. Measured over a hundred thousand Buffers.
 */
export const ARRAY_OVERHEAD_BYTES = 320
