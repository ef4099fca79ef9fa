// The votes of one campaign. Each voter counts once, by its first answer.

import { majorityOf, type NodeId } from './configuration.ts'

export class Election {
  /**
   * Nothing is decided before it is real: a pre-vote only tells whether an election could be won.
   */
  readonly isPreVote: boolean
  readonly #granted = new Set<NodeId>()
  readonly #refused = new Set<NodeId>()

  constructor(isPreVote: boolean) {
    this.isPreVote = isPreVote
  }

  count(voter: NodeId, isGranted: boolean): void {
    if (this.#granted.has(voter) || this.#refused.has(voter)) return
    const side = isGranted ? this.#granted : this.#refused
    side.add(voter)
  }

  result(voters: readonly NodeId[]): 'won' | 'lost' | 'open' {
    const majority = majorityOf(voters.length)
    if (voters.filter(id => this.#granted.has(id)).length >= majority) return 'won'
    if (voters.filter(id => this.#refused.has(id)).length >= majority) return 'lost'
    return 'open'
  }
}
