import { beforeEach, describe, expect, test } from 'vitest'
import { Call } from '../src/call.ts'
import type { Database } from '../src/keyspace/database.ts'
import type { Server } from '../src/server.ts'
import { Parked, type ParkOptions, Waiting } from '../src/waiting.ts'
import { InProcessServer } from './harness/in-process.ts'

let server: Server
let db: Database
let waiting: Waiting

beforeEach(() => {
  ;({ server } = new InProcessServer())
  db = server.keyspace.databases[0]!
  waiting = new Waiting()
})

function park(options: Partial<ParkOptions> & { keys: readonly string[] }): Parked {
  const call = new Call(server, server.reply)
  call.db = db
  call.bytes = Buffer.from('PING')
  call.offsets = Int32Array.of(0, 4)
  call.count = 1
  const parked = new Parked(
    call,
    { deadline: Number.POSITIVE_INFINITY, onTimeout: () => undefined, topic: 'list', ...options },
    0,
  )
  waiting.add(parked)
  return parked
}

/** Serves, and answers in which order calls were tried; `done` are those that are then answered. */
function serve(done: (parked: Parked) => boolean): Parked[] {
  const tried: Parked[] = []
  waiting.serve(parked => {
    tried.push(parked)
    if (!done(parked)) return 'stays'
    waiting.remove(parked)
    return 'done'
  })
  return tried
}

const always = () => true
const never = () => false

describe('a queue', () => {
  test('is served in order until the first that stays', () => {
    const [a, b, c] = [park({ keys: ['k'] }), park({ keys: ['k'] }), park({ keys: ['k'] })]
    waiting.signal(db, 'k')
    expect(serve(parked => parked === a)).toEqual([a, b])
    waiting.signal(db, 'k')
    expect(serve(always)).toEqual([b, c])
    expect(waiting.keyCount).toBe(0)
    expect(waiting.size).toBe(0)
  })

  test('is not served beyond the last for whom there is something', () => {
    const [a, b] = [park({ keys: ['k'] }), park({ keys: ['k'] })]
    waiting.signal(db, 'k')
    waiting.serve(parked => {
      waiting.remove(parked)
      return 'last'
    })
    expect(waiting.hasReady).toBe(false)
    expect([...waiting.at(db, 'k', 'list')]).toEqual([b])
    expect(a.places).toEqual([])
  })

  test('under broadcast has each tried, once', () => {
    const all = [1, 2, 3].map(() => park({ keys: ['k'], policy: 'broadcast' }))
    waiting.signal(db, 'k')
    waiting.signal(db, 'k')
    expect(serve(parked => parked === all[1])).toEqual(all)
    waiting.signal(db, 'k')
    expect(serve(never)).toEqual([all[0], all[2]])
  })

  test('puts the first before all others', () => {
    const [a, b] = [park({ keys: ['k'] }), park({ keys: ['k'] })]
    const c = park({ keys: ['k'], first: true })
    expect([...waiting.at(db, 'k', 'list')]).toEqual([c, a, b])
  })

  test('whose head leaves has the next one tried', () => {
    const [a, b] = [park({ keys: ['k'] }), park({ keys: ['k'] })]
    waiting.remove(b)
    expect(waiting.hasReady).toBe(false)
    const c = park({ keys: ['k'] })
    waiting.remove(a)
    expect(serve(always)).toEqual([c])
  })

  test('is left at all keys at once', () => {
    const a = park({ keys: ['x', 'y'] })
    const b = park({ keys: ['y'] })
    waiting.signal(db, 'x')
    expect(serve(parked => parked === a)).toEqual([a, b])
    expect(waiting.count(db, 'x', 'list')).toBe(0)
    expect(waiting.count(db, 'y', 'list')).toBe(1)
  })

  test('keeps a place for whoever takes it over', () => {
    const [a, b, c] = ['a', 'b', 'c'].map(identity => park({ keys: ['k'], identity }))
    const again = new Parked(
      Object.assign(new Call(server, server.reply), {
        db,
        bytes: Buffer.from('PING'),
        offsets: Int32Array.of(0, 4),
        count: 1,
      }),
      {
        keys: ['k'],
        identity: 'b',
        deadline: Number.POSITIVE_INFINITY,
        onTimeout: () => undefined,
      },
      0,
    )
    waiting.takeOver(b!, again)
    waiting.remove(b!)
    expect([...waiting.at(db, 'k', 'list')]).toEqual([a, again, c])
    expect(waiting.find(db, 'k', 'list', 'b')).toBe(again)
    expect(waiting.size).toBe(3)
  })
})

describe('topics', () => {
  test('do not stand in each other’s way', () => {
    const turn = park({ keys: ['k'], topic: 'turn' })
    const news = park({ keys: ['k'], topic: 'news', policy: 'broadcast' })
    expect(waiting.head(db, 'k', 'list')).toBe(undefined)
    waiting.signal(db, 'k', 'news')
    expect(serve(always)).toEqual([news])
    waiting.signal(db, 'k')
    expect(serve(always)).toEqual([turn])
  })
})

describe('databases', () => {
  test('are signalled as a whole', () => {
    const [x, y] = [park({ keys: ['x'] }), park({ keys: ['y'], topic: 'turn' })]
    waiting.signalAll(server.keyspace.databases[1]!)
    expect(waiting.hasReady).toBe(false)
    waiting.signalAll(db)
    expect(new Set(serve(always))).toEqual(new Set([x, y]))
  })
})

describe('a call', () => {
  test('that is summoned is tried wherever it stands', () => {
    const [a, b] = [park({ keys: ['k'] }), park({ keys: ['k'] })]
    waiting.summon(b)
    expect(serve(always)).toEqual([b])
    expect([...waiting.at(db, 'k', 'list')]).toEqual([a])
  })

  test('with an alarm is tried when it rings, and once only', () => {
    const a = park({ keys: ['k'], deadline: 100 })
    expect(waiting.nextDeadline).toBe(100)
    waiting.setAlarm(a, 80)
    waiting.setAlarm(a, 50)
    expect(waiting.nextDeadline).toBe(50)
    waiting.ring(49)
    expect(waiting.hasReady).toBe(false)
    waiting.ring(50)
    expect(serve(never)).toEqual([a])
    expect(waiting.nextDeadline).toBe(100)
    expect(waiting.due(99)).toBe(undefined)
    expect(waiting.due(100)).toBe(a)
    waiting.setAlarm(a, 200)
    waiting.remove(a)
    expect(waiting.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('that ends the wait of the next one does not have it tried', () => {
    const [a, b, c] = [park({ keys: ['k'] }), park({ keys: ['k'] }), park({ keys: ['k'] })]
    waiting.signal(db, 'k')
    const tried = serve(parked => {
      if (parked === a) waiting.remove(b)
      return true
    })
    expect(tried).toEqual([a, c])
  })
})
