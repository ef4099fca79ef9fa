// Who takes part in consensus, and the only ways to change it.
//
// A configuration is a value in the log: an entry carries the whole of it, not a difference, so a
// node that has one entry knows everything. A node acts on the latest configuration of its log,
// committed or not. A change moves at most one node in or out of the voters, so a majority of the
// old voters and a majority of the new ones always share a node, and no joint phase is needed.
// Learners receive the log and confirm the leader, but are never counted.
//
// Nothing here decides whether a change may start now; the leader does.

/** 40 hexadecimal characters, as Redis Cluster names nodes. Opaque to the machine itself. */
export type NodeId = string

export interface Configuration {
  /** Invariant: sorted, no duplicates, disjoint from the learners. */
  readonly voters: readonly NodeId[]
  /** Invariant: sorted, no duplicates. */
  readonly learners: readonly NodeId[]
}

export type Change = { readonly kind: ChangeKind; readonly id: NodeId }

/** `add` makes a learner, `promote` a voter of a learner, `demote` a learner of a voter. */
export type ChangeKind = 'add' | 'promote' | 'demote' | 'remove'

/** A node that was never told of any configuration. It votes when asked, but never campaigns. */
export const EMPTY_CONFIGURATION: Configuration = Object.freeze({
  voters: Object.freeze([]),
  learners: Object.freeze([]),
})

export function configuration(
  voters: readonly NodeId[],
  learners: readonly NodeId[] = [],
): Configuration {
  return Object.freeze({
    voters: Object.freeze([...voters].sort()),
    learners: Object.freeze([...learners].sort()),
  })
}

export function majorityOf(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1
}

export function isMember(current: Configuration, id: NodeId): boolean {
  return current.voters.includes(id) || current.learners.includes(id)
}

/** The configuration after the change, or undefined if the change does not fit the current one. */
export function changed(current: Configuration, change: Change): Configuration | undefined {
  const { voters, learners } = current
  const isVoter = voters.includes(change.id)
  const isLearner = learners.includes(change.id)
  const others = (ids: readonly NodeId[]) => ids.filter(id => id !== change.id)
  switch (change.kind) {
    case 'add':
      return isVoter || isLearner ? undefined : configuration(voters, [...learners, change.id])
    case 'promote':
      return isLearner ? configuration([...voters, change.id], others(learners)) : undefined
    case 'demote':
      return isVoter && voters.length > 1
        ? configuration(others(voters), [...learners, change.id])
        : undefined
    case 'remove':
      if (isLearner) return configuration(voters, others(learners))
      return isVoter && voters.length > 1 ? configuration(others(voters), learners) : undefined
  }
}

/**
 * The largest value that a majority of the voters has reached, each voter's own being
 * `reached(id)`. The answer is -Infinity for an empty configuration, so that nothing is ever agreed
 * by nobody.
 */
export function reachedByMajority(
  voters: readonly NodeId[],
  reached: (id: NodeId) => number,
): number {
  if (voters.length === 0) return Number.NEGATIVE_INFINITY
  const values = voters.map(reached).sort((a, b) => b - a)
  return values[majorityOf(voters.length) - 1]!
}
