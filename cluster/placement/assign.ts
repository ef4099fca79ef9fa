// The assignment nearest to today's that keeps every bound.
//
// Each segment needs some copies; each member holds at least and at most so many; no place holds
// more copies of a segment than it may; a copy costs nothing where it is today and one move
// elsewhere. This is a flow of least cost from segments through places to members, found by
// successive shortest paths: give one more copy to a member, which may have to pass one of its own
// on, and so forth.
//
// Why it is exact: it begins with copies that are there today and are needed to reach the members'
// lower bounds, so no cheaper flow of that size exists; and a shortest path keeps a cheapest flow
// cheapest. Because nothing is cheaper, carrying out a part of the result and
// asking again never adds a move: the rest of the first answer is still a solution.
//
// Path costs never fall from one path to the next. So a copy that can be given directly at no more
// than the cost of the last path is on a shortest one, and the search is needed for few of them.

import assert from 'node:assert/strict'
import type { Place } from './place.ts'

export interface Problem {
  readonly segmentCount: number
  readonly memberCount: number
  /** Copies of each segment. */
  readonly copies: number
  readonly least: readonly number[]
  readonly most: readonly number[]
  /** By segment, the most valued first: of two equally good solutions it is kept more often. */
  readonly today: readonly (readonly number[])[]
  readonly isAllowed: (segment: number, member: number) => boolean
  readonly place: Place | undefined
}

interface Bound {
  readonly copiesMax: number
}

const NOBODY = -1
// A path's length is counted in ones, so that of the cheapest paths the shortest is found.
const MOVE = 2 ** 16
const UNREACHED = Number.MAX_SAFE_INTEGER

/** By segment, the members that hold it. Throws if there is no solution. */
export function fewestMoves(problem: Problem): readonly (readonly number[])[] {
  return new Solver(problem).solve()
}

class Solver {
  readonly #problem: Problem
  /** Places that could come to hold too many copies, and those of them that a member is in. */
  readonly #bounds: Bound[] = []
  readonly #boundsOf: number[][]
  readonly #holders: number[][]
  readonly #isHolder: Uint8Array
  readonly #costs: Float64Array
  /** Copies of each segment within each bound. Invariant: at most the bound's `copiesMax`. */
  readonly #within: Uint8Array
  readonly #counts: number[]
  /** Segments with too few copies. */
  readonly #open = new Set<number>()

  constructor(problem: Problem) {
    const { segmentCount, memberCount, today, place } = problem
    this.#problem = problem
    this.#boundsOf = Array.from({ length: memberCount }, () => [])
    if (place !== undefined) this.#collectBounds(place)
    this.#holders = Array.from({ length: segmentCount }, () => [])
    this.#isHolder = new Uint8Array(segmentCount * memberCount)
    this.#costs = new Float64Array(segmentCount * memberCount).fill(MOVE)
    this.#within = new Uint8Array(segmentCount * this.#bounds.length)
    this.#counts = new Array<number>(memberCount).fill(0)
    today.forEach((members, segment) => {
      for (const member of members) this.#costs[segment * memberCount + member] = 0
    })
  }

  solve(): readonly (readonly number[])[] {
    const { segmentCount, copies } = this.#problem
    this.#keepToday()
    for (let segment = 0; segment < segmentCount; segment++) {
      if (this.#holders[segment]!.length < copies) this.#open.add(segment)
    }
    this.#fill(this.#problem.least)
    this.#fill(this.#problem.most)
    assert(this.#open.size === 0, 'the bounds leave room for all copies')
    return this.#holders
  }

  #collectBounds(place: Place): void {
    for (const part of place.parts) {
      if (part.members.length > part.copiesMax) {
        for (const member of part.members) this.#boundsOf[member]!.push(this.#bounds.length)
        this.#bounds.push(part)
      }
      this.#collectBounds(part)
    }
  }

  /** The most valued copies first, over all segments. */
  #keepToday(): void {
    const { today, copies, least } = this.#problem
    const ranks = today.reduce((longest, members) => Math.max(longest, members.length), 0)
    for (let rank = 0; rank < ranks; rank++) {
      today.forEach((members, segment) => {
        const member = members[rank]
        if (member === undefined || this.#holders[segment]!.length >= copies) return
        const isNeeded = this.#isBelow(least, member)
        if (isNeeded && this.#mayHold(segment, member, NOBODY)) this.#give(segment, member)
      })
    }
  }

  /** Hands out copies to members below these numbers, as long as there are both. */
  #fill(limits: readonly number[]): void {
    let cost = 0
    while (this.#open.size > 0) {
      if (this.#giveDirectly(limits, cost)) continue
      const found = this.#search(limits)
      if (found === undefined) return
      cost = found
    }
  }

  #isBelow(limits: readonly number[], member: number): boolean {
    return this.#counts[member]! < limits[member]!
  }

  #cost(segment: number, member: number): number {
    return this.#costs[segment * this.#problem.memberCount + member]!
  }

  /** Whether the member may take a copy of the segment, in the place of another one's if given. */
  #mayHold(segment: number, member: number, instead: number): boolean {
    if (this.#isHolder[segment * this.#problem.memberCount + member] === 1) return false
    const left = instead === NOBODY ? [] : this.#boundsOf[instead]!
    const first = segment * this.#bounds.length
    for (const bound of this.#boundsOf[member]!) {
      const isFull = this.#within[first + bound] === this.#bounds[bound]!.copiesMax
      if (isFull && !left.includes(bound)) return false
    }
    return this.#problem.isAllowed(segment, member)
  }

  #give(segment: number, member: number): void {
    this.#holders[segment]!.push(member)
    this.#isHolder[segment * this.#problem.memberCount + member] = 1
    this.#counts[member]!++
    const first = segment * this.#bounds.length
    for (const bound of this.#boundsOf[member]!) this.#within[first + bound]!++
  }

  #take(segment: number, member: number): void {
    const holders = this.#holders[segment]!
    holders.splice(holders.indexOf(member), 1)
    this.#isHolder[segment * this.#problem.memberCount + member] = 0
    this.#counts[member]!--
    const first = segment * this.#bounds.length
    for (const bound of this.#boundsOf[member]!) this.#within[first + bound]!--
  }

  #close(segment: number): void {
    if (this.#holders[segment]!.length === this.#problem.copies) this.#open.delete(segment)
  }

  #giveDirectly(limits: readonly number[], costMax: number): boolean {
    const { memberCount } = this.#problem
    let isGiven = false
    for (let member = 0; member < memberCount; member++) {
      for (const segment of this.#open) {
        if (!this.#isBelow(limits, member)) break
        if (this.#cost(segment, member) > costMax) continue
        if (!this.#mayHold(segment, member, NOBODY)) continue
        this.#give(segment, member)
        this.#close(segment)
        isGiven = true
      }
    }
    return isGiven
  }

  /** Hands out one copy along a cheapest path; answers its cost, or undefined if there is none. */
  #search(limits: readonly number[]): number | undefined {
    const { memberCount, segmentCount } = this.#problem
    const distance = new Array<number>(memberCount).fill(UNREACHED)
    // The member gets a copy of this segment, from that other one.
    const segmentTo = new Array<number>(memberCount).fill(0)
    const memberBefore = new Array<number>(memberCount).fill(NOBODY)
    const queue: number[] = []
    const isQueued = new Uint8Array(memberCount)
    const reach = (member: number, segment: number, before: number, length: number) => {
      if (length >= distance[member]!) return
      distance[member] = length
      segmentTo[member] = segment
      memberBefore[member] = before
      if (isQueued[member] === 0) queue.push(member)
      isQueued[member] = 1
    }
    for (const segment of this.#open) {
      for (let member = 0; member < memberCount; member++) {
        if (!this.#mayHold(segment, member, NOBODY)) continue
        reach(member, segment, NOBODY, 1 + this.#cost(segment, member))
      }
    }
    for (let next = 0; next < queue.length; next++) {
      const before = queue[next]!
      isQueued[before] = 0
      for (let segment = 0; segment < segmentCount; segment++) {
        if (this.#isHolder[segment * memberCount + before] === 0) continue
        const saved = this.#cost(segment, before)
        for (let member = 0; member < memberCount; member++) {
          const added = this.#cost(segment, member) - saved + 1
          if (distance[before]! + added >= distance[member]!) continue
          if (!this.#mayHold(segment, member, before)) continue
          reach(member, segment, before, distance[before]! + added)
        }
      }
    }
    let end = NOBODY
    for (let member = 0; member < memberCount; member++) {
      if (!this.#isBelow(limits, member) || distance[member] === UNREACHED) continue
      if (end === NOBODY || distance[member]! < distance[end]!) end = member
    }
    if (end === NOBODY) return undefined
    this.#follow(end, segmentTo, memberBefore)
    return distance[end]! - (distance[end]! % MOVE)
  }

  #follow(end: number, segmentTo: readonly number[], memberBefore: readonly number[]): void {
    let member = end
    for (;;) {
      const segment = segmentTo[member]!
      const before = memberBefore[member]!
      if (before !== NOBODY) this.#take(segment, before)
      this.#give(segment, member)
      if (before === NOBODY) return this.#close(segment)
      member = before
    }
  }
}
