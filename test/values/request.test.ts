import fc from 'fast-check'
import { expect, test } from 'vitest'
import { REQUEST_MEMORY_MS, RequestMemory } from '../../src/values/request.ts'
import { PROPERTY_RUNS } from './tokens.ts'

test('an id is remembered for five minutes and then forgotten', () => {
  const memory = new RequestMemory()
  memory.remember('ADD 1', '7', 100)
  memory.remember('ADD 2', '9', 200)
  expect(memory.recall('ADD 1')).toBe('7')
  expect(memory.recall('ADD 3')).toBeUndefined()
  expect(memory.nextExpiry()).toBe(100 + REQUEST_MEMORY_MS)
  expect(memory.expire(99 + REQUEST_MEMORY_MS)).toBe(0)
  expect(memory.expire(100 + REQUEST_MEMORY_MS)).toBe(1)
  expect(memory.recall('ADD 1')).toBeUndefined()
  memory.extendAll(50)
  expect(memory.nextExpiry()).toBe(250 + REQUEST_MEMORY_MS)
  memory.forget(1)
  expect(memory.isFree).toBe(true)
})

test('a full memory says so, and forgets nothing early', () => {
  const memory = new RequestMemory(2)
  memory.remember('a', '', 0)
  expect(memory.isFull).toBe(false)
  memory.remember('b', '', 0)
  expect(memory.isFull).toBe(true)
  expect(memory.recall('a')).toBe('')
  memory.expire(REQUEST_MEMORY_MS)
  expect(memory.isFull).toBe(false)
})

test('the memory agrees with a list, its backup with the memory', () => {
  const step = fc.record({ id: fc.nat(30), waitMs: fc.nat(REQUEST_MEMORY_MS / 8) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), script => {
      const memory = new RequestMemory()
      const backup = new RequestMemory()
      let model: { id: string; reply: string; at: number }[] = []
      let now = 0
      for (const [index, { id: number, waitMs }] of script.entries()) {
        now += waitMs
        const id = `id-${number}`
        model = model.filter(request => request.at + REQUEST_MEMORY_MS > now)
        backup.forget(memory.expire(now))
        const known = model.find(request => request.id === id)
        expect(memory.recall(id)).toBe(known?.reply)
        if (known === undefined) {
          const reply = String(index)
          model.push({ id, reply, at: now })
          memory.remember(id, reply, now)
          backup.remember(id, reply, now + 1e9)
        }
        expect(memory.snapshot().requests).toEqual(
          model.map(request => [request.id, request.reply]),
        )
        expect(backup.snapshot()).toEqual(memory.snapshot())
        expect(backup.memory()).toBe(memory.memory())
      }
      memory.forget(memory.size)
      expect(memory.memory()).toBe(new RequestMemory().memory())
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
