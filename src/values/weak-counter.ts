// weak-counter.ts — The weak counter: accepted by any owner, merged later (a PN-counter).
//
// Every node counts what it was asked to add and to subtract in a tally of its own, which only it
// raises; merging takes the larger of each. So merging is commutative, associative and idempotent,
// no acknowledged add is lost or counted twice, and once all have heard of all, everybody's value is
// the exact sum.
//
// A node is one run of one server: who restarts without its memory needs a new name, since tallies
// that start again at 0 under the old one would vanish in the larger ones. Setting or resetting
// opens an era; adds that another node accepts in an older era at the same time go with it. Of two
// eras opened at once that of the greater node name wins.

import { type Coordinated, type Refused, refused } from './coordinated.ts'
import {
  BOXED_NUMBER_BYTES,
  MAP_BYTES,
  MAP_ENTRY_BYTES,
  OBJECT_BYTES,
  stringBytes,
  WORD_BYTES,
} from './footprint.ts'
import {
  addInt64,
  INT64_MAX,
  INT64_MIN,
  type Int64,
  int64,
  subtractInt64,
  writtenInt64,
} from './int64.ts'

/** What one node has added and subtracted in the present era; neither ever falls. */
interface Tally {
  added: Int64
  subtracted: Int64
}

/** Numbers as decimals, because not every medium carries 64 bits. */
export interface TallySnapshot {
  readonly node: string
  readonly added: string
  readonly subtracted: string
}

export interface WeakCounterSnapshot {
  /** The eras are numbered; `opener` opened this one, at `base`. */
  readonly era: number
  readonly opener: string
  readonly base: string
  /** By node name. */
  readonly tallies: readonly TallySnapshot[]
}

/** Accepted; `share` tells what to replicate. There is no value to answer: others count too. */
export interface Tallied {
  readonly kind: 'tallied'
}

const TALLIED: Tallied = Object.freeze({ kind: 'tallied' })
const OUTOFBOUNDS = refused('OUTOFBOUNDS')

const TALLY_BYTES = MAP_ENTRY_BYTES + OBJECT_BYTES + 2 * (WORD_BYTES + BOXED_NUMBER_BYTES)
const WEAK_COUNTER_BYTES = OBJECT_BYTES + 5 * WORD_BYTES + MAP_BYTES + BOXED_NUMBER_BYTES

export class WeakCounter implements Coordinated {
  #era = 0
  #opener = ''
  #base: Int64
  readonly #tallies = new Map<string, Tally>()
  #tallyBytes = 0

  constructor(initial: Int64) {
    this.#base = initial
  }

  get strength(): 'weak' {
    return 'weak'
  }

  get isFree(): boolean {
    return false
  }

  /** The sum as far as this node has heard. Beyond 64 bits it stays at the bound. */
  get value(): Int64 {
    let sum = BigInt(this.#base)
    for (const tally of this.#tallies.values()) {
      sum += BigInt(tally.added) - BigInt(tally.subtracted)
    }
    return int64(sum) ?? (sum > 0n ? INT64_MAX : INT64_MIN)
  }

  /** Counts `delta` in the tally of `node`, this one's name. Refused beyond 64 bits per direction. */
  add(node: string, delta: Int64): Tallied | Refused<'OUTOFBOUNDS'> {
    const old = this.#tallies.get(node)
    const added = old?.added ?? 0
    const subtracted = old?.subtracted ?? 0
    const total = delta >= 0 ? addInt64(added, delta) : subtractInt64(subtracted, delta)
    if (total === undefined) return OUTOFBOUNDS
    const tally = this.#tally(node)
    if (delta >= 0) tally.added = total
    else tally.subtracted = total
    return TALLIED
  }

  /** Opens an era in which the value is `base`. */
  set(node: string, base: Int64): void {
    this.#open(this.#era + 1, node, base)
  }

  /** Takes in what another copy knows; also how an operation is replayed. False for no news. */
  merge(other: WeakCounterSnapshot): boolean {
    if (other.era < this.#era) return false
    const isNewer =
      other.era > this.#era || (other.era === this.#era && other.opener > this.#opener)
    if (isNewer) this.#open(other.era, other.opener, writtenInt64(other.base))
    else if (other.opener !== this.#opener) return false
    let changed = isNewer
    for (const { node, added, subtracted } of other.tallies) {
      const tally = this.#tally(node)
      const heardAdded = writtenInt64(added)
      const heardSubtracted = writtenInt64(subtracted)
      if (heardAdded > tally.added) {
        tally.added = heardAdded
        changed = true
      }
      if (heardSubtracted > tally.subtracted) {
        tally.subtracted = heardSubtracted
        changed = true
      }
    }
    return changed
  }

  #open(era: number, opener: string, base: Int64): void {
    this.#era = era
    this.#opener = opener
    this.#base = base
    this.#tallies.clear()
    this.#tallyBytes = 0
  }

  #tally(node: string): Tally {
    let tally = this.#tallies.get(node)
    if (tally === undefined) {
      tally = { added: 0, subtracted: 0 }
      this.#tallies.set(node, tally)
      this.#tallyBytes += TALLY_BYTES + stringBytes(node)
    }
    return tally
  }

  nextExpiry(): number {
    return Number.POSITIVE_INFINITY
  }

  extendAll(_gapMs: number): void {}

  memory(): number {
    return WEAK_COUNTER_BYTES + stringBytes(this.#opener) + this.#tallyBytes
  }

  /** What `add` left, as something to merge: this node's tally in the present era alone. */
  share(node: string): WeakCounterSnapshot {
    const tally = this.#tallies.get(node)
    return this.#snapshot(tally === undefined ? [] : [tallySnapshot(node, tally)])
  }

  copy(): WeakCounter {
    return WeakCounter.restore(this.snapshot())
  }

  snapshot(): WeakCounterSnapshot {
    const tallies: TallySnapshot[] = []
    for (const [node, tally] of this.#tallies) tallies.push(tallySnapshot(node, tally))
    return this.#snapshot(tallies.sort((a, b) => (a.node < b.node ? -1 : 1)))
  }

  #snapshot(tallies: readonly TallySnapshot[]): WeakCounterSnapshot {
    return { era: this.#era, opener: this.#opener, base: String(this.#base), tallies }
  }

  static restore(snapshot: WeakCounterSnapshot): WeakCounter {
    const counter = new WeakCounter(0)
    counter.#open(snapshot.era, snapshot.opener, writtenInt64(snapshot.base))
    counter.merge(snapshot)
    return counter
  }
}

function tallySnapshot(node: string, tally: Tally): TallySnapshot {
  return { node, added: String(tally.added), subtracted: String(tally.subtracted) }
}
