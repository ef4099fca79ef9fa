import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HoldState } from '../../src/values/hold.ts'
import { Lock, type LockRequest } from '../../src/values/lock.ts'
import { CountingTokens, PROPERTY_RUNS } from './tokens.ts'

function request(owner: string, options: Partial<LockRequest> = {}): LockRequest {
  return {
    owner,
    mode: 'write',
    leaseMs: options.connection ? 0 : 1000,
    connection: 0,
    reentrant: false,
    maxHolds: Number.POSITIVE_INFINITY,
    meta: undefined,
    queued: false,
    ...options,
  }
}

const read = { mode: 'read' } as const

function lockOf(...owners: string[]): { lock: Lock; tokens: CountingTokens } {
  const lock = new Lock()
  const tokens = new CountingTokens()
  const options = owners.length > 1 ? read : {}
  for (const owner of owners) lock.acquire(request(owner, options), tokens, 0)
  return { lock, tokens }
}

describe('acquire', () => {
  test('a writer excludes everybody else', () => {
    const { lock, tokens } = lockOf('a')
    expect(lock.acquire(request('b'), tokens, 1).kind).toBe('busy')
    expect(lock.acquire(request('b', read), tokens, 1).kind).toBe('busy')
    expect(lock.mode).toBe('write')
    expect(tokens.last).toBe(1)
  })

  test('readers share, and keep a writer out', () => {
    const { lock, tokens } = lockOf('a', 'b')
    expect(lock.size).toBe(2)
    expect(lock.mode).toBe('read')
    expect(lock.acquire(request('c'), tokens, 1).kind).toBe('busy')
  })

  test('a newcomer does not overtake those who wait', () => {
    const { lock, tokens } = lockOf('a', 'b')
    const late = request('c', { ...read, queued: true })
    expect(lock.acquire(late, tokens, 1).kind).toBe('busy')
    expect(new Lock().acquire(late, tokens, 1).kind).toBe('busy')
    expect(lock.acquire(request('c', read), tokens, 1).kind).toBe('granted')
  })

  test('an owner that repeats itself gets the same token and a fresh lease, whoever waits', () => {
    const { lock, tokens } = lockOf('a')
    const answer = lock.acquire(request('a', { queued: true, leaseMs: 500 }), tokens, 900)
    expect(answer).toMatchObject({ kind: 'granted', fresh: false, hold: { token: 1, count: 1 } })
    expect(lock.nextExpiry()).toBe(1400)
    expect(tokens.last).toBe(1)
  })

  test('a writer that asks for READ stays the writer', () => {
    const { lock, tokens } = lockOf('a')
    lock.acquire(request('a', read), tokens, 1)
    expect(lock.mode).toBe('write')
  })

  test('a reader that asks for WRITE would wait for itself', () => {
    const { lock, tokens } = lockOf('a', 'b')
    const answer = lock.acquire(request('a'), tokens, 1)
    expect(answer).toEqual({ kind: 'refused', code: 'DEADLOCK' })
  })

  test('re-entry counts only if asked to, up to the limit', () => {
    const { lock, tokens } = lockOf('a')
    const again = request('a', { reentrant: true, maxHolds: 2 })
    expect(lock.acquire(again, tokens, 1)).toMatchObject({ hold: { token: 1, count: 2 } })
    expect(lock.acquire(again, tokens, 1)).toEqual({ kind: 'refused', code: 'HOLDLIMIT' })
    expect(lock.acquire(request('a'), tokens, 1)).toMatchObject({ hold: { count: 2 } })
  })

  test('META stays until the owner says something else', () => {
    const { lock, tokens } = lockOf()
    lock.acquire(request('a', { meta: 'host 1' }), tokens, 0)
    lock.acquire(request('a'), tokens, 0)
    expect(lock.find('a')?.meta).toBe('host 1')
    lock.acquire(request('a', { meta: '' }), tokens, 0)
    expect(lock.find('a')?.meta).toBe('')
  })
})

describe('release', () => {
  test('as many releases as entries, or ALL at once', () => {
    const { lock, tokens } = lockOf('a')
    lock.acquire(request('a', { reentrant: true }), tokens, 0)
    lock.acquire(request('a', { reentrant: true }), tokens, 0)
    expect(lock.release('a', undefined, false)).toMatchObject({ held: true, hold: { count: 2 } })
    expect(lock.release('a', 1, true)).toMatchObject({ held: false })
    expect(lock.isFree).toBe(true)
  })

  test('a stranger, a stale token and a free lock are told apart', () => {
    const { lock } = lockOf('a')
    expect(lock.release('b', undefined, false)).toEqual({ kind: 'refused', code: 'NOTOWNER' })
    expect(lock.release('a', 7, false)).toEqual({ kind: 'refused', code: 'FENCED' })
    expect(lock.isFree).toBe(false)
    expect(new Lock().release('a', undefined, false)).toMatchObject({ code: 'NOTHELD' })
  })

  test('FORCE takes it from everybody', () => {
    const { lock } = lockOf('a', 'b', 'c')
    expect(lock.force().map(hold => hold.owner)).toEqual(['a', 'b', 'c'])
    expect(lock.isFree).toBe(true)
    expect(lock.nextExpiry()).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('upgrade and downgrade', () => {
  test('the only reader becomes the writer under a new token and a fresh lease', () => {
    const { lock, tokens } = lockOf()
    lock.acquire(request('a', read), tokens, 0)
    const answer = lock.upgrade('a', false, tokens, 600)
    expect(answer).toMatchObject({ kind: 'granted', fresh: true, hold: { token: 2 } })
    expect(lock.mode).toBe('write')
    expect(lock.findToken(1)).toBeUndefined()
    expect(lock.findToken(2)?.owner).toBe('a')
    expect(lock.nextExpiry()).toBe(1600)
    expect(lock.upgrade('a', false, tokens, 600)).toMatchObject({ fresh: false })
  })

  test('the first of two upgrades waits, the second gets DEADLOCK', () => {
    const { lock, tokens } = lockOf('a', 'b')
    expect(lock.upgrade('a', false, tokens, 0).kind).toBe('busy')
    expect(lock.upgrade('b', true, tokens, 0)).toEqual({ kind: 'refused', code: 'DEADLOCK' })
    lock.release('b', undefined, false)
    expect(lock.upgrade('a', false, tokens, 0).kind).toBe('granted')
  })

  test('a downgrade keeps the token and lets readers in', () => {
    const { lock, tokens } = lockOf('a')
    expect(lock.downgrade('a')).toMatchObject({ kind: 'kept', hold: { token: 1 } })
    expect(lock.acquire(request('b', read), tokens, 0).kind).toBe('granted')
    expect(lock.downgrade('x')).toEqual({ kind: 'refused', code: 'NOTOWNER' })
  })
})

describe('hand-off', () => {
  test('the new owner gets a new token, a lease of its own, and all entries as one', () => {
    const { lock, tokens } = lockOf('scheduler')
    lock.acquire(request('scheduler', { reentrant: true, meta: 'job 7' }), tokens, 0)
    const answer = lock.handOff('scheduler', 'worker', 50, tokens, 100)
    expect(answer).toMatchObject({ fresh: true, hold: { token: 2, count: 1, meta: 'job 7' } })
    expect(lock.find('scheduler')).toBeUndefined()
    expect(lock.mode).toBe('write')
    expect(lock.nextExpiry()).toBe(150)
  })

  test('to one that holds it already: its token stays', () => {
    const { lock, tokens } = lockOf('a', 'b')
    expect(lock.handOff('a', 'b', 50, tokens, 0)).toMatchObject({ fresh: false })
    expect(lock.size).toBe(1)
    expect(lock.handOff('b', 'b', 70, tokens, 0)).toMatchObject({ hold: { token: 2 } })
    expect(lock.nextExpiry()).toBe(70)
    expect(tokens.last).toBe(2)
  })

  test('only a holder can pass it on', () => {
    const { lock, tokens } = lockOf('a')
    expect(lock.handOff('b', 'c', 50, tokens, 0)).toEqual({ kind: 'refused', code: 'NOTOWNER' })
    expect(lock.find('a')).toBeDefined()
  })
})

describe('time and connections', () => {
  test('a lease ends at its time and not before', () => {
    const { lock } = lockOf('a')
    expect(lock.expire(999)).toEqual([])
    expect(lock.expire(1000)).toMatchObject([{ owner: 'a', token: 1 }])
    expect(lock.isFree).toBe(true)
  })

  test('a stall of the event loop extends every lease', () => {
    const { lock } = lockOf('a', 'b')
    lock.extendAll(5000)
    expect(lock.expire(5999)).toEqual([])
    expect(lock.expire(6000)).toHaveLength(2)
  })

  test('EXTEND restarts the lease and takes the place of a binding', () => {
    const { lock, tokens } = lockOf()
    lock.acquire(request('a', { connection: 3 }), tokens, 0)
    expect(lock.nextExpiry()).toBe(Number.POSITIVE_INFINITY)
    expect(lock.extend('a', 20, 1, 5).kind).toBe('kept')
    expect(lock.extend('a', 20, 9, 5)).toEqual({ kind: 'refused', code: 'FENCED' })
    expect(lock.nextExpiry()).toBe(25)
    expect(lock.disconnected(3, 6, 0)).toEqual([])
  })

  test('the end of a connection gives its holds a lease of grace, or releases them', () => {
    const { lock, tokens } = lockOf()
    for (const owner of ['a', 'b', 'c']) {
      lock.acquire(request(owner, { ...read, connection: owner === 'c' ? 8 : 7 }), tokens, 0)
    }
    expect(
      lock
        .disconnected(7, 10, 100)
        .map(hold => hold.owner)
        .sort(),
    ).toEqual(['a', 'b'])
    expect(lock.nextExpiry()).toBe(110)
    lock.acquire(request('a', { ...read, connection: 9 }), tokens, 20)
    expect(lock.expire(110).map(hold => hold.owner)).toEqual(['b'])
    expect(lock.disconnected(8, 120, 0).map(hold => hold.owner)).toEqual(['c'])
    expect(lock.size).toBe(1)
    expect(lock.disconnected(0, 130, 0)).toEqual([])
  })

  test('a new primary knows no connections: bindings become leases', () => {
    const { lock, tokens } = lockOf()
    lock.acquire(request('a', { ...read, connection: 7 }), tokens, 0)
    lock.acquire(request('b', read), tokens, 0)
    expect(lock.orphan(0, 300).map(hold => hold.owner)).toEqual(['a'])
    expect(lock.nextExpiry()).toBe(300)
  })
})

// The model: a list of holds that every question walks through.
interface ModelHold {
  owner: string
  token: number
  exclusive: boolean
  count: number
  leaseMs: number
  connection: number
  meta: string
  end: number
}

const owner = fc.constantFrom('a', 'b', 'c', 'd')
const lease = fc.integer({ min: 1, max: 40 })
const token = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined })

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      owner,
      mode: fc.constantFrom('read' as const, 'write' as const),
      lease,
      connection: fc.constantFrom(0, 0, 1, 2),
      reentrant: fc.boolean(),
      queued: fc.boolean(),
      meta: fc.constantFrom(undefined, '', 'm'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      owner,
      token,
      all: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant('extend' as const), owner, lease, token }),
  fc.record({ kind: fc.constant('upgrade' as const), owner, contended: fc.boolean() }),
  fc.record({ kind: fc.constant('downgrade' as const), owner }),
  fc.record({ kind: fc.constant('handOff' as const), owner, to: owner, lease }),
  fc.record({ kind: fc.constant('force' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(30) }),
  fc.record({ kind: fc.constant('stall' as const), ms: fc.nat(30) }),
  fc.record({
    kind: fc.constant('disconnect' as const),
    connection: fc.constantFrom(1, 2),
    grace: fc.constantFrom(0, 15),
  }),
)

type Action = typeof action extends fc.Arbitrary<infer A> ? A : never

const MAX_HOLDS = 3

/** The lock as one would write it down; answers what the real one should answer. */
class Model {
  holds: ModelHold[] = []
  now = 0
  token = 0

  get(name: string): ModelHold | undefined {
    return this.holds.find(hold => hold.owner === name)
  }

  drop(hold: ModelHold): void {
    this.holds = this.holds.filter(other => other !== hold)
  }

  absent(): string {
    return this.holds.length === 0 ? 'NOTHELD' : 'NOTOWNER'
  }

  term(hold: ModelHold, leaseMs: number, connection: number): void {
    hold.leaseMs = leaseMs
    hold.connection = connection
    hold.end = leaseMs === 0 ? Number.POSITIVE_INFINITY : this.now + leaseMs
  }

  run(step: Action): string {
    switch (step.kind) {
      case 'acquire': {
        const leaseMs = step.connection === 0 ? step.lease : 0
        const held = this.get(step.owner)
        if (held) {
          if (step.mode === 'write' && !held.exclusive) return 'DEADLOCK'
          if (step.reentrant && held.count === MAX_HOLDS) return 'HOLDLIMIT'
          if (step.reentrant) held.count++
          if (step.meta !== undefined) held.meta = step.meta
          this.term(held, leaseMs, step.connection)
          return `granted ${held.token}`
        }
        const blockers = this.holds.filter(hold => hold.exclusive || step.mode === 'write')
        if (step.queued || blockers.length > 0) return 'busy'
        const hold: ModelHold = {
          owner: step.owner,
          token: ++this.token,
          exclusive: step.mode === 'write',
          count: 1,
          leaseMs: 0,
          connection: 0,
          meta: step.meta ?? '',
          end: 0,
        }
        this.term(hold, leaseMs, step.connection)
        this.holds.push(hold)
        return `granted ${hold.token}`
      }
      case 'release': {
        const held = this.get(step.owner)
        if (!held) return this.absent()
        if (step.token !== undefined && step.token !== held.token) return 'FENCED'
        if (held.count > 1 && !step.all) {
          held.count--
          return 'released'
        }
        this.drop(held)
        return 'released'
      }
      case 'extend': {
        const held = this.get(step.owner)
        if (!held) return this.absent()
        if (step.token !== undefined && step.token !== held.token) return 'FENCED'
        this.term(held, step.lease, 0)
        return 'kept'
      }
      case 'upgrade': {
        const held = this.get(step.owner)
        if (!held) return this.absent()
        if (held.exclusive) return `granted ${held.token}`
        if (this.holds.length > 1) return step.contended ? 'DEADLOCK' : 'busy'
        held.exclusive = true
        held.token = ++this.token
        this.term(held, held.leaseMs, held.connection)
        return `granted ${held.token}`
      }
      case 'downgrade': {
        const held = this.get(step.owner)
        if (!held) return this.absent()
        held.exclusive = false
        return 'kept'
      }
      case 'handOff': {
        const held = this.get(step.owner)
        if (!held) return this.absent()
        const target = this.get(step.to)
        if (target) {
          if (target !== held) this.drop(held)
          this.term(target, step.lease, 0)
          return `granted ${target.token}`
        }
        this.drop(held)
        const next = { ...held, owner: step.to, token: ++this.token, count: 1 }
        this.term(next, step.lease, 0)
        this.holds.push(next)
        return `granted ${next.token}`
      }
      case 'force':
        this.holds = []
        return 'forced'
      case 'pass':
        this.now += step.ms
        this.holds = this.holds.filter(hold => hold.end > this.now)
        return 'passed'
      case 'stall':
        this.now += step.ms
        for (const hold of this.holds) hold.end += step.ms
        return 'stalled'
      case 'disconnect':
        for (const hold of this.holds) {
          if (hold.connection !== step.connection) continue
          if (step.grace === 0) this.drop(hold)
          else this.term(hold, step.grace, 0)
        }
        return 'disconnected'
    }
  }
}

/** What a backup hears of a lock. */
type Effect =
  | { readonly kind: 'grant'; readonly state: HoldState }
  | { readonly kind: 'remove'; readonly owner: string }

/** Runs a step on the real lock; says what it answered and what a handler would log. */
function run(
  lock: Lock,
  step: Action,
  tokens: CountingTokens,
  now: number,
): { answer: string; effects: Effect[] } {
  const grant = (state: HoldState): Effect => ({ kind: 'grant', state: { ...state } })
  const remove = (name: string): Effect => ({ kind: 'remove', owner: name })
  switch (step.kind) {
    case 'acquire': {
      const { lease: leaseMs, kind: _, ...rest } = step
      const asked = request(step.owner, {
        ...rest,
        leaseMs: step.connection === 0 ? leaseMs : 0,
        maxHolds: MAX_HOLDS,
      })
      const refusal = lock.refusal(asked)
      const answer = lock.acquire(asked, tokens, now)
      if (answer.kind !== 'granted') {
        expect(answer).toEqual(refusal)
        return { answer: answer.kind === 'busy' ? 'busy' : answer.code, effects: [] }
      }
      expect(refusal).toBeUndefined()
      return { answer: `granted ${answer.hold.token}`, effects: [grant(answer.hold.state())] }
    }
    case 'release': {
      const answer = lock.release(step.owner, step.token, step.all)
      if (answer.kind === 'refused') return { answer: answer.code, effects: [] }
      const effect = answer.held ? grant(answer.hold.state()) : remove(step.owner)
      return { answer: answer.kind, effects: [effect] }
    }
    case 'extend': {
      const answer = lock.extend(step.owner, step.lease, step.token, now)
      if (answer.kind === 'refused') return { answer: answer.code, effects: [] }
      return { answer: answer.kind, effects: [grant(answer.hold.state())] }
    }
    case 'upgrade': {
      const answer = lock.upgrade(step.owner, step.contended, tokens, now)
      if (answer.kind === 'busy') return { answer: 'busy', effects: [] }
      if (answer.kind === 'refused') return { answer: answer.code, effects: [] }
      return { answer: `granted ${answer.hold.token}`, effects: [grant(answer.hold.state())] }
    }
    case 'downgrade': {
      const answer = lock.downgrade(step.owner)
      if (answer.kind === 'refused') return { answer: answer.code, effects: [] }
      return { answer: answer.kind, effects: [grant(answer.hold.state())] }
    }
    case 'handOff': {
      const answer = lock.handOff(step.owner, step.to, step.lease, tokens, now)
      if (answer.kind === 'refused') return { answer: answer.code, effects: [] }
      const effects = [grant(answer.hold.state())]
      if (step.owner !== step.to) effects.unshift(remove(step.owner))
      return { answer: `granted ${answer.hold.token}`, effects }
    }
    case 'force':
      return { answer: 'forced', effects: lock.force().map(hold => remove(hold.owner)) }
    case 'pass':
      return { answer: 'passed', effects: lock.expire(now).map(hold => remove(hold.owner)) }
    case 'stall':
      lock.extendAll(step.ms)
      return { answer: 'stalled', effects: [] }
    case 'disconnect': {
      const gone = lock.disconnected(step.connection, now, step.grace)
      const effects = gone.map(hold =>
        step.grace === 0 ? remove(hold.owner) : grant(hold.state()),
      )
      return { answer: 'disconnected', effects }
    }
  }
}

function replay(lock: Lock, effects: readonly Effect[], now: number): void {
  for (const effect of effects) {
    if (effect.kind === 'grant') lock.grant(effect.state, now)
    else lock.remove(effect.owner)
  }
}

function stateOf(hold: ModelHold): HoldState {
  const { end: _, ...state } = hold
  return state
}

test('the lock agrees with the model, its backup with the lock, through any steps', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100, size: 'max' }), steps => {
      const lock = new Lock()
      const backup = new Lock()
      const tokens = new CountingTokens()
      const model = new Model()
      for (const [index, step] of steps.entries()) {
        const before = lock.snapshot()
        const expected = model.run(step)
        const { answer, effects } = run(lock, step, tokens, model.now)
        expect(answer).toBe(expected)
        if (effects.length === 0) expect(lock.snapshot()).toEqual(before)

        const states = model.holds.map(stateOf)
        expect(lock.snapshot()).toEqual({ holds: states })
        expect(tokens.last).toBe(model.token)
        expect(lock.nextExpiry()).toBe(Math.min(...model.holds.map(hold => hold.end)))
        expect(lock.isFree).toBe(states.length === 0)
        for (const hold of model.holds) {
          expect(lock.find(hold.owner)?.token).toBe(hold.token)
          expect(lock.findToken(hold.token)?.owner).toBe(hold.owner)
        }
        if (states.some(hold => hold.exclusive)) expect(states).toHaveLength(1)

        // The backup lives in another time, and ends nothing by itself.
        replay(backup, effects, 1e9 + model.now)
        expect(backup.snapshot()).toEqual(lock.snapshot())
        expect(backup.memory()).toBe(lock.memory())
        for (const hold of model.holds) {
          expect(backup.findToken(hold.token)?.owner).toBe(hold.owner)
        }
        if (index % 10 > 0) continue
        const copy = Lock.restore(lock.snapshot(), 5)
        expect(copy.snapshot()).toEqual(lock.snapshot())
        expect(copy.memory()).toBe(lock.memory())
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})

// A queue as the server keeps it: resumed from the head until one is refused.
test('fifo: no writer starves, and no reader overtakes a waiting writer', () => {
  const arrivals = fc.array(fc.constantFrom('read' as const, 'write' as const), {
    minLength: 1,
    maxLength: 30,
    size: 'max',
  })
  const releases = fc.infiniteStream(fc.nat())
  fc.assert(
    fc.property(arrivals, releases, (modes, picks) => {
      const lock = new Lock()
      const tokens = new CountingTokens()
      const granted: number[] = []
      let arrived = 0
      let head = 0
      const ask = (index: number, queued: boolean): boolean => {
        const asked = request(`o${index}`, { mode: modes[index]!, queued })
        const ok = lock.acquire(asked, tokens, 0).kind === 'granted'
        if (ok) granted.push(index)
        return ok
      }
      const resume = (): void => {
        while (head < arrived && ask(head, false)) head++
      }
      for (const index of modes.keys()) {
        arrived++
        if (index === head) resume()
        else expect(ask(index, true)).toBe(false)
      }
      for (let turns = 0; turns < modes.length; turns++) {
        const holders = [...lock.holders()]
        const leaving = holders[picks.next().value % holders.length]!
        lock.release(leaving.owner, undefined, false)
        resume()
      }
      expect(granted).toEqual([...modes.keys()])
      expect(lock.isFree).toBe(true)
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
