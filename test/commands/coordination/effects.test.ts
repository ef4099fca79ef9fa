// Whatever clients do and whatever time does, a copy that is told the log and nothing else has the same
// holders, tokens, counts and lengths of leases, and can take over.
//
// PROPERTY_RUNS sets how many random histories are replayed.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coordinationFamilies } from '../../../commands/coordination/index.ts'
import { OBJECT, TYPE_NAMES } from '../../../src/keyspace/record.ts'
import { Replayer } from '../../../src/replay.ts'
import type { Server } from '../../../src/server.ts'
import { InProcessServer } from '../../harness/in-process.ts'
import { Company } from './company.ts'
import { everything, reportSchedule, schedule } from './schedules.ts'

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 80)

interface Snapshotting {
  snapshot(now: number): unknown
}

/** Every value as a copy must have it. Leases are told by their full length. */
function contentsOf(server: Server): Map<string, unknown> {
  const contents = new Map<string, unknown>()
  for (const db of server.keyspace.databases) {
    db.forEach(entry => {
      const value =
        db.encoding(entry) === OBJECT
          ? (db.object(entry) as unknown as Snapshotting).snapshot(server.monotonic)
          : db.value(entry).latin1Slice()
      contents.set(db.key(entry), {
        type: TYPE_NAMES[db.type(entry)],
        expiry: db.expiry(entry),
        version: db.version(entry),
        value,
      })
    })
  }
  return contents
}

/** The name of the command that an effect is. */
function nameOf(bytes: Buffer): string {
  return bytes.toString('latin1').split('\r\n')[2]!
}

class Replicated {
  readonly company = new Company()
  readonly copy = new InProcessServer()
  #now = 0

  /** `lost` is an effect that never reaches the copy. */
  constructor(lost?: string) {
    const { server } = this.company.server
    this.copy.server.keyspace.expires = false
    const replayer = new Replayer(this.copy.server)
    server.effects.subscribe(entry => {
      this.#catchUp()
      const effects = entry.effects.filter(({ bytes }) => nameOf(bytes) !== lost)
      replayer.apply({ ...entry, effects })
    })
  }

  /** The copy's clock shows what the primary's does. */
  #catchUp(): void {
    const { server } = this.company.server
    this.copy.clock.advance(server.monotonic - this.#now)
    this.#now = server.monotonic
    this.copy.server.beginTurn()
  }

  expectEqual(): void {
    const { server } = this.company.server
    this.#catchUp()
    expect(contentsOf(this.copy.server)).toEqual(contentsOf(server))
    const { coordination } = this.copy.server
    expect(coordination.requests.size).toBe(server.coordination.requests.size)
    expect(coordination.leases.holders).toBe(server.coordination.leases.holders)
    for (let type = 6; type < TYPE_NAMES.length; type++) {
      expect(coordination.count(type as 6)).toBe(server.coordination.count(type as 6))
    }
  }
}

test('a copy that replays the log has the same state after every step', () => {
  fc.assert(
    fc.property(schedule(everything, 80), steps => {
      const replicated = new Replicated()
      for (const step of steps) {
        replicated.company.step(step)
        replicated.expectEqual()
      }
    }),
    { numRuns: RUNS, reporter: reportSchedule },
  )
})

const effectNames = coordinationFamilies(() => [])
  .flat()
  .filter(spec => spec.internal && spec.name !== 'request.forgotten')
  .map(spec => spec.name)

test.each(effectNames)('a copy that never hears of %s is found out', name => {
  const details = fc.check(
    fc.property(schedule(everything, 80), steps => {
      const replicated = new Replicated(name)
      for (const step of steps) {
        replicated.company.step(step)
        replicated.expectEqual()
      }
    }),
    { numRuns: 2000, endOnFailure: true, seed: 1 },
  )
  expect(details.failed).toBe(true)
})

test('requests are forgotten on both sides', () => {
  const replicated = new Replicated()
  const words = ['COUNTER.ADD', 'c', '1', 'REQ', 'r']
  replicated.company.step({ kind: 'command', client: 0, words })
  replicated.company.step({ kind: 'pass', milliseconds: 299_000 })
  expect(replicated.copy.server.coordination.requests.size).toBe(1)
  replicated.company.step({ kind: 'pass', milliseconds: 2000 })
  expect(replicated.copy.server.coordination.requests.size).toBe(0)
  replicated.expectEqual()
})

test('a copy that takes over issues greater tokens than any before', () => {
  const replicated = new Replicated()
  const { company, copy } = replicated
  const [first] = company.step({
    kind: 'command',
    client: 0,
    words: ['LOCK.ACQUIRE', 'k', 'a', 'PX', '1000'],
  })
  copy.server.keyspace.expires = true
  const client = copy.connect()
  expect(client.call('LOCK.ACQUIRE', 'k', 'b')).toBe(null)
  expect(client.call('LOCK.ACQUIRE', 'k', 'a')).toBe(first!.value)
  client.call('LOCK.RELEASE', 'k', 'a')
  expect(client.call('LOCK.ACQUIRE', 'k', 'b')).toBeGreaterThan(first!.value as number)
})
