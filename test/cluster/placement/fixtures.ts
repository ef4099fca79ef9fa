import fc from 'fast-check'
import type { Owner } from '../../../cluster/placement/place.ts'
import type { Assignment } from '../../../cluster/placement/target.ts'
import type { Labels } from '../../../cluster/topology/member.ts'
import { nodeId } from '../topology/fixtures.ts'

export function owner(index: number, labels: Partial<Labels> = {}, capacity = 1): Owner {
  return { id: nodeId(index), capacity, labels: { site: '', rack: '', machine: '', ...labels } }
}

export function owners(count: number, labelsOf: (index: number) => Partial<Labels> = () => ({})) {
  return Array.from({ length: count }, (_, index) => owner(index + 1, labelsOf(index)))
}

/** How many segments each node holds. */
export function holdings(assignment: Assignment): ReadonlyMap<string, number> {
  return count(assignment.flat())
}

export function leaderships(assignment: Assignment): ReadonlyMap<string, number> {
  return count(assignment.map(ids => ids[0]!))
}

function count(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

/** Copies that are somewhere in `after` and were not there in `before`. */
export function moves(before: Assignment, after: Assignment): number {
  return after.reduce(
    (sum, ids, segment) => sum + ids.filter(id => !before[segment]!.includes(id)).length,
    0,
  )
}

export const EMPTY: Assignment = Array.from({ length: 256 }, () => [])

const label = (names: readonly string[]) =>
  fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 3 }, fc.constant(''))

export const anyOwners = (maxLength: number) =>
  fc
    .array(
      fc.record({
        site: label(['s1', 's2', 's3']),
        rack: label(['r1', 'r2', 'r3', 'r4']),
        machine: label(['m1', 'm2', 'm3', 'm4', 'm5', 'm6']),
        capacity: fc.oneof(
          { arbitrary: fc.constant(1), weight: 4 },
          fc.constantFrom(0, 0.5, 2, 10),
        ),
      }),
      { minLength: 1, maxLength },
    )
    .map(all => all.map(({ capacity, ...labels }, index) => owner(index + 1, labels, capacity)))
