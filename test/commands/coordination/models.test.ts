// The server against the plain models: the same steps, the same answers to the same clients.
//
// PROPERTY_RUNS sets how many schedules are played for each family.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RespError, type RespValue } from '../../harness/resp-value.ts'
import { type Answer, Company } from './company.ts'
import {
  CounterModel,
  type Expected,
  LatchModel,
  LockModel,
  type Said,
  SemaphoreModel,
  type Wish,
} from './models.ts'
import { CLIENTS } from './schedules.ts'

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 80)
const STEPS_MAX = 60
const TOKEN_MIN = 2 ** 40

/** What all models understand beside their own commands. */
interface Model {
  said: Said
  leave(client: number): void
  unblock(client: number, byError: boolean): void
  pass(milliseconds: number): void
  stall(milliseconds: number): void
}

/** A step for both: what the server is told, and what the model does then. */
interface Move<M extends Model> {
  readonly label: string
  /** Undefined for what no client says. */
  readonly client: number | undefined
  readonly onServer: (company: Company) => Answer[]
  readonly onModel: (model: M) => void
}

function says<M extends Model>(client: number, line: string, onModel: (model: M) => void): Move<M> {
  const words = line.split(' ').filter(word => word !== '')
  return {
    label: `${client} ${words.join(' ')}`,
    client,
    onServer: company => company.step({ kind: 'command', client, words }),
    onModel,
  }
}

const client = fc.nat(CLIENTS - 1)
const owner = fc.constantFrom('o1', 'o2', 'o3', 'o4')
const leaseMs = fc.constantFrom(0, 100, 300, 700)
const waitMs = fc.constantFrom(undefined, 0, 0, 100, 500)
const wish: fc.Arbitrary<Wish> = fc
  .record({ client, owner, leaseMs, bound: fc.boolean(), waitMs })
  .map(each => (each.leaseMs > 0 ? { ...each, bound: false } : each))

function optionsOf({ leaseMs, bound, waitMs }: Wish): string {
  const term = bound ? 'CONN' : leaseMs > 0 ? `PX ${leaseMs}` : ''
  return `${term} ${waitOf(waitMs)}`
}

function waitOf(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : `WAIT ${milliseconds}`
}

/** What happens without anybody saying it. */
function events<M extends Model>(): fc.Arbitrary<Move<M>> {
  const passing = fc.constantFrom(50, 100, 300).map(
    (milliseconds): Move<M> => ({
      label: `pass ${milliseconds}`,
      client: undefined,
      onServer: company => company.step({ kind: 'pass', milliseconds }),
      onModel: model => model.pass(milliseconds),
    }),
  )
  const stalling = fc.constant<Move<M>>({
    label: 'stall 5000',
    client: undefined,
    onServer: company => company.step({ kind: 'stall', milliseconds: 5000 }),
    onModel: model => model.stall(5000),
  })
  const leaving = client.map(
    (leaver): Move<M> => ({
      label: `${leaver} leaves`,
      client: undefined,
      onServer: company => company.step({ kind: 'leave', client: leaver }),
      onModel: model => model.leave(leaver),
    }),
  )
  const unblocking = fc.tuple(client, fc.boolean()).map(
    ([blocked, byError]): Move<M> => ({
      label: `${blocked} is unblocked`,
      client: undefined,
      onServer: company => company.step({ kind: 'unblock', client: blocked, byError }),
      onModel: model => model.unblock(blocked, byError),
    }),
  )
  return fc.oneof(
    { weight: 5, arbitrary: passing },
    { weight: 1, arbitrary: stalling },
    { weight: 3, arbitrary: leaving },
    { weight: 1, arbitrary: unblocking },
  )
}

/** Plays moves on both, and compares what was said to whom after each. */
function agree<M extends Model>(moves: readonly Move<M>[], model: M): void {
  const company = new Company()
  const tokens: number[] = []
  const played: string[] = []
  for (const move of moves) {
    // Who waits cannot speak.
    if (move.client !== undefined && company.waiting[move.client] !== undefined) continue
    played.push(move.label)
    model.said = new Map()
    move.onModel(model)
    const answers = move.onServer(company)
    noteTokens(answers, tokens)
    const said = new Map(answers.map(({ client: who, value }) => [who, shown(value, tokens)]))
    const expected = new Map([...model.said].sort(([a], [b]) => a - b))
    expect({ played, said: new Map([...said].sort(([a], [b]) => a - b)) }).toEqual({
      played,
      said: expected,
    })
  }
}

/** Tokens that were never seen before come after all that were. */
function noteTokens(answers: readonly Answer[], tokens: number[]): void {
  const fresh = answers
    .map(({ value }) => value)
    .filter((value): value is number => typeof value === 'number' && value >= TOKEN_MIN)
    .filter(value => !tokens.includes(value))
  for (const token of new Set(fresh.sort((one, other) => one - other))) {
    expect(token).toBeGreaterThan(tokens.at(-1) ?? 0)
    tokens.push(token)
  }
}

/** A token as its rank among all. */
function shown(value: RespValue, tokens: readonly number[]): Expected {
  if (value instanceof RespError) return value.text
  if (typeof value !== 'number' || value < TOKEN_MIN) return value as Expected
  return tokens.indexOf(value) + 1
}

function check<M extends Model>(commands: fc.Arbitrary<Move<M>>, make: () => M): void {
  const move = fc.oneof({ weight: 4, arbitrary: commands }, { weight: 1, arbitrary: events<M>() })
  const moves = fc.array(move, { minLength: 1, maxLength: STEPS_MAX, size: 'max' })
  fc.assert(
    fc.property(moves, all => agree(all, make())),
    { numRuns: RUNS, reporter: reportMoves },
  )
}

describe('the server does as the model says', () => {
  test('of a lock', () => {
    const commands: fc.Arbitrary<Move<LockModel>> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .tuple(wish, fc.constantFrom<'read' | 'write'>('read', 'write'))
          .map(([each, mode]) =>
            says<LockModel>(
              each.client,
              `LOCK.ACQUIRE k ${each.owner} ${mode} ${optionsOf(each)}`,
              model => model.acquire(each, mode),
            ),
          ),
      },
      {
        weight: 4,
        arbitrary: fc
          .tuple(client, owner)
          .map(([who, name]) =>
            says<LockModel>(who, `LOCK.RELEASE k ${name}`, model => model.release(who, name)),
          ),
      },
      fc
        .tuple(client, owner)
        .map(([who, name]) =>
          says<LockModel>(who, `LOCK.CANCEL k ${name}`, model => model.cancel(who, name)),
        ),
      fc
        .tuple(client, owner)
        .map(([who, name]) =>
          says<LockModel>(who, `LOCK.EXTEND k ${name} PX 400`, model =>
            model.extend(who, name, 400),
          ),
        ),
      wish.map(each =>
        says<LockModel>(each.client, `LOCK.UPGRADE k ${each.owner} ${waitOf(each.waitMs)}`, model =>
          model.upgrade(each),
        ),
      ),
      fc
        .tuple(client, owner)
        .map(([who, name]) =>
          says<LockModel>(who, `LOCK.DOWNGRADE k ${name}`, model => model.downgrade(who, name)),
        ),
    )
    check(commands, () => new LockModel())
  })

  test('of a semaphore', () => {
    const commands: fc.Arbitrary<Move<SemaphoreModel>> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .tuple(wish, fc.integer({ min: 1, max: 4 }))
          .map(([each, permits]) =>
            says<SemaphoreModel>(
              each.client,
              `SEMAPHORE.ACQUIRE s ${each.owner} PERMITS ${permits} ${optionsOf(each)}`,
              model => model.acquire(each, permits),
            ),
          ),
      },
      {
        weight: 4,
        arbitrary: fc
          .tuple(client, owner, fc.integer({ min: 1, max: 3 }))
          .map(([who, name, permits]) =>
            says<SemaphoreModel>(who, `SEMAPHORE.RELEASE s ${name} PERMITS ${permits}`, model =>
              model.release(who, name, permits),
            ),
          ),
      },
      fc
        .tuple(client, owner)
        .map(([who, name]) =>
          says<SemaphoreModel>(who, `SEMAPHORE.CANCEL s ${name}`, model => model.cancel(who, name)),
        ),
      fc
        .tuple(client, owner)
        .map(([who, name]) =>
          says<SemaphoreModel>(who, `SEMAPHORE.EXTEND s ${name} PX 400`, model =>
            model.extend(who, name, 400),
          ),
        ),
      fc
        .tuple(client, fc.integer({ min: 0, max: 4 }))
        .map(([who, limit]) =>
          says<SemaphoreModel>(who, `SEMAPHORE.INIT s ${limit}`, model => model.init(who, limit)),
        ),
    )
    check(commands, () => new SemaphoreModel())
  })

  test('of a counter', () => {
    const small = fc.integer({ min: -3, max: 6 })
    const commands: fc.Arbitrary<Move<CounterModel>> = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.tuple(client, small).map(([who, delta]) =>
          says<CounterModel>(who, `COUNTER.ADD c ${delta}`, model =>
            model.change(
              who,
              value => value + delta,
              value => value,
            ),
          ),
        ),
      },
      fc.tuple(client, small).map(([who, value]) =>
        says<CounterModel>(who, `COUNTER.SET c ${value}`, model =>
          model.change(
            who,
            () => value,
            () => value,
          ),
        ),
      ),
      fc
        .tuple(client, small, small)
        .map(([who, expected, update]) =>
          says<CounterModel>(who, `COUNTER.CAS c ${expected} ${update}`, model =>
            model.compareAndSet(who, expected, update),
          ),
        ),
      {
        weight: 4,
        arbitrary: fc
          .tuple(client, fc.constantFrom<'GE' | 'LE' | 'EQ'>('GE', 'LE', 'EQ'), small, waitMs)
          .map(([who, comparison, threshold, wait]) =>
            says<CounterModel>(
              who,
              `COUNTER.AWAIT c ${comparison} ${threshold} ${waitOf(wait)}`,
              model => model.await(who, comparison, threshold, wait),
            ),
          ),
      },
      client.map(who => says<CounterModel>(who, 'DEL c', model => model.delete(who))),
    )
    check(commands, () => new CounterModel())
  })

  test('of a latch', () => {
    const count = fc.nat(4)
    const id = fc.option(owner, { nil: undefined })
    const commands: fc.Arbitrary<Move<LatchModel>> = fc.oneof(
      {
        weight: 2,
        arbitrary: fc
          .tuple(client, count)
          .map(([who, from]) =>
            says<LatchModel>(who, `LATCH.CREATE l ${from} LINGER 100000000`, model =>
              model.create(who, from),
            ),
          ),
      },
      {
        weight: 5,
        arbitrary: fc
          .tuple(client, fc.integer({ min: 1, max: 2 }), id)
          .map(([who, amount, name]) =>
            says<LatchModel>(
              who,
              `LATCH.DOWN l ${amount} ${name === undefined ? '' : `ID ${name}`}`,
              model => model.down(who, amount, name),
            ),
          ),
      },
      {
        weight: 5,
        arbitrary: fc
          .tuple(client, waitMs)
          .map(([who, wait]) =>
            says<LatchModel>(who, `LATCH.AWAIT l ${waitOf(wait)}`, model => model.await(who, wait)),
          ),
      },
      client.map(who => says<LatchModel>(who, 'LATCH.BREAK l', model => model.break(who))),
      fc
        .tuple(client, count)
        .map(([who, from]) =>
          says<LatchModel>(who, `LATCH.RESET l ${from}`, model => model.reset(who, from)),
        ),
      client.map(who => says<LatchModel>(who, 'DEL l', model => model.delete(who))),
    )
    check(commands, () => new LatchModel())
  })
})

function reportMoves<M extends Model>(details: fc.RunDetails<[Move<M>[]]>): void {
  if (!details.failed) return
  const [moves] = details.counterexample!
  const error = details.errorInstance as Error
  const labels = moves.map(({ label }) => label).join('\n')
  throw new Error(`seed ${details.seed}\n${labels}\n\n${error.message}`, { cause: error })
}
