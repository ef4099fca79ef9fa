import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fewestMoves } from '../../../cluster/placement/assign.ts'
import { type Owner, type Place, placeOf } from '../../../cluster/placement/place.ts'
import { idealShares } from '../../../cluster/placement/share.ts'
import { type Assignment, COPIES_MAX, target } from '../../../cluster/placement/target.ts'
import { nodeId } from '../topology/fixtures.ts'
import { anyOwners, EMPTY, holdings, leaderships, moves, owner, owners } from './fixtures.ts'

const copies = fc.integer({ min: 1, max: 3 })

/** Sorted by id and able to own something, as the target numbers them. */
function able(all: readonly Owner[]): readonly Owner[] {
  return all.filter(one => one.capacity > 0).sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Collects what is wrong before it asserts: these are many comparisons. */
function assertSound(all: readonly Owner[], assignment: Assignment, count: number): void {
  const members = able(all)
  const place = placeOf(members, count)
  const shares = idealShares(place, 256)
  const held = holdings(assignment)
  const led = leaderships(assignment)
  const wrong: string[] = []
  members.forEach(({ id }, number) => {
    const holds = held.get(id) ?? 0
    const leads = led.get(id) ?? 0
    const isBalanced = Math.abs(holds - shares[number]!) < 1
    if (!isBalanced) wrong.push(`${id} holds ${holds} of ${shares[number]}`)
    const isLeading = Math.abs(leads - holds / place.copiesMax) < 1
    if (!isLeading) wrong.push(`${id} leads ${leads} of ${holds}`)
  })
  const places = placesIn(place)
  const idsOf = places.map(({ members: here }) => new Set(here.map(number => members[number]!.id)))
  assignment.forEach((ids, segment) => {
    if (new Set(ids).size !== place.copiesMax) wrong.push(`${segment} has owners ${ids}`)
    places.forEach(({ copiesMax }, at) => {
      const here = ids.filter(id => idsOf[at]!.has(id))
      if (here.length > copiesMax) wrong.push(`${segment} has too many owners near ${here}`)
    })
  })
  expect(wrong).toEqual([])
}

function placesIn(place: Place): readonly Place[] {
  return [place, ...place.parts.flatMap(placesIn)]
}

/** No assignment in balance moves fewer: what is missing, and what members must gain. */
function movesMin(all: readonly Owner[], today: Assignment, count: number): number {
  const members = able(all)
  const place = placeOf(members, count)
  const shares = idealShares(place, 256)
  const left = today.map(ids => ids.filter(id => members.some(member => member.id === id)))
  const missing = left.reduce((sum, ids) => sum + Math.max(0, place.copiesMax - ids.length), 0)
  const held = holdings(left)
  const gains = members.reduce((sum, { id }, number) => {
    const least = Math.floor(shares[number]! + 1e-6)
    return sum + Math.max(0, least - (held.get(id) ?? 0))
  }, 0)
  return Math.max(missing, gains)
}

describe('The target', () => {
  it('is balanced, spread over labels, and stays as it is once reached', () => {
    fc.assert(
      fc.property(anyOwners(12), copies, (all, count) => {
        fc.pre(able(all).length > 0)
        const first = target(all, EMPTY, count)
        assertSound(all, first, count)
        expect(target(all, first, count)).toEqual(first)
      }),
      { numRuns: 60 },
    )
  })

  it('moves the fewest copies whatever came, went or changed', () => {
    fc.assert(
      fc.property(anyOwners(12), anyOwners(12), copies, copies, (one, other, count, next) => {
        fc.pre(able(one).length > 0 && able(other).length > 0)
        const before = target(one, EMPTY, count)
        const after = target(other, before, next)
        assertSound(other, after, next)
        // Nothing else is known of the fewest here than that no smaller change can be enough;
        // that the solver finds it is tested below against all assignments.
        expect(moves(before, after)).toBeGreaterThanOrEqual(movesMin(other, before, next))
      }),
      { numRuns: 40 },
    )
  })

  it('does not depend on the order in which members are named', () => {
    fc.assert(
      fc.property(anyOwners(8), fc.infiniteStream(fc.nat()), (all, numbers) => {
        fc.pre(able(all).length > 0)
        const keyed = all.map(one => ({ one, key: numbers.next().value as number }))
        const shuffled = keyed.sort((a, b) => a.key - b.key).map(({ one }) => one)
        expect(target(shuffled, EMPTY, 2)).toEqual(target(all, EMPTY, 2))
      }),
      { numRuns: 20 },
    )
  })

  it.each([
    { members: 2, copies: 2, low: 256, high: 256 },
    { members: 3, copies: 2, low: 170, high: 171 },
    { members: 7, copies: 2, low: 73, high: 74 },
    { members: 100, copies: 2, low: 5, high: 6 },
    { members: 100, copies: 3, low: 7, high: 8 },
  ])('gives each of $members equal members $low to $high of $copies copies', row => {
    const held = [...holdings(target(owners(row.members), EMPTY, row.copies)).values()]
    expect([Math.min(...held), Math.max(...held)]).toEqual([row.low, row.high])
  })

  it('follows the capacity, and never gives a member a segment twice', () => {
    const all = [owner(1, {}, 2), owner(2), owner(3)]
    const held = holdings(target(all, EMPTY, 1))
    expect([1, 2, 3].map(index => held.get(nodeId(index)))).toEqual([128, 64, 64])
    const two = holdings(target([owner(1, {}, 100), owner(2), owner(3)], EMPTY, 2))
    expect([1, 2, 3].map(index => two.get(nodeId(index)))).toEqual([256, 128, 128])
  })

  it('gives a member of capacity 0 nothing', () => {
    const assignment = target([owner(1), owner(2, {}, 0), owner(3)], EMPTY, 2)
    expect(holdings(assignment).has(nodeId(2))).toBe(false)
  })

  it('puts all copies on fewer members than copies, and leaves all as it is without any', () => {
    expect(target([owner(1)], EMPTY, 3).every(ids => ids.join() === nodeId(1))).toBe(true)
    const today = target(owners(3), EMPTY, 2)
    expect(target([], today, 2)).toBe(today)
  })

  it('takes between one and half as many copies as a segment may have owners', () => {
    expect(() => target([owner(1)], EMPTY, 0)).toThrow('copies')
    expect(() => target([owner(1)], EMPTY, COPIES_MAX + 1)).toThrow('copies')
  })
})

describe('Labels', () => {
  const groupOf = (all: readonly Owner[], key: 'site' | 'rack' | 'machine') => {
    const labels = new Map(all.map(({ id, labels }) => [id, labels[key]]))
    return (id: string) => labels.get(id)!
  }

  it.each(['site', 'rack', 'machine'] as const)('keep copies on different %ss', key => {
    const all = owners(9, index => ({ [key]: `${index % 3}` }))
    const labelOf = groupOf(all, key)
    for (const ids of target(all, EMPTY, 3)) expect(new Set(ids.map(labelOf)).size).toBe(3)
  })

  it('keep copies apart although one side has much less capacity', () => {
    const all = owners(4, index => ({ machine: index < 3 ? 'big' : 'small' }))
    const assignment = target(all, EMPTY, 2)
    expect(holdings(assignment).get(nodeId(4))).toBe(256)
  })

  it('of finer places count where the coarser cannot be different', () => {
    const all = owners(8, index => ({ site: `${index % 2}`, rack: `${index % 4}` }))
    const siteOf = groupOf(all, 'site')
    const rackOf = groupOf(all, 'rack')
    for (const ids of target(all, EMPTY, 3)) {
      expect(new Set(ids.map(siteOf)).size).toBe(2)
      expect(new Set(ids.map(rackOf)).size).toBe(3)
    }
  })

  it('say nothing where they are missing', () => {
    const all = owners(6, index => (index === 0 ? { rack: 'only' } : {}))
    const held = [...holdings(target(all, EMPTY, 2)).values()]
    expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1)
  })

  it('of racks are compared within a site', () => {
    const all = owners(4, index => ({ site: `${index % 2}`, rack: 'first' }))
    const held = [...holdings(target(all, EMPTY, 2)).values()]
    expect(held).toEqual([128, 128, 128, 128])
  })
})

describe('Movement on 100 nodes in 10 racks', () => {
  const all = owners(100, index => ({ rack: `${index % 10}` }))
  const today = target(all, EMPTY, 2)

  it.each([
    { change: 'a node joins', next: [...all, owner(101, { rack: '3' })] },
    { change: 'ten nodes join', next: owners(110, index => ({ rack: `${index % 10}` })) },
    {
      change: 'a rack joins',
      next: owners(110, index => ({ rack: index < 100 ? `${index % 10}` : 'new' })),
    },
    { change: 'a node leaves', next: all.slice(1) },
    { change: 'ten nodes leave', next: all.slice(0, 90) },
    { change: 'a rack is lost', next: all.filter(({ labels }) => labels.rack !== '4') },
    {
      change: 'a node grows',
      next: all.map((one, index) => (index === 7 ? { ...one, capacity: 4 } : one)),
    },
  ])('is the least possible, give or take a tenth, when $change', ({ next }) => {
    const after = target(next, today, 2)
    assertSound(next, after, 2)
    expect(moves(today, after)).toBeLessThanOrEqual(1.1 * movesMin(next, today, 2))
  })

  it('of primaries is no more than what must change hands', () => {
    const after = target(all.slice(1), today, 2)
    const changed = after.filter((ids, segment) => ids[0] !== today[segment]![0]).length
    const led = leaderships(today).get(nodeId(1))!
    expect(changed).toBeLessThanOrEqual(led + 2)
  })
})

describe('The solver', () => {
  /** Every assignment of these bounds, and the moves that the best of them needs. */
  function best(today: readonly (readonly number[])[], members: number, place: Place): number {
    const subsets: number[][] = []
    for (let bits = 0; bits < 1 << members; bits++) {
      const subset = Array.from({ length: members }, (_, at) => at).filter(at => bits & (1 << at))
      if (subset.length === place.copiesMax && fits(place, subset)) subsets.push(subset)
    }
    const shares = idealShares(place, today.length)
    let fewest = Number.POSITIVE_INFINITY
    const visit = (segment: number, counts: readonly number[], moved: number) => {
      if (moved >= fewest) return
      if (segment === today.length) {
        const isBalanced = counts.every((count, at) => Math.abs(count - shares[at]!) < 1 - 1e-6)
        if (isBalanced) fewest = moved
        return
      }
      for (const subset of subsets) {
        const added = subset.filter(member => !today[segment]!.includes(member)).length
        const next = counts.map((count, at) => count + (subset.includes(at) ? 1 : 0))
        visit(segment + 1, next, moved + added)
      }
    }
    visit(0, new Array<number>(members).fill(0), 0)
    return fewest
  }

  function fits(place: Place, subset: readonly number[]): boolean {
    const here = subset.filter(member => place.members.includes(member)).length
    return here <= place.copiesMax && place.parts.every(part => fits(part, subset))
  }

  it('finds the fewest moves of all assignments there are', () => {
    const labels = fc.record({
      rack: fc.constantFrom('', 'r1', 'r2'),
      capacity: fc.constantFrom(1, 1, 2),
    })
    const members = fc.array(labels, { minLength: 2, maxLength: 5 })
    const segment = fc.uniqueArray(fc.nat(4), { maxLength: 4 })
    const segments = fc.array(segment, { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(members, segments, fc.integer({ min: 1, max: 3 }), (list, all, count) => {
        const place = placeOf(
          list.map(({ rack, capacity }, index) => owner(index, { rack }, capacity)),
          count,
        )
        const today = all.map(ids => ids.filter(id => id < list.length))
        const shares = idealShares(place, today.length)
        const found = fewestMoves({
          segmentCount: today.length,
          memberCount: list.length,
          copies: place.copiesMax,
          least: shares.map(share => Math.floor(share + 1e-6)),
          most: shares.map(share => Math.ceil(share - 1e-6)),
          today,
          isAllowed: () => true,
          place,
        })
        const moved = found.map((ids, at) => ids.filter(id => !today[at]!.includes(id)).length)
        const sum = moved.reduce((a, b) => a + b, 0)
        expect(sum).toBe(best(today, list.length, place))
      }),
      { numRuns: 200 },
    )
  })

  it('says so when the bounds leave no solution', () => {
    const problem = {
      segmentCount: 2,
      memberCount: 1,
      copies: 1,
      least: [0],
      most: [1],
      today: [[], []],
      isAllowed: () => true,
      place: undefined,
    }
    expect(() => fewestMoves(problem)).toThrow('room')
  })
})
