// topology-report.ts — CLUSTER TOPOLOGY: the topology in JSON, as an operator wants to read it.

import { primary, type Segment } from '../topology/segment.ts'
import type { Topology } from '../topology/topology.ts'

export function topologyReport(topology: Topology): string {
  const { epoch, members, segments, voters } = topology
  return JSON.stringify({
    epoch,
    voters,
    members: members.map(({ epoch: changedAt, ...member }) => ({
      ...member,
      epoch: changedAt,
      primaryOf: segments.filter(each => primary(each) === member.id).length,
      copies: segments.filter(each => each.owners.includes(member.id)).length,
      pending: segments.filter(each => each.pending.includes(member.id)).length,
    })),
    segments: joined(segments),
  })
}

/** Neighbours that differ in nothing but their epochs are one row, with the highest of these. */
function joined(segments: readonly Segment[]): object[] {
  const rows: { first: number; last: number; key: string; segment: Segment }[] = []
  for (const [number, segment] of segments.entries()) {
    const { epoch: _, ...rest } = segment
    const key = JSON.stringify(rest)
    const row = rows.at(-1)
    if (row?.key === key) {
      row.last = number
      if (segment.epoch > row.segment.epoch) row.segment = segment
    } else {
      rows.push({ first: number, last: number, key, segment })
    }
  }
  return rows.map(({ first, last, segment: { owners, inSync, pending, lastInSync, epoch } }) => ({
    first,
    last,
    owners,
    inSync,
    pending,
    ...(lastInSync.length > 0 ? { lastInSync } : {}),
    epoch,
  }))
}
