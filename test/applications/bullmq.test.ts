// BullMQ, which does all of its work in scripts, on lists, sorted sets, hashes and streams.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  FlowProducer,
  type Job,
  Queue,
  QueueEvents,
  UnrecoverableError,
  Worker,
  type WorkerOptions,
} from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const PATIENCE = { timeout: 10_000 }

let server: ServerProcess
let connection: { host: string; port: number }
let name: string
let queue: Queue
let events: QueueEvents
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  server = await startLatchkeyServer()
  connection = { host: server.host, port: server.port }
})

afterAll(() => server.stop())

beforeEach(async () => {
  name = randomUUID()
  queue = opened(new Queue(name, { connection }))
  events = opened(new QueueEvents(name, { connection }))
  await events.waitUntilReady()
})

afterEach(async () => {
  await Promise.all(open.splice(0).map(each => each.close()))
})

function opened<T extends { close(): Promise<void> }>(each: T): T {
  open.push(each)
  return each
}

type Work = (job: Job, token: string | undefined) => Promise<unknown>

function worker(work: Work, options: Partial<WorkerOptions> = {}): Worker {
  return opened(new Worker(name, work, { connection, ...options }))
}

it('a job is done, and whoever added it hears its result through the stream of events', async () => {
  worker(async job => {
    await job.updateProgress(50)
    return job.data.a + job.data.b
  })
  const progress = once(events, 'progress')
  const job = await queue.add('sum', { a: 2, b: 3 })
  expect(await job.waitUntilFinished(events)).toBe(5)
  expect((await progress)[0]).toMatchObject({ jobId: job.id, data: 50 })
  expect(await job.getState()).toBe('completed')
  expect(await queue.getJobCounts()).toMatchObject({ completed: 1, waiting: 0, active: 0 })
})

it('a job that fails is tried again after a growing pause, and then succeeds', async () => {
  const startedAt: number[] = []
  worker(async job => {
    startedAt.push(Date.now())
    if (job.attemptsMade < 2) throw new Error('not yet')
    return 'at last'
  })
  const backoff = { type: 'exponential', delay: 100 }
  const job = await queue.add('flaky', {}, { attempts: 5, backoff })
  expect(await job.waitUntilFinished(events)).toBe('at last')
  expect(startedAt).toHaveLength(3)
  expect(startedAt[1]! - startedAt[0]!).toBeGreaterThanOrEqual(95)
  expect(startedAt[2]! - startedAt[1]!).toBeGreaterThanOrEqual(195)
})

it('a job that can never succeed fails at once, with its reason, and can be retried by hand', async () => {
  let broken = true
  worker(async () => {
    if (broken) throw new UnrecoverableError('no such customer')
    return 'fixed'
  })
  const job = await queue.add('invoice', {}, { attempts: 5 })
  await expect(job.waitUntilFinished(events)).rejects.toThrow('no such customer')
  const [failed] = await queue.getFailed()
  expect(failed).toMatchObject({ id: job.id, attemptsMade: 1, failedReason: 'no such customer' })
  broken = false
  const done = once(events, 'completed')
  await failed!.retry()
  expect((await done)[0]).toMatchObject({ jobId: job.id, returnvalue: 'fixed' })
})

it('a delayed job waits for its time, and others pass it', async () => {
  const order: string[] = []
  const late = await queue.add('late', {}, { delay: 400 })
  const soon = await queue.add('soon', {}, { delay: 100 })
  const now = await queue.add('now', {})
  expect(await queue.getDelayedCount()).toBe(2)
  worker(async job => {
    order.push(job.name)
    return Date.now() - job.timestamp
  })
  await Promise.all([now, soon].map(job => job.waitUntilFinished(events)))
  expect(await late.waitUntilFinished(events)).toBeGreaterThanOrEqual(400)
  expect(order).toEqual(['now', 'soon', 'late'])
})

it('what is urgent goes first, and equals go in the order they came', async () => {
  const order: string[] = []
  for (const [job, priority] of [
    ['low', 10],
    ['high', 1],
    ['low too', 10],
    ['middle', 5],
  ] as const) {
    await queue.add(job, {}, { priority })
  }
  await queue.add('without', {})
  const work = worker(async job => order.push(job.name), { autorun: false })
  const drained = once(work, 'drained')
  void work.run()
  await drained
  expect(order).toEqual(['without', 'high', 'middle', 'low', 'low too'])
})

it('a parent runs once all its children are done, and sees their results', async () => {
  const flows = opened(new FlowProducer({ connection }))
  worker(
    async job => {
      if (job.name !== 'total') return job.data.n * 10
      const values: number[] = Object.values(await job.getChildrenValues())
      return values.reduce((sum, n) => sum + n, 0)
    },
    { concurrency: 2 },
  )
  const child = (n: number, children: object = {}) => ({
    name: `part ${n}`,
    queueName: name,
    data: { n },
    ...children,
  })
  const flow = await flows.add({
    name: 'total',
    queueName: name,
    children: [child(1), child(2, { children: [child(4)] }), child(3)],
  })
  expect(await flow.job.waitUntilFinished(events)).toBe(60)
  expect(await flow.job.getDependenciesCount()).toMatchObject({ processed: 3, unprocessed: 0 })
})

it('a parent fails with a child that is told to take it along', async () => {
  const flows = opened(new FlowProducer({ connection }))
  worker(async job => {
    if (job.name === 'child') throw new Error('broken')
  })
  const opts = { failParentOnFailure: true }
  const children = [{ name: 'child', queueName: name, opts }]
  const { job } = await flows.add({ name: 'parent', queueName: name, children })
  await expect(job.waitUntilFinished(events)).rejects.toThrow('failed')
  expect(await job.getState()).toBe('failed')
})

it('a rate limit holds for all workers of a queue together', async () => {
  const startedAt: number[] = []
  const limiter = { max: 3, duration: 300 }
  const work = async () => startedAt.push(Date.now())
  const jobs = await queue.addBulk(
    Array.from({ length: 7 }, (_, n) => ({ name: `${n}`, data: {} })),
  )
  worker(work, { limiter })
  worker(work, { limiter })
  await Promise.all(jobs.map(job => job.waitUntilFinished(events)))
  // Three in the first window, three in the second, one in the third.
  expect(startedAt).toHaveLength(7)
  expect(startedAt[6]! - startedAt[0]!).toBeGreaterThanOrEqual(500)
})

it('a scheduled job comes again and again, until it is taken off the schedule', async () => {
  let runs = 0
  let enough = () => {}
  const thrice = new Promise<void>(resolve => {
    enough = resolve
  })
  worker(async job => {
    expect(job.data).toEqual({ report: 'daily' })
    runs += 1
    if (runs === 3) enough()
  })
  const template = { name: 'tick', data: { report: 'daily' } }
  await queue.upsertJobScheduler('clock', { every: 100 }, template)
  expect(await queue.getJobSchedulers()).toMatchObject([{ key: 'clock', every: 100 }])
  await thrice
  expect(await queue.removeJobScheduler('clock')).toBe(true)
  expect(await queue.getJobSchedulersCount()).toBe(0)
})

it('a job whose worker died goes to another worker', async () => {
  const stalled = once(events, 'stalled')
  const dying = worker(() => new Promise(() => {}), {
    lockDuration: 200,
    skipStalledCheck: true,
    skipLockRenewal: true,
  })
  const taken = once(dying, 'active')
  const job = await queue.add('work', {})
  await taken
  worker(async () => 'done by the other', { stalledInterval: 100 })
  expect((await stalled)[0]).toMatchObject({ jobId: job.id })
  expect(await job.waitUntilFinished(events)).toBe('done by the other')
  await dying.close(true)
})

it('a job with an id that is there is not added twice; deduplicated ones neither', async () => {
  const once1 = await queue.add('a', { v: 1 }, { jobId: 'unique' })
  const twice = await queue.add('a', { v: 2 }, { jobId: 'unique' })
  expect(twice.id).toBe(once1.id)
  expect((await queue.getJob('unique'))?.data).toEqual({ v: 1 })
  const deduplication = { id: 'key' }
  const first = await queue.add('b', {}, { deduplication })
  expect((await queue.add('b', {}, { deduplication })).id).toBe(first.id)
  expect(await queue.getWaitingCount()).toBe(2)
})

it('a paused queue gives out nothing until it goes on; it can be drained and obliterated', async () => {
  await queue.pause()
  const done: string[] = []
  worker(async job => done.push(job.name))
  const job = await queue.add('patient', {})
  expect(await queue.isPaused()).toBe(true)
  expect(await queue.getJobCounts()).toMatchObject({ waiting: 1, active: 0 })
  const finished = job.waitUntilFinished(events)
  await queue.resume()
  await finished
  expect(done).toEqual(['patient'])
  await queue.pause()
  await queue.addBulk([1, 2, 3].map(n => ({ name: `${n}`, data: {} })))
  await queue.drain()
  expect(await queue.count()).toBe(0)
  await queue.obliterate({ force: true })
  expect(await queue.getCompletedCount()).toBe(0)
})

it('only so many completed jobs are kept as one asks for', async () => {
  worker(async () => 1)
  const options = { removeOnComplete: { count: 2 } }
  const jobs = await queue.addBulk(
    Array.from({ length: 6 }, (_, n) => ({ name: `${n}`, data: {}, opts: options })),
  )
  await jobs
    .at(-1)!
    .waitUntilFinished(events)
    .catch(() => {})
  await expect.poll(() => queue.getCompletedCount(), PATIENCE).toBe(2)
  expect((await queue.getCompleted()).map(job => job.name)).toEqual(['5', '4'])
})
