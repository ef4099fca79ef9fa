// The next steps from the topology of today to the target: add an owner, wait until it is in sync,
// hand over, drop whom the target does not name.
//
// There is no plan to keep: the steps are computed from the topology at any moment, by any
// coordinator, and each carries the epoch it expects. A step that was proposed twice or too late is
// refused. A segment never has fewer copies in sync on its way than it had before: an owner that
// serves is dropped only when all owners of the target are in sync.

import type { NodeId } from '../raft/configuration.ts'
import type { AddOwner, DropOwner, HandOver } from '../topology/entry.ts'
import { holds, primary, type Segment } from '../topology/segment.ts'
import type { Topology } from '../topology/topology.ts'
import type { Assignment } from './target.ts'

export interface PlanLimits {
  /** Copies on their way at once, in the whole grid. */
  readonly transfersMax: number
  /** Of these, with the same node sending or receiving. */
  readonly transfersPerNodeMax: number
  /** Segments that change their primary at once: their commands wait meanwhile. */
  readonly handOversMax: number
}

export const DEFAULT_PLAN_LIMITS: PlanLimits = Object.freeze({
  transfersMax: 16,
  transfersPerNodeMax: 2,
  handOversMax: 8,
})

export type PlanStep = AddOwner | HandOver | DropOwner

/** What may be proposed now; nothing more until the topology has changed. */
export function plan(topology: Topology, target: Assignment, limits: PlanLimits): PlanStep[] {
  const transfers = new Transfers(topology, limits)
  const steps: PlanStep[] = []
  let handOvers = 0
  for (const number of bySafety(topology, target)) {
    const segment = topology.segments[number]!
    const wanted = target[number]!
    // Without a primary there is nothing to copy from, and nobody may be dropped.
    if (primary(segment) === undefined || wanted.length === 0) continue
    const step = nextStep(segment, number, wanted)
    if (step === undefined) continue
    if (step.kind === 'add-owner' && !transfers.begin(primary(segment)!, step.id)) continue
    if (step.kind === 'hand-over' && ++handOvers > limits.handOversMax) continue
    steps.push(step)
  }
  return steps
}

function nextStep(
  segment: Segment,
  number: number,
  wanted: readonly NodeId[],
): PlanStep | undefined {
  const { owners, inSync, pending, epoch } = segment
  const subject = { segment: number, expects: epoch }
  const isUseless = (id: NodeId) => !wanted.includes(id) && !inSync.includes(id)
  const useless = pending.find(isUseless) ?? owners.find(isUseless)
  if (useless !== undefined) return { kind: 'drop-owner', id: useless, ...subject }
  const missing = wanted.find(id => !holds(segment, id))
  if (missing !== undefined) return { kind: 'add-owner', id: missing, ...subject }
  if (!wanted.every(id => inSync.includes(id))) return undefined
  const leader = wanted[0]!
  if (primary(segment) !== leader) return { kind: 'hand-over', id: leader, ...subject }
  const surplus = owners.find(id => !wanted.includes(id))
  return surplus === undefined ? undefined : { kind: 'drop-owner', id: surplus, ...subject }
}

/** Segments with the fewest good copies first: they are the nearest to being lost. */
function bySafety({ segments }: Topology, target: Assignment): readonly number[] {
  const spare = segments.map(({ inSync }, number) => inSync.length - target[number]!.length)
  return segments.map((_, number) => number).sort((a, b) => spare[a]! - spare[b]! || a - b)
}

/** Copies that are being sent now, to new owners and to those that fell behind. */
class Transfers {
  readonly #limits: PlanLimits
  readonly #perNode = new Map<NodeId, number>()
  #count = 0

  constructor({ segments, members }: Topology, limits: PlanLimits) {
    this.#limits = limits
    const up = new Set(members.filter(member => member.state === 'up').map(({ id }) => id))
    for (const segment of segments) {
      const source = primary(segment)
      if (source === undefined) continue
      const { owners, inSync, pending } = segment
      const behind = owners.filter(id => !inSync.includes(id))
      for (const id of [...pending, ...behind]) if (up.has(id)) this.#add(source, id)
    }
  }

  /** False if there are too many already. */
  begin(source: NodeId, receiver: NodeId): boolean {
    const { transfersMax, transfersPerNodeMax } = this.#limits
    const isBusy = (id: NodeId) => (this.#perNode.get(id) ?? 0) >= transfersPerNodeMax
    if (this.#count >= transfersMax || isBusy(source) || isBusy(receiver)) return false
    this.#add(source, receiver)
    return true
  }

  #add(source: NodeId, receiver: NodeId): void {
    this.#count++
    for (const id of [source, receiver]) this.#perNode.set(id, (this.#perNode.get(id) ?? 0) + 1)
  }
}

/** Today's owners and those who receive a copy, as the target is computed from them. */
export function assignmentOf({ segments }: Topology): Assignment {
  return segments.map(({ owners, pending }) => [...owners, ...pending])
}
