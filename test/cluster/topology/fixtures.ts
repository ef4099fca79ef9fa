// Topologies for tests: small ones by hand, and any that a random sequence of decisions leads to.

import fc from 'fast-check'
import { apply, type Refusal } from '../../../cluster/topology/apply.ts'
import type { TopologyEntry } from '../../../cluster/topology/entry.ts'
import type { Introduction } from '../../../cluster/topology/member.ts'
import { findMember, foundingTopology, type Topology } from '../../../cluster/topology/topology.ts'

export function nodeId(index: number): string {
  return index.toString(16).padStart(40, '0')
}

export function introduction(index: number, changes: Partial<Introduction> = {}): Introduction {
  return {
    id: nodeId(index),
    host: `10.0.0.${index}`,
    hostname: '',
    port: 6379,
    tlsPort: 0,
    busPort: 16_379,
    labels: { site: '', rack: '', machine: '' },
    capacity: 1,
    incarnation: 1,
    ...changes,
  }
}

/** Applies one entry that must be taken. */
export function must(topology: Topology, entry: TopologyEntry): Topology {
  const { topology: changed, refusal } = apply(topology, entry)
  if (refusal !== undefined) throw new Error(`${entry.kind} refused: ${refusal}`)
  return changed
}

/** Applies one entry that must be refused. */
export function refusal(topology: Topology, entry: TopologyEntry): Refusal | undefined {
  const applied = apply(topology, entry)
  if (applied.topology !== topology) throw new Error(`${entry.kind} changed the topology`)
  return applied.refusal
}

export function join(topology: Topology, index: number, changes: Partial<Introduction> = {}) {
  const expects = findMember(topology, nodeId(index))?.epoch ?? 0
  return must(topology, { kind: 'join', expects, member: introduction(index, changes) })
}

export function fail(topology: Topology, ...indexes: readonly number[]) {
  const members = indexes.map(index => {
    const id = nodeId(index)
    return { id, expects: findMember(topology, id)!.epoch }
  })
  return must(topology, { kind: 'fail', members })
}

type OfSegment = 'add-owner' | 'out-of-sync' | 'hand-over' | 'drop-owner'

export function step(
  topology: Topology,
  kind: OfSegment,
  segment: number,
  index: number,
): TopologyEntry {
  return { kind, segment, id: nodeId(index), expects: topology.segments[segment]!.epoch }
}

export function inSync(
  topology: Topology,
  segment: number,
  index: number,
  incarnation = 1,
): TopologyEntry {
  const expects = topology.segments[segment]!.epoch
  return { kind: 'in-sync', segment, id: nodeId(index), incarnation, expects }
}

/** Gives the node a copy of the segment that is in sync. */
export function addCopy(topology: Topology, segment: number, index: number): Topology {
  const adding = must(topology, step(topology, 'add-owner', segment, index))
  return must(adding, inSync(adding, segment, index))
}

/** The founder 1 and nodes 2 to `count`, with copies of segment 0 in sync on all. */
export function grid(count: number): Topology {
  let topology = foundingTopology(introduction(1))
  for (let index = 2; index <= count; index++) {
    topology = addCopy(join(topology, index), 0, index)
  }
  return topology
}

const index = fc.integer({ min: 1, max: 5 })
const segment = fc.integer({ min: 0, max: 3 })
const incarnation = fc.integer({ min: 1, max: 3 })

/** A decision as somebody may propose it, on what is true now or on something older. */
export interface Proposal {
  readonly make: (topology: Topology) => TopologyEntry
}

const isStale = fc.integer({ min: 0, max: 19 }).map(chance => chance === 0)

function expected(epoch: number | undefined, stale: boolean): number {
  return (epoch ?? 0) + (stale ? 1 : 0)
}

const aboutMember = fc
  .tuple(fc.constantFrom('join', 'fail', 'leave', 'remove'), index, incarnation, isStale)
  .map(([kind, at, life, stale]): Proposal => {
    return {
      make: topology => {
        const id = nodeId(at)
        const expects = expected(findMember(topology, id)?.epoch, stale)
        switch (kind) {
          case 'join':
            return { kind, expects, member: introduction(at, { incarnation: life }) }
          case 'fail':
            return { kind, members: [{ id, expects }] }
          default:
            return { kind: kind === 'leave' ? 'leave' : 'remove', id, expects }
        }
      },
    }
  })

const aboutSegment = fc
  .tuple(
    fc.constantFrom(
      'add-owner' as const,
      'in-sync' as const,
      'in-sync' as const,
      'out-of-sync' as const,
      'hand-over' as const,
      'drop-owner' as const,
      'recover' as const,
    ),
    segment,
    index,
    incarnation,
    isStale,
  )
  .map(([kind, of, at, life, stale]): Proposal => {
    return {
      make: topology => {
        const expects = expected(topology.segments[of]?.epoch, stale)
        const subject = { segment: of, id: nodeId(at), expects }
        if (kind === 'in-sync') return { kind, ...subject, incarnation: life }
        if (kind === 'recover') return { kind, ...subject, isLossAccepted: life === 1 }
        return { kind, ...subject }
      },
    }
  })

const aboutCache = fc
  .tuple(fc.boolean(), fc.constantFrom('a', 'b', 'c'), fc.string({ unit: 'binary-ascii' }), isStale)
  .map(([isDrop, name, definition, stale]): Proposal => {
    return {
      make: topology => {
        const known = topology.caches.find(cache => cache.name === name)
        const expects = expected(known?.epoch, stale)
        if (isDrop) return { kind: 'drop-cache', name, expects }
        return { kind: 'define-cache', name, definition, expects }
      },
    }
  })

export const proposals = fc.array(
  fc.oneof(
    { arbitrary: aboutSegment, weight: 8 },
    { arbitrary: aboutMember, weight: 4 },
    { arbitrary: aboutCache, weight: 1 },
  ),
  { maxLength: 60, size: 'max' },
)

/** Any topology that decisions can lead to. */
export const topologies = proposals.map(list =>
  list.reduce(
    (topology, { make }) => apply(topology, make(topology)).topology,
    foundingTopology(introduction(1)),
  ),
)
