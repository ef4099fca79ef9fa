import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Change,
  type Configuration,
  changed,
  configuration,
  majorityOf,
  reachedByMajority,
} from '../../../cluster/raft/configuration.ts'
import { Election } from '../../../cluster/raft/election.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']

const anyConfiguration = fc
  .tuple(fc.subarray(names, { minLength: 1 }), fc.subarray(names))
  .map(([voters, rest]) =>
    configuration(
      voters,
      rest.filter(id => !voters.includes(id)),
    ),
  )

const anyChange: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('add', 'promote', 'demote', 'remove'),
  id: fc.constantFrom(...names),
})

function majorities({ voters }: Configuration): readonly (readonly string[])[] {
  let sets: string[][] = [[]]
  for (const voter of voters) sets = sets.flatMap(set => [set, [...set, voter]])
  return sets.filter(set => set.length >= majorityOf(voters.length))
}

describe('A change of configuration', () => {
  it('leaves every majority of the old voters with a voter in every majority of the new', () => {
    fc.assert(
      fc.property(anyConfiguration, anyChange, (before, change) => {
        const after = changed(before, change)
        if (after === undefined) return
        for (const old of majorities(before)) {
          for (const one of majorities(after)) {
            expect(one.some(id => old.includes(id))).toBe(true)
          }
        }
      }),
    )
  })

  it('keeps voters and learners sorted, disjoint and without duplicates', () => {
    fc.assert(
      fc.property(anyConfiguration, anyChange, (before, change) => {
        const after = changed(before, change)
        if (after === undefined) return
        const all = [...after.voters, ...after.learners]
        expect(new Set(all).size).toBe(all.length)
        expect(after.voters).toEqual([...after.voters].sort())
        expect(after.learners).toEqual([...after.learners].sort())
        expect(after).not.toEqual(before)
      }),
    )
  })

  it.each<{ change: Change; voters: string[]; learners: string[] }>([
    { change: { kind: 'add', id: 'c' }, voters: ['a', 'b'], learners: ['c', 'l'] },
    { change: { kind: 'promote', id: 'l' }, voters: ['a', 'b', 'l'], learners: [] },
    { change: { kind: 'demote', id: 'b' }, voters: ['a'], learners: ['b', 'l'] },
    { change: { kind: 'remove', id: 'b' }, voters: ['a'], learners: ['l'] },
    { change: { kind: 'remove', id: 'l' }, voters: ['a', 'b'], learners: [] },
  ])('$change.kind $change.id makes voters $voters and learners $learners', row => {
    const { voters, learners } = row
    expect(changed(configuration(['a', 'b'], ['l']), row.change)).toEqual({ voters, learners })
  })

  it.each<Change>([
    { kind: 'add', id: 'a' },
    { kind: 'add', id: 'l' },
    { kind: 'promote', id: 'a' },
    { kind: 'promote', id: 'x' },
    { kind: 'demote', id: 'a' },
    { kind: 'demote', id: 'l' },
    { kind: 'remove', id: 'a' },
    { kind: 'remove', id: 'x' },
  ])('$kind $id does not fit one voter a and one learner l', change => {
    expect(changed(configuration(['a'], ['l']), change)).toBeUndefined()
  })
})

describe('What a majority has reached', () => {
  it('is the largest value that so many voters have at least', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }), values => {
        const voters = values.map((_, index) => String(index))
        const reached = reachedByMajority(voters, id => values[Number(id)]!)
        const atLeast = (bound: number) => values.filter(value => value >= bound).length
        expect(atLeast(reached)).toBeGreaterThanOrEqual(majorityOf(values.length))
        expect(atLeast(reached + 1)).toBeLessThan(majorityOf(values.length))
      }),
    )
  })

  it('is nothing without voters', () => {
    expect(reachedByMajority([], () => 1)).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('An election', () => {
  it('counts the first answer of each voter, and nobody who is no voter', () => {
    const election = new Election(false)
    const voters = ['a', 'b', 'c']
    election.count('x', true)
    election.count('y', true)
    election.count('a', true)
    election.count('b', false)
    election.count('b', true)
    expect(election.result(voters)).toBe('open')
    election.count('c', true)
    expect(election.result(voters)).toBe('won')
  })
})
