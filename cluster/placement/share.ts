// How many segments each member ideally holds.
//
// In proportion to its capacity, as far as its place may hold so many; what a place may not hold
// goes to the others, again in proportion. With two racks and two copies each rack holds every
// segment once, whatever its capacity: the copies are safe first and balanced second.

import type { Place } from './place.ts'

/** By member number; the sum is `segmentCount` times the copies of the whole place. */
export function idealShares(place: Place, segmentCount: number): readonly number[] {
  const shares = new Array<number>(place.members.length).fill(0)
  distribute(place, segmentCount * place.copiesMax, segmentCount, shares)
  return shares
}

function distribute(place: Place, total: number, segmentCount: number, shares: number[]): void {
  if (place.parts.length === 0) {
    shares[place.members[0]!] = total
    return
  }
  const full = fullParts(place.parts, total, segmentCount)
  let rest = total
  let capacity = 0
  for (const part of place.parts) {
    if (full.has(part)) rest -= segmentCount * part.copiesMax
    else capacity += part.capacity
  }
  for (const part of place.parts) {
    const share = full.has(part) ? segmentCount * part.copiesMax : (rest * part.capacity) / capacity
    distribute(part, share, segmentCount, shares)
  }
}

/** The parts whose proportional share is more than they may hold. */
function fullParts(parts: readonly Place[], total: number, segmentCount: number): Set<Place> {
  const full = new Set<Place>()
  for (;;) {
    let rest = total
    let capacity = 0
    for (const part of parts) {
      if (full.has(part)) rest -= segmentCount * part.copiesMax
      else capacity += part.capacity
    }
    const sizeBefore = full.size
    for (const part of parts) {
      const isOver = rest * part.capacity > segmentCount * part.copiesMax * capacity
      if (!full.has(part) && isOver) full.add(part)
    }
    if (full.size === sizeBefore) return full
  }
}
