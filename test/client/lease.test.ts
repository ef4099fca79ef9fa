import { expect, test } from 'vitest'
import { Lease } from '../../src/client/lease.ts'

const lease = () => new Lease(30_000, true, 7, performance.now())

test('a loss is told to who listens, once, with the first reason', () => {
  const held = lease()
  const { signal } = held
  let told = 0
  signal.addEventListener('abort', () => {
    told += 1
  })
  expect(signal.aborted).toBe(false)
  held.lose('somebody else has it')
  held.lose('and again')
  expect(told).toBe(1)
  expect(signal.reason).toMatchObject({ code: 'LOST', message: 'somebody else has it' })
  expect(held.signal).toBe(signal)
})

test('who asks for the signal only after the loss finds it aborted, with the reason', () => {
  const held = lease()
  expect(held.isCertain).toBe(true)
  held.lose('somebody else has it', new Error('why'))
  expect(held.isCertain).toBe(false)
  expect(held.signal.aborted).toBe(true)
  expect(held.signal.reason).toMatchObject({ code: 'LOST', message: 'somebody else has it' })
})
