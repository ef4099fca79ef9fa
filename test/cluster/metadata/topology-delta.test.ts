import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deltaOf, withDelta } from '../../../cluster/metadata/topology-delta.ts'
import { apply } from '../../../cluster/topology/apply.ts'
import {
  assertTopology,
  foundingTopology,
  type Topology,
} from '../../../cluster/topology/topology.ts'
import { introduction, proposals } from '../topology/fixtures.ts'

function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen)
}

describe('What has changed of a topology', () => {
  it('makes the same topology on another thread, in steps of any size', () => {
    fc.assert(
      fc.property(proposals, fc.integer({ min: 1, max: 5 }), (list, every) => {
        let here = foundingTopology(introduction(1))
        let told: Topology = here
        let there = withDelta(undefined, structuredClone(deltaOf(undefined, here)))
        list.forEach(({ make }, at) => {
          here = apply(here, make(here)).topology
          if (at % every !== 0) return
          const delta = deltaOf(told, here)
          const before = there
          there = withDelta(before, structuredClone(delta))
          told = here
          there.segments.forEach((segment, number) => {
            const isTold = delta.segments.has(number)
            if (!isTold && segment !== before.segments[number]) throw new Error('not shared')
          })
        })
        there = withDelta(there, structuredClone(deltaOf(told, here)))
        expect(there).toEqual(here)
        expect(isDeepFrozen(there)).toBe(true)
        assertTopology(there)
      }),
      { numRuns: 50 },
    )
  })

  it('is little when little has changed', () => {
    const before = foundingTopology(introduction(1))
    const after = apply(before, { kind: 'join', expects: 0, member: introduction(2) }).topology
    const { segments, members, voters } = deltaOf(before, after)
    expect(segments.size).toBe(0)
    expect(members).toBe(after.members)
    expect(voters).toBeUndefined()
  })
})
