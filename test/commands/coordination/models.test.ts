// The server against the plain models: the same steps, the same answers to the same clients.
//
// PROPERTY_RUNS sets how many schedules are played for each family.
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { CounterModel, LatchModel, LockModel, SemaphoreModel } from './models.ts'
import { check, client, type Move, optionsOf, owner, says, waitMs, waitOf, wish } from './moves.ts'

/** What a client library sends again after a broken connection. */
const request = fc.constantFrom(undefined, undefined, 'r1', 'r2', 'r3')

function requestOf(id: string | undefined): string {
  return id === undefined ? '' : `REQ ${id}`
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
        arbitrary: fc
          .tuple(client, small, request)
          .map(([who, delta, id]) =>
            says<CounterModel>(who, `COUNTER.ADD c ${delta} ${requestOf(id)}`, model =>
              model.add(who, delta, id),
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
          .tuple(client, fc.integer({ min: 1, max: 2 }), id, request)
          .map(([who, amount, name, sent]) =>
            says<LatchModel>(
              who,
              `LATCH.DOWN l ${amount} ${name === undefined ? '' : `ID ${name}`} ${requestOf(sent)}`,
              model => model.down(who, amount, name, sent),
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
