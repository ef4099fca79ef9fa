// The entries of one node, from a little before its snapshot to the last.
//
//        base            snapshot          applied     committed        last
//   ───────┼────────────────┼─────────────────┼────────────┼──────────────┤
//   compacted   kept for followers                          may be replaced
//
// Invariant: base <= snapshot <= applied <= committed <= last, and applied = committed between
// steps. Entries up to `committed` are never replaced. How much of it is on this node's disk does
// not matter here: what is committed is on the disks of a majority, so it may be applied at once.
// The log knows the configuration that each of its positions is under, so that replacing a tail
// takes the configurations in it along.

import assert from 'node:assert/strict'
import { type Configuration, EMPTY_CONFIGURATION } from './configuration.ts'
import { type Entry, entryBytes } from './entry.ts'
import type { Append } from './message.ts'
import type { Snapshot } from './snapshot.ts'

export interface Accepted {
  /** The logs are equal up to here. */
  readonly matched: number
  /** From here on the entries are new, or undefined if none is. */
  readonly writtenFrom: number | undefined
}

interface ConfigurationMark {
  readonly index: number
  readonly configuration: Configuration
}

export class RaftLog {
  /** The position just before the first entry. Its term is still known, its entry is not. */
  #baseIndex: number
  #baseTerm: number
  /** Invariant: `#entries[i].index === #baseIndex + 1 + i`. */
  #entries: Entry[] = []
  #snapshot: Snapshot | undefined
  #committed: number
  #applied: number
  /** Invariant: ascending; the first is at or before the snapshot; never empty. */
  #configurations: ConfigurationMark[]

  constructor(snapshot: Snapshot | undefined, entries: readonly Entry[]) {
    this.#snapshot = snapshot
    this.#baseIndex = snapshot?.index ?? 0
    this.#baseTerm = snapshot?.term ?? 0
    this.#committed = this.#baseIndex
    this.#applied = this.#baseIndex
    this.#configurations = [
      { index: this.#baseIndex, configuration: snapshot?.configuration ?? EMPTY_CONFIGURATION },
    ]
    for (const entry of entries) this.append(entry)
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot
  }

  get baseIndex(): number {
    return this.#baseIndex
  }

  get lastIndex(): number {
    return this.#baseIndex + this.#entries.length
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#baseTerm
  }

  get committed(): number {
    return this.#committed
  }

  get applied(): number {
    return this.#applied
  }

  /** How many entries a snapshot taken at the end of the log would stand for. */
  get entriesAfterSnapshot(): number {
    return this.lastIndex - (this.#snapshot?.index ?? 0)
  }

  /** How many entries a snapshot taken now would stand for. */
  get appliedAfterSnapshot(): number {
    return this.#applied - (this.#snapshot?.index ?? 0)
  }

  /** The latest in the log: a node acts on it before it is committed. */
  get configuration(): Configuration {
    return this.#configurations.at(-1)!.configuration
  }

  get hasUncommittedConfiguration(): boolean {
    return this.#configurations.at(-1)!.index > this.#committed
  }

  /** The term at a position, or undefined if it is compacted or past the end. */
  term(index: number): number | undefined {
    if (index === this.#baseIndex) return this.#baseTerm
    return this.#entries[index - this.#baseIndex - 1]?.term
  }

  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, 'the log has no gaps')
    assert(entry.term >= this.lastTerm, 'terms never fall along the log')
    this.#entries.push(entry)
    if (entry.kind === 'configuration') {
      this.#configurations.push({ index: entry.index, configuration: entry.configuration })
    }
  }

  /**
   * Takes over a leader's entries. Answers undefined if this log does not have the position they
   * follow, so that logs which agree on one entry agree on all before it. Entries that are here
   * already stay untouched, for an old append may tell less than a later one did. There is no bound
   * here: a follower that refused entries for want of room could keep them from ever being
   * committed, and so from being compacted. Its log is bounded by its leader's.
   */
  accept(append: Append): Accepted | undefined {
    // Every leader has what is committed here, so logs agree there without a look; it may be
    // compacted.
    const agreesAt = Math.max(append.previousIndex, this.#committed)
    if (agreesAt === append.previousIndex && this.term(agreesAt) !== append.previousTerm) {
      return undefined
    }
    let matched = agreesAt
    let writtenFrom: number | undefined
    for (const entry of append.entries) {
      if (entry.index <= agreesAt) continue
      const term = this.term(entry.index)
      if (term !== entry.term) {
        if (term !== undefined) this.#truncate(entry.index)
        this.append(entry)
        writtenFrom ??= entry.index
      }
      matched = entry.index
    }
    return { matched, writtenFrom }
  }

  /** Removes the entries from `index` on, to make room for a leader's. */
  #truncate(index: number): void {
    assert(index > this.#committed, 'a committed entry is never replaced')
    this.#entries.length = Math.min(this.#entries.length, index - this.#baseIndex - 1)
    while (this.#configurations.at(-1)!.index >= index) this.#configurations.pop()
    assert(this.#configurations.length > 0, 'the configuration of the snapshot stays')
  }

  /** Entries from `index` on, as many as fit the bounds, but at least one if there is one. */
  slice(index: number, entriesMax: number, bytesMax: number): readonly Entry[] {
    assert(index > this.#baseIndex, 'the entries are still here')
    const first = index - this.#baseIndex - 1
    let end = first
    let bytes = 0
    while (end < this.#entries.length && end - first < entriesMax) {
      bytes += entryBytes(this.#entries[end]!)
      if (bytes > bytesMax && end > first) break
      end++
    }
    return this.#entries.slice(first, end)
  }

  commit(index: number): void {
    assert(index >= this.#committed, 'what is committed stays so')
    assert(index <= this.lastIndex, 'only what is in the log is committed')
    this.#committed = index
  }

  /** The committed entries that were not given out before; they count as applied from now on. */
  takeCommitted(): readonly Entry[] {
    assert(this.#applied >= this.#baseIndex, 'an installed snapshot is applied first')
    const first = this.#applied - this.#baseIndex
    this.#applied = this.#committed
    return this.#entries.slice(first, this.#committed - this.#baseIndex)
  }

  /**
   * The position up to which this log may agree with one that has `term` at `index`: the last one
   * at or before `index` whose term is not above `term`. Skips a whole term of disagreement in one
   * exchange.
   */
  lastAgreement(index: number, term: number): number {
    let position = Math.min(index, this.lastIndex)
    while (position > this.#baseIndex && this.term(position)! > term) position--
    return position
  }

  /**
   * Puts the state at `applied` in place of the entries, and keeps a few for followers that are a
   * little behind.
   */
  compact(state: Uint8Array, keepEntries: number): Snapshot {
    const index = this.#applied
    const term = this.term(index)
    assert(term !== undefined, 'the term of the last applied entry is known')
    const marks = this.#configurations
    while (marks.length > 1 && marks[1]!.index <= index) marks.shift()
    this.#snapshot = Object.freeze({ index, term, configuration: marks[0]!.configuration, state })
    const base = Math.max(this.#baseIndex, index - keepEntries)
    const baseTerm = this.term(base)!
    this.#entries = this.#entries.slice(base - this.#baseIndex)
    this.#baseIndex = base
    this.#baseTerm = baseTerm
    return this.#snapshot
  }

  /** Replaces everything by a leader's snapshot, which is ahead of all that is committed here. */
  install(snapshot: Snapshot): void {
    assert(snapshot.index > this.#committed, 'a snapshot never takes back what is committed')
    this.#snapshot = snapshot
    this.#entries = []
    this.#baseIndex = snapshot.index
    this.#baseTerm = snapshot.term
    this.#committed = snapshot.index
    this.#configurations = [{ index: snapshot.index, configuration: snapshot.configuration }]
  }

  /**
   * The snapshot that is to replace the state machine, if one was installed; it counts as applied
   * from now on.
   */
  takeInstalled(): Snapshot | undefined {
    if (this.#applied >= this.#baseIndex) return undefined
    this.#applied = this.#baseIndex
    return this.#snapshot
  }
}
