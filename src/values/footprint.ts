// footprint.ts — What things cost on V8's heap, in bytes: the terms of every `memory()`.
//
// The figures are those of 64-bit V8 without pointer compression, as Node is built, fitted to
// `process.memoryUsage()` after a collection (Node 20; a lock with one holder measured 305 bytes and
// claims 288, one with a hundred thousand readers measured 283 a reader and claims 286). They
// are averages: a Map doubles its table, so an entry costs between 28 and 56 bytes depending on when
// one looks. An estimate may be off by a fifth; it must never need a walk over the value.

/** Header of an object. */
export const OBJECT_BYTES = 24
/** A field, an array element, a pointer. */
export const WORD_BYTES = 8
/** A number that is not a small integer, such as a time or a token, lives in a box of its own. */
export const BOXED_NUMBER_BYTES = 16
/** A Map or a Set before its entries. */
export const MAP_BYTES = 104
export const MAP_ENTRY_BYTES = 38
export const SET_BYTES = 96
export const SET_ENTRY_BYTES = 27
/** An array that grows, before its elements; the first push reserves seventeen. */
export const ARRAY_BYTES = 112
export const ARRAY_ELEMENT_BYTES = 10

/** An array that began as a literal of one element. */
export function arrayBytes(length: number): number {
  if (length < 2) return 56
  return 48 + (length < 18 ? 18 * WORD_BYTES : length * ARRAY_ELEMENT_BYTES)
}

const STRING_HEADER_BYTES = 16

/** A latin1 string. The empty one is shared by everybody. */
export function stringBytes(text: string): number {
  return text.length === 0 ? 0 : STRING_HEADER_BYTES + ((text.length + 7) & ~7)
}
