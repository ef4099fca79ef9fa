// What must hold whatever clients do, at every step of thousands of schedules: the invariants of the
// design page, seen from outside (replies) and from inside (values and queues).
//
// PROPERTY_RUNS sets how many schedules are played for each family.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OBJECT } from '../../../src/keyspace/record.ts'
import type { Server } from '../../../src/server.ts'
import { Barrier } from '../../../src/values/barrier.ts'
import { Latch } from '../../../src/values/latch.ts'
import { Leader } from '../../../src/values/leader.ts'
import { Lock } from '../../../src/values/lock.ts'
import { Semaphore } from '../../../src/values/semaphore.ts'
import type { Parked } from '../../../src/waiting.ts'
import { Company } from './company.ts'
import {
  barriers,
  CLIENTS,
  counters,
  everything,
  latches,
  leaders,
  limits,
  locks,
  multimaps,
  reportSchedule,
  schedule,
  semaphores,
} from './schedules.ts'

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 40)
/** Longer than any lease, lifetime, linger time and window of the schedules. */
const LONG_MS = 100_000
const STEPS_MAX = 80

type Value = Lock | Semaphore | Leader | Latch | Barrier

function valueAt({ keyspace }: Server, key: string): Value | undefined {
  const db = keyspace.databases[0]!
  const bytes = Buffer.from(key, 'latin1')
  const entry = db.findStale(bytes, 0, bytes.length)
  return entry === 0 ? undefined : (db.object(entry) as unknown as Value)
}

function parkedCalls({ clients }: Server): Parked[] {
  return [...clients.values()].flatMap(({ parked }) => (parked === undefined ? [] : [parked]))
}

/** Whether a lock could be granted to somebody who wants it so. */
function isFreeFor(lock: Lock | undefined, mode: string): boolean {
  if (lock === undefined || lock.mode === undefined) return true
  return mode === 'read' && lock.mode === 'read'
}

/** Nobody waits for what could be had: no wake-up was lost. */
function expectNoLostWakeUp(server: Server): void {
  const db = server.keyspace.databases[0]!
  for (const parked of parkedCalls(server)) {
    const isHead = parked.keys.every(key => server.waiting.head(db, key, parked.topic) === parked)
    const values = parked.keys.map(key => valueAt(server, key))
    const [value] = values
    switch (parked.command.fullName) {
      case 'lock.acquire':
      case 'lock.macquire':
        if (!isHead) break
        expect(values.every(each => isFreeFor(each as Lock, parked.wish))).toBe(false)
        break
      case 'lock.upgrade':
        expect((value as Lock).find(parked.identity!)?.exclusive).toBe(false)
        expect((value as Lock).size).toBeGreaterThan(1)
        break
      case 'leader.campaign':
        if (isHead) expect((value as Leader | undefined)?.current).toBeDefined()
        break
      case 'semaphore.acquire': {
        if (!isHead || value === undefined) break
        const semaphore = value as Semaphore
        const held = semaphore.find(parked.identity!)?.count ?? 0
        const isMore = parked.bytes.toString('latin1').includes('REQ')
        const wanted = isMore ? Number(parked.wish) : Number(parked.wish) - held
        expect(wanted).toBeGreaterThan(semaphore.available)
        break
      }
      case 'latch.await':
        expect((value as Latch).state).toBe('closed')
        expect((value as Latch).generation).toBe(parked.memo[0])
        break
      case 'barrier.enter':
        expect((value as Barrier).phase).not.toBe('full')
        break
      case 'barrier.leave':
        expect((value as Barrier).phase).toBe('leaving')
        expect((value as Barrier).generation).toBe(parked.memo[0])
        break
    }
  }
}

/** Who holds, holds as the type allows; the books agree with the values. */
function expectSound(server: Server): void {
  let holders = 0
  const { keyspace } = server
  const db = keyspace.databases[0]!
  db.forEach(entry => {
    if (db.encoding(entry) !== OBJECT) return
    const value = db.object(entry) as unknown as Value
    if (value instanceof Lock) {
      const holds = [...value.holders()]
      expect(holds.length).toBeGreaterThan(0)
      if (holds.some(hold => hold.exclusive)) expect(holds).toHaveLength(1)
      holders += holds.length
    } else if (value instanceof Semaphore) {
      const held = [...value.holders()].reduce((sum, hold) => sum + hold.count, 0)
      expect(value.available + held).toBe(value.limit)
      expect(value.isFree).toBe(false)
      holders += value.size
    } else if (value instanceof Leader) {
      expect(value.current).toBeDefined()
      holders++
    } else if (value instanceof Latch) {
      if (value.state === 'open') expect(value.count).toBe(0)
    } else if (value instanceof Barrier) {
      expect(value.isFree).toBe(false)
      if (value.phase === 'gathering') expect(value.size).toBeLessThan(value.parties)
      holders += value.size
    }
  })
  expect(server.coordination.leases.holders).toBe(holders)
  expect(server.waiting.size).toBe(parkedCalls(server).length)
}

/** Once everybody is gone and their time is over, nothing is left. */
function expectNothingLeft(company: Company): void {
  const { server } = company.server
  for (let client = 0; client < CLIENTS; client++) company.leave(client)
  company.step({ kind: 'pass', milliseconds: LONG_MS })
  expect(server.waiting.size).toBe(0)
  expect(server.waiting.keyCount).toBe(0)
  expect(server.waiting.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  expect(server.coordination.leases.count).toBe(0)
  expect(server.coordination.leases.holders).toBe(0)
  expect(server.coordination.thresholds.size).toBe(0)
  const db = server.keyspace.databases[0]!
  db.forEach(entry => {
    if (db.encoding(entry) !== OBJECT) return
    const value = db.object(entry) as unknown
    // What was made on purpose stays, and data does.
    if (value instanceof Semaphore) expect(value.configured && value.size === 0).toBe(true)
    else if (value instanceof Latch) expect(value.state).toBe('closed')
    else expect(value instanceof Lock || value instanceof Leader).toBe(false)
  })
}

const families = {
  locks,
  leaders,
  semaphores,
  counters,
  latches,
  barriers,
  limits,
  multimaps,
  everything,
}

describe.each(Object.entries(families))('%s', (_, commands) => {
  test('are sound at every step, lose no wake-up, and leave nothing behind', () => {
    fc.assert(
      fc.property(schedule(commands, STEPS_MAX), steps => {
        const company = new Company()
        for (const step of steps) {
          company.step(step)
          expectSound(company.server.server)
          expectNoLostWakeUp(company.server.server)
        }
        expectNothingLeft(company)
      }),
      { numRuns: RUNS, reporter: reportSchedule },
    )
  })
})
