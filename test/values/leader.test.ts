import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Campaign, Leader } from '../../src/values/leader.ts'
import { CountingTokens, PROPERTY_RUNS } from './tokens.ts'

function campaign(candidate: string, options: Partial<Campaign> = {}): Campaign {
  return { candidate, value: undefined, leaseMs: 100, connection: 0, queued: false, ...options }
}

test('one candidate leads, the others wait', () => {
  const leader = new Leader()
  const tokens = new CountingTokens()
  expect(leader.campaign(campaign('a', { value: 'host a' }), tokens, 0)).toMatchObject({
    kind: 'granted',
    fresh: true,
  })
  expect(leader.campaign(campaign('b'), tokens, 0).kind).toBe('busy')
  expect(leader.current).toMatchObject({ owner: 'a', meta: 'host a', token: 1 })
})

test('campaigning again keeps the term and the value, and renews the lease', () => {
  const leader = new Leader()
  const tokens = new CountingTokens()
  leader.campaign(campaign('a', { value: 'host a' }), tokens, 0)
  expect(leader.campaign(campaign('a'), tokens, 60)).toMatchObject({ fresh: false })
  expect(leader.current).toMatchObject({ meta: 'host a', token: 1, expiresAt: 160 })
})

test('PROCLAIM changes the value within the term, and is the leader’s alone', () => {
  const leader = new Leader()
  leader.campaign(campaign('a'), new CountingTokens(), 0)
  expect(leader.proclaim('a', 'ready').kind).toBe('kept')
  expect(leader.proclaim('b', 'me')).toEqual({ kind: 'refused', code: 'NOTOWNER' })
  expect(leader.current).toMatchObject({ meta: 'ready', token: 1 })
})

test('TRANSFER starts a new term for the successor', () => {
  const leader = new Leader()
  const tokens = new CountingTokens()
  leader.campaign(campaign('a', { value: 'v' }), tokens, 0)
  expect(leader.transfer('a', 'b', 30, tokens, 10)).toMatchObject({ hold: { token: 2 } })
  expect(leader.current).toMatchObject({ owner: 'b', meta: 'v', expiresAt: 40 })
  expect(leader.check('a', undefined)).toEqual({ kind: 'refused', code: 'NOTOWNER' })
  expect(leader.check('b', 1)).toEqual({ kind: 'refused', code: 'FENCED' })
  expect(leader.findToken(2)?.owner).toBe('b')
})

test('a leader that resigns, or does not renew, leaves nothing behind', () => {
  const leader = new Leader()
  const tokens = new CountingTokens()
  leader.campaign(campaign('a'), tokens, 0)
  expect(leader.resign('b')).toMatchObject({ code: 'NOTOWNER' })
  expect(leader.resign('a')).toMatchObject({ held: false })
  expect(leader.isFree).toBe(true)
  leader.campaign(campaign('b'), tokens, 0)
  expect(leader.expire(100)).toMatchObject([{ owner: 'b', token: 2 }])
  expect(leader.isFree).toBe(true)
  expect(leader.current).toBeUndefined()
})

test('a leader on a connection loses with it', () => {
  const leader = new Leader()
  leader.campaign(campaign('a', { leaseMs: 0, connection: 4 }), new CountingTokens(), 0)
  expect(leader.disconnected(4, 5, 10)).toHaveLength(1)
  expect(leader.nextExpiry()).toBe(15)
  leader.extendAll(5)
  expect(leader.expire(19)).toEqual([])
  expect(leader.expire(20)).toHaveLength(1)
})

const candidate = fc.constantFrom('a', 'b', 'c')
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('campaign' as const),
      candidate,
      queued: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant('resign' as const), candidate }),
  fc.record({ kind: fc.constant('proclaim' as const), candidate, value: fc.string() }),
  fc.record({ kind: fc.constant('transfer' as const), candidate, to: candidate }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(120) }),
)

test('terms never overlap, their tokens grow, and a backup knows the same leader', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100, size: 'max' }), steps => {
      const leader = new Leader()
      const backup = new Leader()
      const tokens = new CountingTokens()
      let now = 0
      let term = { owner: '', token: 0 }
      for (const step of steps) {
        if (step.kind === 'campaign') {
          leader.campaign(campaign(step.candidate, { queued: step.queued }), tokens, now)
        } else if (step.kind === 'resign') {
          leader.resign(step.candidate)
        } else if (step.kind === 'proclaim') {
          leader.proclaim(step.candidate, step.value)
        } else if (step.kind === 'transfer') {
          leader.transfer(step.candidate, step.to, 50, tokens, now)
        } else {
          now += step.ms
          leader.expire(now)
        }
        const current = leader.current
        expect(leader.snapshot().holds.length).toBe(current ? 1 : 0)
        if (current && current.token !== term.token) {
          expect(current.token).toBeGreaterThan(term.token)
          term = { owner: current.owner, token: current.token }
        } else if (current) {
          expect(current.owner).toBe(term.owner)
        }
        const followed = backup.current
        if (followed && followed.owner !== current?.owner) backup.remove(followed.owner)
        if (current) backup.grant(current.state(), 7)
        expect(backup.snapshot()).toEqual(leader.snapshot())
        expect(Leader.restore(leader.snapshot(), 9).current?.token).toBe(current?.token)
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
