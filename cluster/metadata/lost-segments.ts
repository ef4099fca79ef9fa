// Which segments are gone for good, as long as nobody accepts that they are.
//
// Copies live in memory. A segment without a primary waits for its last good copies, for a process
// that was cut off may come back with them. When all of those processes have ended there is nothing
// to wait for, and only an operator can say that the segment may start empty.

import { primary, type Segment } from '../topology/segment.ts'
import { findMember, type Topology } from '../topology/topology.ts'

export const HOW_TO_ACCEPT_LOSS =
  'segments are lost: the processes that had their last copies have ended, so commands on their ' +
  'keys are refused; to let them start empty, CONFIG SET cluster-lost-segments serve-empty on all ' +
  'nodes, or CLUSTER FORGET-SEGMENT with their numbers'

/** The numbers of those that nothing brings back. */
export function lostForGood(topology: Topology): readonly number[] {
  const numbers: number[] = []
  topology.segments.forEach((segment, number) => {
    if (primary(segment) === undefined && isGone(topology, segment)) numbers.push(number)
  })
  return numbers
}

/** A later life of a member holds nothing of an earlier one. */
function isGone(topology: Topology, { lastInSync }: Segment): boolean {
  return lastInSync.every(
    ({ id, incarnation }) => findMember(topology, id)?.incarnation !== incarnation,
  )
}
