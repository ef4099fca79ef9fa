// hyperloglog.ts — HyperLogLog in Redis's own representation, byte for byte.
//
// A HyperLogLog is an ordinary string value: GET returns it, SET and RESTORE bring it in, replicas
// and data files hold it. So its bytes are an interface, and the same PFADD, PFMERGE and PFCOUNT
// must leave the same bytes here as in Redis: the same hash (hash.ts), the same spelling of sparse
// runs (sparse.ts), the change to dense at the same element, the same cached cardinality.
//
//   "HYLL" | encoding: 0 dense, 1 sparse | 3 bytes unused | cardinality, 8 bytes little endian | …
//
// The top bit of the cardinality says that the cache is stale. Bytes come from clients, so the
// sparse part may be nonsense: every function here returns undefined for that and changes nothing;
// the caller answers `CORRUPTED`. All take values that passed `isHyperLogLog`.

import {
  countDense,
  DENSE_BYTES,
  denseRegister,
  HEADER_BYTES,
  raiseDense,
  unionDense,
} from './hyperloglog/dense.ts'
import { estimate } from './hyperloglog/estimate.ts'
import { locate, REGISTERS } from './hyperloglog/hash.ts'
import {
  CHANGED,
  CORRUPT,
  countSparse,
  decodeSparse,
  expandSparse,
  PROMOTE,
  SparseEditor,
  UNCHANGED,
  unionSparse,
} from './hyperloglog/sparse.ts'

export const CORRUPTED = 'INVALIDOBJ Corrupted HLL object detected'

const ENCODING_AT = 4
const CACHE_AT = 8
const STALE_AT = 15
const STALE = 0x80
const DENSE = 0
const SPARSE = 1

// Scratch space of one call: counting and merging are synchronous and do not nest.
const histogram = new Int32Array(64)
const union = new Uint8Array(REGISTERS)

/** No element yet: all registers in one run. The cache is stale, as after any PFADD or PFMERGE. */
export function createHyperLogLog(): Buffer {
  return Buffer.from('HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff', 'latin1')
}

/** Whether a string is a HyperLogLog, by header and length. Says nothing about the sparse runs. */
export function isHyperLogLog(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES) return false
  if (bytes[0] !== 0x48 || bytes[1] !== 0x59 || bytes[2] !== 0x4c || bytes[3] !== 0x4c) return false
  return (
    bytes[ENCODING_AT] === SPARSE || (bytes[ENCODING_AT] === DENSE && bytes.length === DENSE_BYTES)
  )
}

export function encoding(hll: Uint8Array): 'dense' | 'sparse' {
  return hll[ENCODING_AT] === DENSE ? 'dense' : 'sparse'
}

export interface Added {
  readonly bytes: Buffer
  readonly changed: boolean
}

/**
 * Adds the element in `source` from `start` to `end`. A dense value is changed in place; a sparse
 * one is never written to, the changed one is new memory.
 */
export function add(
  hll: Buffer,
  source: Uint8Array,
  start: number,
  end: number,
  sparseBytesMax: number,
): Added | undefined {
  const place = locate(source, start, end)
  const index = place & (REGISTERS - 1)
  const rank = place >>> 14
  if (hll[ENCODING_AT] === DENSE) {
    const changed = raiseDense(hll, index, rank)
    if (changed) hll[STALE_AT]! |= STALE
    return { bytes: hll, changed }
  }
  const editor = new SparseEditor(hll)
  const outcome = editor.raise(index, rank, sparseBytesMax)
  if (outcome === UNCHANGED) return { bytes: hll, changed: false }
  if (outcome === CORRUPT) return undefined
  const bytes = outcome === PROMOTE ? toDense(hll) : editor.bytes
  if (bytes === undefined) return undefined
  if (outcome === PROMOTE) raiseDense(bytes, index, rank)
  bytes[STALE_AT]! |= STALE
  return { bytes, changed: true }
}

/** Whether `count` will answer from the cache and thus leave the bytes as they are. */
export function isCountCached(hll: Uint8Array): boolean {
  return (hll[STALE_AT]! & STALE) === 0
}

/** The cached count, exactly: a client may have written any there. */
export function keptCount(hll: Buffer): bigint {
  return hll.readBigUInt64LE(CACHE_AT)
}

/** The cardinality. Writes it into the cache if that was stale. */
export function count(hll: Buffer): number | undefined {
  if (isCountCached(hll))
    return hll.readUInt32LE(CACHE_AT + 4) * 2 ** 32 + hll.readUInt32LE(CACHE_AT)
  histogram.fill(0)
  if (hll[ENCODING_AT] === DENSE) countDense(hll, histogram)
  else if (!countSparse(hll, histogram)) return undefined
  const cardinality = estimate(histogram)
  hll.writeUInt32LE(cardinality >>> 0, CACHE_AT)
  hll.writeUInt32LE(Math.floor(cardinality / 2 ** 32) >>> 0, CACHE_AT + 4)
  return cardinality
}

/** The cardinality of the union; touches no cache. */
export function countUnion(many: readonly Uint8Array[]): number | undefined {
  if (!unite(many)) return undefined
  histogram.fill(0)
  for (let index = 0; index < REGISTERS; index++) histogram[union[index]!]!++
  return estimate(histogram)
}

/**
 * The union of `target` and the sources, spelt as an edit of `target` (of a new value, if there is
 * none). The result is dense if any of them is. A dense target is changed in place.
 */
export function merge(
  target: Buffer | undefined,
  sources: readonly Uint8Array[],
  sparseBytesMax: number,
): Buffer | undefined {
  const all = target === undefined ? sources : [target, ...sources]
  if (!unite(all)) return undefined
  const start = target ?? createHyperLogLog()
  const bytes = all.some(hll => hll[ENCODING_AT] === DENSE)
    ? raiseUnionDense(toDense(start), 0)
    : raiseUnionSparse(start, sparseBytesMax)
  if (bytes !== undefined) bytes[STALE_AT]! |= STALE
  return bytes
}

/** Sets `union` to the highest value of each register; false if a value is corrupt. */
function unite(many: readonly Uint8Array[]): boolean {
  union.fill(0)
  for (const hll of many) {
    if (hll[ENCODING_AT] === DENSE) unionDense(hll, union)
    else if (!unionSparse(hll, union)) return false
  }
  return true
}

function raiseUnionSparse(hll: Buffer, sparseBytesMax: number): Buffer | undefined {
  const editor = new SparseEditor(hll)
  let outcome: number = UNCHANGED
  for (let index = 0; index < REGISTERS; index++) {
    const rank = union[index]!
    if (rank === 0) continue
    const step = editor.raise(index, rank, sparseBytesMax)
    if (step === CORRUPT) return undefined
    if (step === PROMOTE) return raiseUnionDense(toDense(editor.bytes), index)
    if (step === CHANGED) outcome = CHANGED
  }
  // The caller marks the cache stale, and the target of a merge is not ours to write to.
  return outcome === CHANGED ? editor.bytes : Buffer.from(hll)
}

function raiseUnionDense(dense: Buffer | undefined, from: number): Buffer | undefined {
  if (dense === undefined) return undefined
  for (let index = from; index < REGISTERS; index++) raiseDense(dense, index, union[index]!)
  return dense
}

/** The value in dense encoding, with the same cache; itself if it is dense already. */
export function toDense(hll: Buffer): Buffer | undefined {
  if (hll[ENCODING_AT] === DENSE) return hll
  const dense = Buffer.alloc(DENSE_BYTES)
  hll.copy(dense, 0, 0, HEADER_BYTES)
  dense[ENCODING_AT] = DENSE
  return expandSparse(hll, dense) ? dense : undefined
}

/** The 16384 registers of a dense value, for PFDEBUG GETREG. */
export function registers(dense: Uint8Array): Uint8Array {
  const values = new Uint8Array(REGISTERS)
  for (let index = 0; index < REGISTERS; index++) values[index] = denseRegister(dense, index)
  return values
}

/** The runs of a sparse value as text, for PFDEBUG DECODE. */
export function decode(sparse: Uint8Array): string {
  return decodeSparse(sparse)
}
