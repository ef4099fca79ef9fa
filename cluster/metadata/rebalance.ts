// What the coordinator does so that the segments come to be where they should be.
//
// The goal is computed once for a set of owners and kept until that set changes: it stays right
// while the grid walks there (placement/target.ts), and for a hundred members it costs tens of
// milliseconds. Steps follow from the topology alone, so nothing needs to be remembered of them
// but when a primary was last told to hand over, lest it be told at every tick.
//
// A member that is down goes on to count as an owner for a while (`replaceTimeoutMs`), so that a
// restart moves nothing. Meanwhile nothing is given to it, and nobody is dropped in its favour.

import { assignmentOf, plan } from '../placement/plan.ts'
import { type Assignment, target } from '../placement/target.ts'
import type { NodeId } from '../raft/configuration.ts'
import type { TopologyEntry } from '../topology/entry.ts'
import type { Labels, Member } from '../topology/member.ts'
import { holds, primary } from '../topology/segment.ts'
import { findMember, type Topology } from '../topology/topology.ts'
import type { Policy } from './options.ts'
import type { HandOverOrder } from './port.ts'

/** An order that was not followed by then is given again. */
const ORDER_REPEAT_MS = 1_000
/** Proposed at a time; the next ones when these are settled. */
const STEPS_MAX = 32

export interface Steps {
  readonly entries: readonly TopologyEntry[]
  readonly orders: readonly HandOverOrder[]
}

interface Ordered {
  readonly epoch: number
  readonly at: number
}

export class Rebalance {
  #policy: Policy
  /** Members that are down, since when this coordinator knows it. */
  readonly #downSince = new Map<NodeId, number>()
  /** By segment. */
  readonly #ordered = new Map<number, Ordered>()
  #goal: Assignment = []
  #goalKey = ''

  constructor(policy: Policy) {
    this.#policy = policy
  }

  set policy(policy: Policy) {
    this.#policy = policy
  }

  /** What to propose and to order now; everything proposed before must be settled. */
  steps(topology: Topology, now: number): Steps {
    const goal = this.#currentGoal(topology, now)
    const recovered = this.#policy.servesLostEmpty ? recoveries(topology, goal) : []
    const entries: TopologyEntry[] = recovered.slice(0, STEPS_MAX)
    const orders: HandOverOrder[] = []
    for (const step of plan(topology, reachable(topology, goal), this.#policy.plan)) {
      if (step.kind === 'hand-over') {
        const { segment, id, expects } = step
        if (this.#mayOrder(segment, expects, now)) orders.push({ segment, to: id, epoch: expects })
      } else if (entries.length < STEPS_MAX) entries.push(step)
    }
    return { entries, orders }
  }

  #mayOrder(segment: number, epoch: number, now: number): boolean {
    const last = this.#ordered.get(segment)
    if (last?.epoch === epoch && now - last.at < ORDER_REPEAT_MS) return false
    this.#ordered.set(segment, { epoch, at: now })
    return true
  }

  #currentGoal(topology: Topology, now: number): Assignment {
    const owners = topology.members.filter(member => this.#isOwner(member, now))
    const copies = this.#policy.owners
    const key = `${copies} ${owners.map(describe).join()}`
    if (key !== this.#goalKey) {
      this.#goal = target(owners, assignmentOf(topology), copies)
      this.#goalKey = key
    }
    return this.#goal
  }

  #isOwner({ id, state, isLeaving }: Member, now: number): boolean {
    if (state === 'up') {
      this.#downSince.delete(id)
      return !isLeaving
    }
    const since = this.#downSince.get(id) ?? now
    this.#downSince.set(id, since)
    return !isLeaving && now - since < this.#policy.replaceTimeoutMs
  }
}

/** All that the goal depends on. Labels may contain anything, so their lengths are told too. */
function describe({ id, capacity, labels }: Member): string {
  const keys = ['site', 'rack', 'machine'] as const satisfies readonly (keyof Labels)[]
  const places = keys.map(key => `${labels[key].length}:${labels[key]}`)
  return `${id} ${capacity} ${places.join(' ')}`
}

/** The goal without the segments that would have to be given to a member that is down. */
function reachable(topology: Topology, goal: Assignment): Assignment {
  const down = topology.members.filter(({ state }) => state === 'down').map(({ id }) => id)
  if (down.length === 0) return goal
  return goal.map((wanted, number) => {
    const segment = topology.segments[number]!
    return wanted.some(id => down.includes(id) && !holds(segment, id)) ? [] : wanted
  })
}

/** Lost segments begin anew where they should be anyway. */
function recoveries(topology: Topology, goal: Assignment): TopologyEntry[] {
  const entries: TopologyEntry[] = []
  topology.segments.forEach((segment, number) => {
    if (primary(segment) !== undefined) return
    const candidates = [...goal[number]!, ...segment.owners, ...topology.members.map(m => m.id)]
    const id = candidates.find(other => findMember(topology, other)?.state === 'up')
    if (id === undefined) return
    const expects = segment.epoch
    entries.push({ kind: 'recover', segment: number, id, expects, isLossAccepted: true })
  })
  return entries
}
