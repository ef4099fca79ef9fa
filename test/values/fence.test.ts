import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fence } from '../../src/values/fence.ts'
import { CountingTokens, PROPERTY_RUNS } from './tokens.ts'

test('a stale holder is fenced once its successor has shown up, not before', () => {
  const fence = new Fence()
  const tokens = new CountingTokens()
  expect(fence.next(tokens)).toEqual({ kind: 'issued', token: 1 })
  expect(fence.check(1)).toEqual({ kind: 'passed', raised: true })
  fence.next(tokens)
  expect(fence.check(1)).toEqual({ kind: 'passed', raised: false })
  expect(fence.check(2)).toEqual({ kind: 'passed', raised: true })
  expect(fence.check(1)).toEqual({ kind: 'refused', code: 'FENCED' })
  expect(fence.mark).toBe(2)
})

test('NEXT is above tokens that came from elsewhere', () => {
  const fence = new Fence()
  fence.check(1000)
  expect(fence.next(new CountingTokens())).toEqual({ kind: 'issued', token: 1001 })
})

test('after the last token there is none', () => {
  const fence = new Fence()
  const tokens = new CountingTokens()
  fence.check(Number.MAX_SAFE_INTEGER)
  expect(fence.next(tokens)).toEqual({ kind: 'refused', code: 'OUTOFBOUNDS' })
  expect(tokens.last).toBe(0)
})

test('the mark never falls, issued tokens grow, a backup agrees', () => {
  const steps = fc.array(fc.option(fc.nat(60), { nil: undefined }), {
    maxLength: 60,
    size: 'max',
  })
  fc.assert(
    fc.property(steps, script => {
      const fence = new Fence()
      const backup = new Fence()
      const tokens = new CountingTokens()
      let greatest = 0
      for (const token of script) {
        const before = fence.snapshot()
        if (token === undefined) {
          const answer = fence.next(tokens)
          expect(answer.kind === 'issued' && answer.token).toBeGreaterThan(
            Math.max(greatest, before.issued),
          )
        } else {
          expect(fence.check(token).kind).toBe(token < greatest ? 'refused' : 'passed')
          greatest = Math.max(greatest, token)
        }
        expect(fence.mark).toBe(greatest)
        backup.assign(fence.snapshot())
        expect(Fence.restore(backup.snapshot()).snapshot()).toEqual(fence.snapshot())
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
