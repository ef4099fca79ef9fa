import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HoldState } from '../../src/values/hold.ts'
import { Semaphore, type SemaphoreRequest } from '../../src/values/semaphore.ts'
import { CountingTokens, PROPERTY_RUNS } from './tokens.ts'

function request(owner: string, options: Partial<SemaphoreRequest> = {}): SemaphoreRequest {
  return {
    owner,
    permits: 1,
    add: false,
    leaseMs: options.connection ? 0 : 1000,
    connection: 0,
    queued: false,
    ...options,
  }
}

describe('acquire', () => {
  test('grants while there are permits', () => {
    const semaphore = new Semaphore(3, true)
    const tokens = new CountingTokens()
    expect(semaphore.acquire(request('a', { permits: 2 }), tokens, 0)).toMatchObject({
      kind: 'granted',
      fresh: true,
      hold: { token: 1, count: 2 },
    })
    expect(semaphore.acquire(request('b', { permits: 2 }), tokens, 0).kind).toBe('busy')
    expect(semaphore.acquire(request('b'), tokens, 0)).toMatchObject({ hold: { token: 2 } })
    expect(semaphore.available).toBe(0)
  })

  test('a small request does not overtake a large one that waits', () => {
    const semaphore = new Semaphore(3, true)
    const tokens = new CountingTokens()
    expect(semaphore.acquire(request('b', { queued: true }), tokens, 0).kind).toBe('busy')
    expect(tokens.last).toBe(0)
  })

  test('an owner that repeats itself gets its token and no more permits', () => {
    const semaphore = new Semaphore(3, true)
    const tokens = new CountingTokens()
    semaphore.acquire(request('a', { permits: 2 }), tokens, 0)
    const again = request('a', { permits: 2, queued: true })
    expect(semaphore.acquire(again, tokens, 500)).toMatchObject({ hold: { token: 1, count: 2 } })
    expect(semaphore.nextExpiry()).toBe(1500)
    semaphore.acquire(request('a'), tokens, 500)
    expect(semaphore.available).toBe(1)
  })

  test('an owner that wants more is topped up, in its turn', () => {
    const semaphore = new Semaphore(3, true)
    const tokens = new CountingTokens()
    semaphore.acquire(request('a'), tokens, 0)
    const more = request('a', { permits: 3 })
    expect(semaphore.acquire({ ...more, queued: true }, tokens, 0).kind).toBe('busy')
    expect(semaphore.acquire(more, tokens, 0)).toMatchObject({ hold: { token: 1, count: 3 } })
  })

  test('with `add` every request counts', () => {
    const semaphore = new Semaphore(3, true)
    const tokens = new CountingTokens()
    semaphore.acquire(request('a', { add: true }), tokens, 0)
    semaphore.acquire(request('a', { add: true, permits: 2 }), tokens, 0)
    expect(semaphore.find('a')).toMatchObject({ count: 3, token: 1 })
    const beyond = semaphore.acquire(request('a', { add: true }), tokens, 0)
    expect(beyond).toEqual({ kind: 'refused', code: 'OUTOFBOUNDS' })
  })

  test('a request above the limit is refused, one on a closed semaphore waits', () => {
    const tokens = new CountingTokens()
    const large = request('a', { permits: 4 })
    expect(new Semaphore(3, true).acquire(large, tokens, 0)).toMatchObject({
      code: 'OUTOFBOUNDS',
    })
    expect(new Semaphore(0, true).acquire(large, tokens, 0).kind).toBe('busy')
  })
})

describe('release, drain and limit', () => {
  test('an owner returns no more than it holds', () => {
    const semaphore = new Semaphore(3, true)
    const tokens = new CountingTokens()
    semaphore.acquire(request('a', { permits: 3 }), tokens, 0)
    expect(semaphore.release('a', 1)).toMatchObject({ permits: 1, hold: { count: 2 } })
    expect(semaphore.release('a', 9)).toEqual({ kind: 'returned', permits: 2, hold: undefined })
    expect(semaphore.release('a', 1)).toEqual({ kind: 'refused', code: 'NOTHELD' })
    expect(semaphore.available).toBe(3)
  })

  test('DRAIN takes what is free, but not from those who wait', () => {
    const semaphore = new Semaphore(5, true)
    const tokens = new CountingTokens()
    semaphore.acquire(request('a', { permits: 2 }), tokens, 0)
    expect(semaphore.drain(request('b', { queued: true }), tokens, 0).kind).toBe('busy')
    expect(semaphore.drain(request('b'), tokens, 0)).toMatchObject({ hold: { count: 3 } })
    expect(semaphore.drain(request('a'), tokens, 0).kind).toBe('busy')
  })

  test('a lower limit takes nothing away', () => {
    const semaphore = new Semaphore(5, true)
    const tokens = new CountingTokens()
    semaphore.acquire(request('a', { permits: 4 }), tokens, 0)
    semaphore.configure(2)
    expect(semaphore.available).toBe(-2)
    expect(semaphore.acquire(request('a', { permits: 4 }), tokens, 0).kind).toBe('granted')
    semaphore.release('a', 3)
    expect(semaphore.acquire(request('b'), tokens, 0).kind).toBe('granted')
  })

  test('a replay sets the limit, and whether it was meant to stay', () => {
    const semaphore = new Semaphore(0, false)
    semaphore.assign(5, false)
    expect(semaphore).toMatchObject({ limit: 5, available: 5, configured: false, isFree: true })
    semaphore.assign(2, true)
    expect(semaphore).toMatchObject({ limit: 2, configured: true, isFree: false })
  })

  test('one that nobody configured disappears with its last permit', () => {
    const semaphore = new Semaphore(1, false)
    semaphore.acquire(request('a'), new CountingTokens(), 0)
    expect(semaphore.isFree).toBe(false)
    semaphore.release('a', 1)
    expect(semaphore.isFree).toBe(true)
    semaphore.configure(1)
    expect(semaphore.isFree).toBe(false)
  })
})

test('permits of the dead come back by lease or connection', () => {
  const semaphore = new Semaphore(4, true)
  const tokens = new CountingTokens()
  semaphore.acquire(request('a', { permits: 2 }), tokens, 0)
  semaphore.acquire(request('b', { connection: 5 }), tokens, 0)
  semaphore.acquire(request('c', { connection: 6 }), tokens, 0)
  expect(semaphore.expire(1000)).toMatchObject([{ owner: 'a', count: 2 }])
  expect(semaphore.disconnected(5, 1000, 0)).toMatchObject([{ owner: 'b' }])
  expect(semaphore.available).toBe(3)
  expect(semaphore.orphan(1000, 10)).toMatchObject([{ owner: 'c' }])
  expect(semaphore.expire(1010)).toHaveLength(1)
  expect(semaphore.available).toBe(4)
})

const owner = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const permits = fc.integer({ min: 1, max: 5 })
const asked = { owner, permits, lease: fc.integer({ min: 1, max: 40 }), queued: fc.boolean() }

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      ...asked,
      add: fc.boolean(),
      connection: fc.constantFrom(0, 0, 1, 2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('release' as const), owner, permits }),
  },
  fc.record({ kind: fc.constant('drain' as const), ...asked }),
  fc.record({ kind: fc.constant('extend' as const), owner, lease: fc.nat(40).map(n => n + 1) }),
  fc.record({ kind: fc.constant('configure' as const), limit: fc.nat(8) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(30) }),
  fc.record({
    kind: fc.constant('disconnect' as const),
    connection: fc.constantFrom(1, 2),
    grace: fc.constantFrom(0, 15),
  }),
)

type Action = typeof action extends fc.Arbitrary<infer A> ? A : never

interface ModelHold {
  owner: string
  token: number
  permits: number
  connection: number
  end: number
}

/** The semaphore as one would write it down. */
class Model {
  limit: number
  holds: ModelHold[] = []
  now = 0
  token = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get free(): number {
    return this.limit - this.holds.reduce((sum, hold) => sum + hold.permits, 0)
  }

  #take(step: { owner: string; lease: number }, connection: number, permits: number): string {
    let hold = this.holds.find(other => other.owner === step.owner)
    if (hold === undefined) {
      hold = { owner: step.owner, token: ++this.token, permits: 0, connection: 0, end: 0 }
      this.holds.push(hold)
    }
    hold.permits += permits
    hold.connection = connection
    hold.end = connection === 0 ? this.now + step.lease : Number.POSITIVE_INFINITY
    return `granted ${hold.token} ${hold.permits}`
  }

  #absent(): string {
    return this.holds.length === 0 ? 'NOTHELD' : 'NOTOWNER'
  }

  run(step: Action): string {
    const hold = 'owner' in step ? this.holds.find(h => h.owner === step.owner) : undefined
    switch (step.kind) {
      case 'acquire': {
        const held = hold?.permits ?? 0
        const wanted = Math.max(0, step.add ? step.permits : step.permits - held)
        if (wanted > 0 && this.limit > 0 && held + wanted > this.limit) return 'OUTOFBOUNDS'
        if (wanted > 0 && (step.queued || wanted > this.free)) return 'busy'
        return this.#take(step, step.connection, wanted)
      }
      case 'drain':
        if (step.queued || this.free <= 0) return 'busy'
        return this.#take(step, 0, this.free)
      case 'release': {
        if (hold === undefined) return this.#absent()
        const returned = Math.min(hold.permits, step.permits)
        hold.permits -= returned
        this.holds = this.holds.filter(other => other.permits > 0)
        return `returned ${returned}`
      }
      case 'extend':
        if (hold === undefined) return this.#absent()
        return this.#take(step, 0, 0)
      case 'configure':
        this.limit = step.limit
        return 'configured'
      case 'pass':
        this.now += step.ms
        this.holds = this.holds.filter(other => other.end > this.now)
        return 'passed'
      case 'disconnect':
        for (const other of this.holds) {
          if (other.connection !== step.connection) continue
          other.connection = 0
          other.end = this.now + step.grace
        }
        if (step.grace === 0) this.holds = this.holds.filter(other => other.end > this.now)
        return 'disconnected'
    }
  }
}

/** What a backup hears. */
interface Effects {
  readonly granted: readonly HoldState[]
  readonly removed: readonly string[]
}

const NOTHING: Effects = { granted: [], removed: [] }

function run(
  semaphore: Semaphore,
  step: Action,
  tokens: CountingTokens,
  now: number,
): { answer: string; effects: Effects } {
  switch (step.kind) {
    case 'acquire':
    case 'drain': {
      const connection = step.kind === 'acquire' ? step.connection : 0
      const asking = request(step.owner, {
        permits: step.permits,
        add: step.kind === 'acquire' && step.add,
        queued: step.queued,
        connection,
        leaseMs: connection === 0 ? step.lease : 0,
      })
      const answer =
        step.kind === 'acquire'
          ? semaphore.acquire(asking, tokens, now)
          : semaphore.drain(asking, tokens, now)
      if (answer.kind === 'busy') return { answer: 'busy', effects: NOTHING }
      if (answer.kind === 'refused') return { answer: answer.code, effects: NOTHING }
      const state = answer.hold.state()
      const text = `granted ${state.token} ${state.count}`
      return { answer: text, effects: { granted: [state], removed: [] } }
    }
    case 'release': {
      const answer = semaphore.release(step.owner, step.permits)
      if (answer.kind === 'refused') return { answer: answer.code, effects: NOTHING }
      const effects =
        answer.hold === undefined
          ? { granted: [], removed: [step.owner] }
          : { granted: [answer.hold.state()], removed: [] }
      return { answer: `returned ${answer.permits}`, effects }
    }
    case 'extend': {
      const answer = semaphore.extend(step.owner, step.lease, now)
      if (answer.kind === 'refused') return { answer: answer.code, effects: NOTHING }
      const state = answer.hold.state()
      const text = `granted ${state.token} ${state.count}`
      return { answer: text, effects: { granted: [state], removed: [] } }
    }
    case 'configure':
      semaphore.configure(step.limit)
      return { answer: 'configured', effects: NOTHING }
    case 'pass': {
      const removed = semaphore.expire(now).map(hold => hold.owner)
      return { answer: 'passed', effects: { granted: [], removed } }
    }
    case 'disconnect': {
      const gone = semaphore.disconnected(step.connection, now, step.grace)
      const effects =
        step.grace === 0
          ? { granted: [], removed: gone.map(hold => hold.owner) }
          : { granted: gone.map(hold => hold.state()), removed: [] }
      return { answer: 'disconnected', effects }
    }
  }
}

test('the semaphore agrees with the model, its backup with the semaphore', () => {
  fc.assert(
    fc.property(fc.nat(8), fc.array(action, { maxLength: 100, size: 'max' }), (limit, steps) => {
      const semaphore = new Semaphore(limit, true)
      const backup = new Semaphore(limit, true)
      const tokens = new CountingTokens()
      const model = new Model(limit)
      for (const step of steps) {
        const before = semaphore.snapshot()
        const expected = model.run(step)
        const { answer, effects } = run(semaphore, step, tokens, model.now)
        expect(answer).toBe(expected)
        if (effects === NOTHING && step.kind !== 'configure') {
          expect(semaphore.snapshot()).toEqual(before)
        }
        expect(semaphore.available).toBe(model.free)
        expect(tokens.last).toBe(model.token)
        expect(semaphore.nextExpiry()).toBe(Math.min(...model.holds.map(hold => hold.end)))
        const held = semaphore.snapshot().holds
        expect(held.map(hold => [hold.owner, hold.token, hold.count])).toEqual(
          model.holds.map(hold => [hold.owner, hold.token, hold.permits]),
        )

        if (step.kind === 'configure') backup.configure(step.limit)
        for (const name of effects.removed) backup.remove(name)
        for (const state of effects.granted) backup.grant(state, 1e9)
        expect(backup.snapshot()).toEqual(semaphore.snapshot())
        expect(backup.memory()).toBe(semaphore.memory())
        const copy = Semaphore.restore(semaphore.snapshot(), 5)
        expect(copy.snapshot()).toEqual(semaphore.snapshot())
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})

// A queue as the server keeps it: resumed from the head until one is refused.
test('fifo: whatever the weights, requests are granted in order of arrival, and all are', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 30 })
  const picks = fc.infiniteStream(fc.nat())
  fc.assert(
    fc.property(weights, picks, (wanted, choose) => {
      const semaphore = new Semaphore(5, true)
      const tokens = new CountingTokens()
      const granted: number[] = []
      let head = 0
      let arrived = 0
      const ask = (index: number, queued: boolean): boolean => {
        const asking = request(`o${index}`, { permits: wanted[index]!, queued })
        const ok = semaphore.acquire(asking, tokens, 0).kind === 'granted'
        if (ok) granted.push(index)
        return ok
      }
      const resume = (): void => {
        while (head < arrived && ask(head, false)) head++
      }
      for (const index of wanted.keys()) {
        arrived++
        if (index === head) resume()
        else expect(ask(index, true)).toBe(false)
      }
      while (semaphore.size > 0) {
        const holders = [...semaphore.holders()]
        const leaving = holders[choose.next().value % holders.length]!
        semaphore.release(leaving.owner, leaving.count)
        resume()
      }
      expect(granted).toEqual([...wanted.keys()])
      expect(semaphore.available).toBe(5)
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
