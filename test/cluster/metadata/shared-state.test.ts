import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { SharedState } from '../../../cluster/metadata/shared-state.ts'

describe('The lease in shared memory', () => {
  it('is there for who acts on its epoch or a later one', () => {
    const written = new SharedState()
    const read = new SharedState(written.buffer)
    expect(read.leaseUntil(9)).toBe(0)
    written.publish({ until: 1234.5678, epoch: 7 })
    expect(read.leaseUntil(7)).toBe(1234.567)
    expect(read.leaseUntil(8)).toBe(1234.567)
    expect(read.leaseUntil(6)).toBe(0)
    written.publish({ until: 0, epoch: 0 })
    expect(read.leaseUntil(7)).toBe(0)
  })

  it('is never seen with the epoch of another, while a thread writes it all the time', async () => {
    const state = new SharedState()
    // The writer's steps, as `publish` takes them, from a thread that runs no TypeScript.
    const code = `
      const { workerData, parentPort } = require('node:worker_threads')
      const lease = new BigInt64Array(workerData, 0, 2)
      const counts = new Int32Array(workerData, 16, 2)
      parentPort.postMessage('begun')
      for (let i = 1; i <= 300000; i++) {
        Atomics.add(counts, 0, 1)
        Atomics.store(lease, 0, BigInt(i * 1000))
        Atomics.store(lease, 1, BigInt(i))
        Atomics.add(counts, 0, 1)
      }`
    const worker = new Worker(code, { eval: true, workerData: state.buffer })
    await new Promise(resolve => worker.once('message', resolve))
    let isOver = false
    const over = new Promise<void>(resolve => {
      worker.once('exit', () => {
        isOver = true
        resolve()
      })
    })
    let seen = 0
    while (!isOver) {
      for (let i = 0; i < 10_000; i++) {
        const until = state.leaseUntil(Number.MAX_SAFE_INTEGER)
        // What was read together is still there: it counts from its own epoch and not from the next.
        expect(state.leaseUntil(until)).toBeGreaterThanOrEqual(until)
        expect(until).toBeGreaterThanOrEqual(seen)
        seen = until
      }
      await new Promise(resolve => setImmediate(resolve))
    }
    await over
    expect(state.leaseUntil(300_000)).toBe(300_000)
  })

  it('tells that the data thread lives', () => {
    const state = new SharedState()
    const other = new SharedState(state.buffer)
    const before = other.ticks
    state.tick()
    expect(other.ticks).not.toBe(before)
  })
})
