// ranges.ts — The slots that each member serves, in as few ranges as there can be.
//
// Clients want every slot to belong to somebody at any time. So a segment of which no good copy is
// left stays with the node that served it last: commands for it are refused there.

import type { Segment } from '../topology/segment.ts'
import { SLOTS_PER_SEGMENT, type Topology } from '../topology/topology.ts'

/** First and last slot, both inclusive. */
export interface SlotRange {
  readonly start: number
  readonly end: number
}

/** Neighbouring slots with the same owners: the primary first, then those who keep copies. */
export interface OwnedRange extends SlotRange {
  readonly owners: readonly string[]
}

/** All slots in order, each once. Without backups ranges end only where the primary changes. */
export function ownedRanges({ segments }: Topology, withBackups: boolean): OwnedRange[] {
  const ranges: OwnedRange[] = []
  for (const [number, segment] of segments.entries()) {
    const owners = advertised(segment, withBackups)
    const end = (number + 1) * SLOTS_PER_SEGMENT - 1
    const last = ranges.at(-1)
    if (last !== undefined && isSame(last.owners, owners)) {
      ranges[ranges.length - 1] = { ...last, end }
    } else {
      ranges.push({ start: number * SLOTS_PER_SEGMENT, end, owners })
    }
  }
  return ranges
}

function advertised({ inSync, owners }: Segment, withBackups: boolean): readonly string[] {
  if (inSync.length > 0 && withBackups) return inSync
  return [inSync[0] ?? owners[0]!]
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}

/** The ranges of each member that is a primary. */
export function rangesByPrimary(topology: Topology): Map<string, SlotRange[]> {
  const ranges = new Map<string, SlotRange[]>()
  for (const { start, end, owners } of ownedRanges(topology, false)) {
    const [id] = owners as [string]
    const own = ranges.get(id)
    if (own === undefined) ranges.set(id, [{ start, end }])
    else own.push({ start, end })
  }
  return ranges
}
