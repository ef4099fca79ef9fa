// Watches every node of a simulated cluster and throws at the first step that breaks a property of
// Raft.
//
// It sees more than any node: all terms, all disks, true time. It keeps one record per entry and
// per index and compares each newcomer with it, so a check costs little enough to run at every
// step.

import assert from 'node:assert/strict'
import type { NodeId } from '../../../cluster/raft/configuration.ts'
import type { Entry } from '../../../cluster/raft/entry.ts'
import type { Raft } from '../../../cluster/raft/raft.ts'

export class SafetyViolation extends Error {
  override readonly name = 'SafetyViolation'
}

export interface Leaseholder {
  readonly id: NodeId
  readonly term: number
  readonly applied: number
}

function content(entry: Entry): string {
  switch (entry.kind) {
    case 'command':
      return `command ${Buffer.from(entry.bytes).toString('latin1')}`
    case 'configuration':
      return `${entry.configuration.voters}|${entry.configuration.learners}`
    case 'no-op':
      return 'no-op'
  }
}

export class Safety {
  readonly #leaders = new Map<number, NodeId>()
  readonly #votes = new Map<string, NodeId>()
  /** By index and term: the content and the term of the entry before. */
  readonly #entries = new Map<string, string>()
  /** By index: the entry's term, and the term in which it was seen to be committed. */
  readonly #committed = new Map<number, { readonly term: number; readonly in: number }>()
  readonly #states = new Map<number, string>()
  #lastApplied = 0

  /** The highest index that any node has applied. */
  get lastApplied(): number {
    return this.#lastApplied
  }

  get leaderTerms(): ReadonlyMap<number, NodeId> {
    return this.#leaders
  }

  vote(voter: NodeId, term: number, candidate: NodeId): void {
    const earlier = this.#votes.get(`${voter} ${term}`)
    this.#votes.set(`${voter} ${term}`, candidate)
    this.#hold(
      earlier === undefined || earlier === candidate,
      `vote: ${voter} voted twice in ${term}`,
    )
  }

  /**
   * A node has become leader, while `leaseholders` may act on leases. None of an earlier term may
   * be left. One of a later term may: then this node waited so long for its last vote that it is
   * late.
   */
  elected(raft: Raft, leaseholders: readonly Leaseholder[]): void {
    const { term } = raft.standing
    for (const holder of leaseholders) {
      const isPast = holder.id !== raft.id && holder.term < term
      this.#hold(!isPast, `lease: ${raft.id} elected while ${holder.id} may act`)
    }
    const other = this.#leaders.get(term)
    this.#leaders.set(term, raft.id)
    this.#hold(other === undefined || other === raft.id, `election safety: two leaders in ${term}`)
    for (const [index, committed] of this.#committed) {
      const own = raft.termAt(index)
      const isCompacted = own === undefined && index < raft.applied
      this.#hold(
        isCompacted || own === committed.term || committed.in >= term,
        `leader completeness: leader of ${term} has term ${own} at committed ${index}`,
      )
    }
  }

  /** An entry reached somebody's log after an entry of `previousTerm`. */
  logged(entry: Entry, previousTerm: number): void {
    const key = `${entry.index} ${entry.term}`
    const value = `${previousTerm} ${content(entry)}`
    const earlier = this.#entries.get(key)
    this.#entries.set(key, value)
    this.#hold(
      earlier === undefined || earlier === value,
      `log matching: entry ${key} differs or follows another`,
    )
  }

  /** A node whose term is `term` applies the entry. */
  committed(entry: Entry, term: number): void {
    const earlier = this.#committed.get(entry.index)
    const isEarlier = earlier === undefined || term < earlier.in
    if (isEarlier) this.#committed.set(entry.index, { term: entry.term, in: term })
    this.#hold(
      earlier === undefined || earlier.term === entry.term,
      `state machine safety: two entries committed at ${entry.index}`,
    )
  }

  /** A state machine is in `state` after everything up to `index`. */
  applied(index: number, state: string): void {
    this.#lastApplied = Math.max(this.#lastApplied, index)
    const earlier = this.#states.get(index)
    this.#states.set(index, state)
    this.#hold(
      earlier === undefined || earlier === state,
      `state machine safety: two states at ${index}`,
    )
  }

  /** All nodes that may now act on a lease, with what they have applied. */
  leases(holders: readonly Leaseholder[]): void {
    this.#hold(holders.length <= 1, `lease: held by ${holders.map(holder => holder.id)}`)
    for (const { id, applied } of holders) {
      this.#hold(applied >= this.#lastApplied, `lease: ${id} holds it and reads an old state`)
    }
  }

  #hold(condition: boolean, what: string): void {
    if (!condition) throw new SafetyViolation(what)
  }
}

/**
 * True for what a broken machine may end in: a property seen broken, or an invariant of its own.
 */
export function isCaught(error: unknown): boolean {
  return error instanceof SafetyViolation || error instanceof assert.AssertionError
}
