// Where members are: sites with racks with machines with nodes, and how many copies of one segment
// each of these places may hold.
//
// A label that a member does not have says nothing: the member counts as alone in the next smaller
// place that it does name, so two members are kept apart only where both carry the same label. Thus
// labels may be introduced one node at a time without all copies rushing to the first that has
// them.
//
// Copies of a segment are spread as evenly as the places allow: no place holds more of them than it
// must. Sites come first, because different sites are also different racks and machines.

import type { Member } from '../topology/member.ts'

/** What placement needs to know of a member that is to own segments. */
export type Owner = Pick<Member, 'id' | 'labels' | 'capacity'>

export interface Place {
  /** Sum of the members' capacity. */
  readonly capacity: number
  /** Copies of one segment that may be here. Invariant: no more than there are members. */
  readonly copiesMax: number
  /** Members here, by number. */
  readonly members: readonly number[]
  /** Empty for a single member. */
  readonly parts: readonly Place[]
}

/** The whole grid as one place. Members are numbered as they come. */
export function placeOf(owners: readonly Owner[], copies: number): Place {
  const all = owners.map((_, number) => number)
  return divide(owners, all, Math.min(copies, all.length), 0)
}

const LEVELS = [siteOf, rackOf, machineOf, ({ id }: Owner) => id]

function siteOf(owner: Owner): string {
  return owner.labels.site === '' ? `in ${rackOf(owner)}` : `site ${owner.labels.site}`
}

function rackOf(owner: Owner): string {
  return owner.labels.rack === '' ? `in ${machineOf(owner)}` : `rack ${owner.labels.rack}`
}

function machineOf({ id, labels }: Owner): string {
  return labels.machine === '' ? `in ${id}` : `machine ${labels.machine}`
}

function divide(
  owners: readonly Owner[],
  members: readonly number[],
  copiesMax: number,
  level: number,
): Place {
  const capacity = members.reduce((sum, number) => sum + owners[number]!.capacity, 0)
  const keyOf = LEVELS[level]
  if (keyOf === undefined) return { capacity, copiesMax, members, parts: [] }
  const groups = new Map<string, number[]>()
  for (const number of members) {
    const key = keyOf(owners[number]!)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [number])
    else group.push(number)
  }
  const sizes = [...groups.values()].map(group => group.length)
  const each = evenShare(sizes, copiesMax)
  const parts = [...groups.values()].map(group =>
    divide(owners, group, Math.min(each, group.length), level + 1),
  )
  return { capacity, copiesMax, members, parts }
}

/** The smallest bound per part under which parts of these sizes still hold so many copies. */
function evenShare(sizes: readonly number[], copies: number): number {
  let each = 1
  const held = () => sizes.reduce((sum, size) => sum + Math.min(each, size), 0)
  while (held() < copies) each++
  return each
}
