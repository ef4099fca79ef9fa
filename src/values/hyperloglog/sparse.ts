// sparse.ts — The sparse half of Redis's HyperLogLog format: runs of equal registers.
//
//   00nnnnnn           ZERO   n + 1 registers are zero
//   01nnnnnn nnnnnnnn  XZERO  n + 1 registers are zero
//   1vvvvvnn           VAL    n + 1 registers hold v + 1
//
// The runs of a sound value cover the 16384 registers exactly; readers report anything else, and
// none reads past the end. The format has many spellings of the same registers, and values are
// compared and replicated as bytes, so an edit must choose the spelling that Redis would choose:
// split the run, then join equal VAL runs near the place, and only there.

import { HEADER_BYTES, setDenseRegister } from './dense.ts'
import { REGISTERS } from './hash.ts'

const XZERO = 0x40
const VAL = 0x80
const ZERO_REGISTERS_MAX = 64
const VAL_REGISTERS_MAX = 4
/** Higher ranks need the dense encoding. */
const VAL_RANK_MAX = 32
/** How many runs, from the one before an edit, are looked at for joining. */
const JOINED_RUNS_MAX = 5
/** An edit splits one XZERO into XZERO, VAL, XZERO at worst. */
const GROWTH_BYTES_MAX = 3

/** Registers that the run at `at` covers. */
function runRegisters(bytes: Uint8Array, at: number, end: number): number {
  const code = bytes[at]!
  if (code >= VAL) return (code & 3) + 1
  if (code < XZERO) return code + 1
  // A cut-off XZERO reads as if a zero byte followed.
  return (((code & 63) << 8) | (at + 1 < end ? bytes[at + 1]! : 0)) + 1
}

function runBytes(code: number): number {
  return code < VAL && code >= XZERO ? 2 : 1
}

function runRank(code: number): number {
  return code < VAL ? 0 : ((code >>> 2) & 31) + 1
}

/** Adds the registers' values to `histogram`; false if the runs are not sound. */
export function countSparse(bytes: Uint8Array, histogram: Int32Array): boolean {
  const end = bytes.length
  let index = 0
  for (let at = HEADER_BYTES; at < end; at += runBytes(bytes[at]!)) {
    const registers = runRegisters(bytes, at, end)
    histogram[runRank(bytes[at]!)]! += registers
    index += registers
    if (index > REGISTERS) return false
  }
  return index === REGISTERS
}

/** Raises each of `registers` (a byte each) to its value here; false if the runs are not sound. */
export function unionSparse(bytes: Uint8Array, registers: Uint8Array): boolean {
  const end = bytes.length
  let index = 0
  for (let at = HEADER_BYTES; at < end; at += runBytes(bytes[at]!)) {
    const next = index + runRegisters(bytes, at, end)
    if (next > REGISTERS) return false
    const rank = runRank(bytes[at]!)
    if (rank === 0) index = next
    for (; index < next; index++) if (rank > registers[index]!) registers[index] = rank
  }
  return index === REGISTERS
}

/** Writes the registers into `dense`, which is all zero; false if the runs are not sound. */
export function expandSparse(bytes: Uint8Array, dense: Uint8Array): boolean {
  const end = bytes.length
  let index = 0
  for (let at = HEADER_BYTES; at < end; at += runBytes(bytes[at]!)) {
    const next = index + runRegisters(bytes, at, end)
    if (next > REGISTERS) return false
    const rank = runRank(bytes[at]!)
    if (rank === 0) index = next
    for (; index < next; index++) setDenseRegister(dense, index, rank)
  }
  return index === REGISTERS
}

/** The runs as PFDEBUG DECODE prints them. */
export function decodeSparse(bytes: Uint8Array): string {
  const end = bytes.length
  const runs: string[] = []
  for (let at = HEADER_BYTES; at < end; at += runBytes(bytes[at]!)) {
    const registers = runRegisters(bytes, at, end)
    const rank = runRank(bytes[at]!)
    if (rank > 0) runs.push(`v:${rank},${registers}`)
    else runs.push(`${runBytes(bytes[at]!) === 2 ? 'Z' : 'z'}:${registers}`)
  }
  return runs.join(' ')
}

export const UNCHANGED = 0
export const CHANGED = 1
/** The register cannot be raised within the sparse encoding. Nothing was changed. */
export const PROMOTE = 2
/** No run covers the register. Nothing was changed. */
export const CORRUPT = 3
export type Outcome = typeof UNCHANGED | typeof CHANGED | typeof PROMOTE | typeof CORRUPT

/**
 * Raises registers of a sparse value. The value it was given is never written to: the first change
 * copies it.
 *
 * The editor remembers where it last stood, because PFMERGE raises registers in ascending order and
 * would otherwise walk from the start for each of them.
 */
export class SparseEditor {
  #bytes: Buffer
  #length: number
  #owned = false
  /** The run before the last edit and its first register. Invariant: a run starts at `#at`. */
  #at = HEADER_BYTES
  #first = 0
  /** The run before the one found by the last search, or -1; and its first register. */
  #before = -1
  #beforeFirst = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#length = bytes.length
  }

  /** The value as it stands now. */
  get bytes(): Buffer {
    return this.#bytes.length === this.#length ? this.#bytes : this.#bytes.subarray(0, this.#length)
  }

  /** Raises register `index` to `rank` unless the value would exceed `bytesMax`. */
  raise(index: number, rank: number, bytesMax: number): Outcome {
    if (rank > VAL_RANK_MAX) return PROMOTE
    if (index < this.#first) this.#rewind()
    let registers = this.#find(index)
    if (this.#before < 0 && this.#at > HEADER_BYTES) {
      // The run found is the remembered one itself; joining needs to know the run before it.
      this.#rewind()
      registers = this.#find(index)
    }
    if (registers === 0) return CORRUPT
    const outcome = this.#split(index, rank, registers, bytesMax)
    if (this.#before < 0) {
      this.#rewind()
    } else {
      this.#at = this.#before
      this.#first = this.#beforeFirst
    }
    if (outcome === CHANGED) this.#join()
    return outcome
  }

  #rewind(): void {
    this.#at = HEADER_BYTES
    this.#first = 0
  }

  /** Moves to the run that covers `index` and returns its registers; 0 if there is none. */
  #find(index: number): number {
    const bytes = this.#bytes
    const end = this.#length
    let at = this.#at
    let first = this.#first
    let before = -1
    let beforeFirst = 0
    while (at < end) {
      const registers = runRegisters(bytes, at, end)
      if (index < first + registers) {
        this.#at = at
        this.#first = first
        this.#before = before
        this.#beforeFirst = beforeFirst
        return registers
      }
      before = at
      beforeFirst = first
      at += runBytes(bytes[at]!)
      first += registers
    }
    return 0
  }

  /** Replaces the run at `#at` by what is left of it around the raised register. */
  #split(index: number, rank: number, registers: number, bytesMax: number): Outcome {
    const code = this.#bytes[this.#at]!
    const oldRank = runRank(code)
    if (oldRank >= rank) return UNCHANGED
    const left = index - this.#first
    const right = registers - 1 - left
    const oldBytes = runBytes(code)
    const growth = partBytes(left, oldRank) + 1 + partBytes(right, oldRank) - oldBytes
    if (growth > 0 && this.#length + growth > bytesMax) return PROMOTE
    this.#reserve()
    const bytes = this.#bytes
    const rest = this.#at + oldBytes
    if (growth !== 0) bytes.copyWithin(rest + growth, rest, this.#length)
    this.#length += growth
    let at = writePart(bytes, this.#at, left, oldRank)
    at = writePart(bytes, at, 1, rank)
    writePart(bytes, at, right, oldRank)
    return CHANGED
  }

  /** Joins neighbouring VAL runs of the same rank, from `#at` on. */
  #join(): void {
    const bytes = this.#bytes
    let at = this.#at
    for (let seen = 0; seen < JOINED_RUNS_MAX && at < this.#length; seen++) {
      const code = bytes[at]!
      if (code < VAL) {
        at += runBytes(code)
        continue
      }
      const nextCode = at + 1 < this.#length ? bytes[at + 1]! : 0
      const registers = (code & 3) + (nextCode & 3) + 2
      if (nextCode < VAL || nextCode >>> 2 !== code >>> 2 || registers > VAL_REGISTERS_MAX) {
        at++
        continue
      }
      bytes[at] = (code & ~3) | (registers - 1)
      bytes.copyWithin(at + 1, at + 2, this.#length)
      this.#length--
    }
  }

  /** Makes the bytes ours, with room for one edit; when editing on, with room to double. */
  #reserve(): void {
    if (this.#owned && this.#length + GROWTH_BYTES_MAX <= this.#bytes.length) return
    const spare = this.#owned ? Math.max(GROWTH_BYTES_MAX, this.#length) : GROWTH_BYTES_MAX
    // Not from Node's pool: a value that lives for days would hold 8 KB of it.
    const copy = Buffer.allocUnsafeSlow(this.#length + spare)
    this.#bytes.copy(copy, 0, 0, this.#length)
    this.#bytes = copy
    this.#owned = true
  }
}

/** Bytes of a run of `registers`, which may be none. */
function partBytes(registers: number, rank: number): number {
  if (registers === 0) return 0
  return rank === 0 && registers > ZERO_REGISTERS_MAX ? 2 : 1
}

/** Writes a run at `at`, and returns where the next one goes. */
function writePart(bytes: Uint8Array, at: number, registers: number, rank: number): number {
  if (registers === 0) return at
  if (rank > 0) {
    bytes[at] = VAL | ((rank - 1) << 2) | (registers - 1)
    return at + 1
  }
  if (registers <= ZERO_REGISTERS_MAX) {
    bytes[at] = registers - 1
    return at + 1
  }
  bytes[at] = XZERO | ((registers - 1) >>> 8)
  bytes[at + 1] = (registers - 1) & 255
  return at + 2
}
