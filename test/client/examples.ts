// The examples of docs/sdk.md, each a function: checked by the compiler, run by docs.test.ts, which
// also sees that the page says the same.

import { type Grid, json } from '../../src/client/index.ts'

type Log = (...values: unknown[]) => void

export const examples: ((grid: Grid, log: Log) => Promise<void>)[] = [
  async (grid, log) => {
    const lock = grid.lock('orders:42')
    {
      await using held = await lock.acquire({ lease: 30_000, wait: 5_000 })
      log(held.token > 0, held.isHeld)
    }
    const maybe = await lock.tryAcquire() // HeldLock | null
    await maybe?.release()
  },
  async (grid, log) => {
    await grid.lock('orders:42').using({ wait: 5_000 }, async ({ signal, token, store }) => {
      signal.throwIfAborted()
      await store.set('{orders:42}:state', 'paid')
      log(await store.get('{orders:42}:state'), token > 0)
    })
  },
  async (grid, log) => {
    const doc = grid.lock('doc')
    const reader = await doc.read().acquire()
    log(await reader.upgrade({ wait: 1_000 })) // alone, it becomes the writer
    await reader.release()
    await grid.locks('{account}:1', '{account}:2').using({}, held => log(held.tokens.length))
  },
  async (grid, log) => {
    await using busy = await grid.lock('busy').acquire()
    const signal = AbortSignal.timeout(50)
    await grid
      .lock('busy')
      .acquire({ signal })
      .catch(error => log(error.code))
    log(busy.isHeld)
  },
  async (grid, log) => {
    await using bound = await grid.lock('nightly').acquire({ bound: true, wait: 1_000 })
    log(bound.isHeld, bound.remainingMs)
  },
  async (grid, log) => {
    const pool = grid.semaphore('pool', 5)
    await using permits = await pool.acquire({ permits: 2, wait: 1_000 })
    log(permits.permits, await pool.available())
    await permits.releaseSome(1)
    log(permits.permits, await pool.available())
  },
  async (grid, log) => {
    const seats = grid.counter('seats', { min: 0, max: 100 })
    log(await seats.add(99))
    await seats.add(2).catch(error => log(error.code, 'nothing changed'))
    log(await seats.next(1)) // ids that nobody else gets
    const hits = grid.counter('hits', { weak: true })
    await hits.increment()
  },
  async (grid, log) => {
    const requests = grid.number('requests:10.0.0.7')
    const limited = { max: 2, lifetime: 60_000, onlyNew: true }
    for (let i = 0; i < 3; i++) log(await requests.add(1, limited))
  },
  async (grid, log) => {
    const sessions = grid.multimap('sessions')
    await sessions.put('ada', 's1', 's2')
    log(await sessions.get('ada'), await sessions.count('ada'))
    await sessions.remove('ada', 's1')
    const points = grid.multimap('points', json<{ x: number }>())
    await points.put('p', { x: 1 })
    for await (const [field, values] of points.entries()) log(field, values)
  },
  async (grid, log) => {
    const latch = grid.latch('batch:7')
    await latch.create(2)
    const done = latch.await({ wait: 5_000 })
    await latch.down(1, { participant: 'worker-1', data: '17 rows' })
    await latch.down(1, { participant: 'worker-2', data: '4 rows' })
    await done
    log(await latch.results())

    const barrier = grid.barrier('round:1', 2)
    const [a, b] = await Promise.all([barrier.enter(), barrier.enter()])
    log(await Promise.all([a.leave(), b.leave()]))
  },
  async (grid, log) => {
    const cron = grid.leader('cron')
    await using leadership = await cron.campaign({ value: 'host-1:8080' })
    await leadership.proclaim('host-1:8081')
    log((await cron.get())?.value)
    for await (const leader of cron.observe()) {
      log(leader.value)
      break
    }
  },
  async (grid, log) => {
    const api = grid.rateLimiter('api:ada')
    log((await api.window({ limit: 10, window: 1_000 })).remaining)
    log((await api.throttle({ burst: 2, count: 10, period: 1 }).catch(error => error)).code)
    log((await grid.rateLimiter('api:bob').throttle({ burst: 2, count: 10, period: 1 })).allowed)
  },
]
