// A row of a real database refuses the holder whose lock has gone to another.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sqlite from 'node-sqlite3-wasm'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { type ExampleProcess, killExamples, startExample } from './example-process.ts'

let server: ServerProcess
let directory: string

beforeAll(async () => {
  server = await startLatchkeyServer()
})

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-fenced-row-'))
})

afterEach(async () => {
  await killExamples()
  rmSync(directory, { recursive: true, force: true })
})

afterAll(async () => {
  await server.stop()
})

function settle(state: string, leaseMs: number): ExampleProcess {
  return startExample('fenced-row/settle', ['42', state], {
    REDIS_URL: `redis://${server.host}:${server.port}`,
    ORDERS_DB: join(directory, 'orders.db'),
    LEASE_MS: String(leaseMs),
  })
}

function row(): unknown {
  const db = new sqlite.Database(join(directory, 'orders.db'), { fileMustExist: true })
  try {
    return db.get('SELECT state, fence FROM orders WHERE id = 42')
  } finally {
    db.close()
  }
}

async function tokenOf(holder: ExampleProcess): Promise<number> {
  return Number(/token (\d+)/.exec(await holder.line(/^holding order 42/))?.[1])
}

test('holders one after the other write one after the other', async () => {
  for (const state of ['paid', 'sent']) {
    const holder = settle(state, 30_000)
    const token = await tokenOf(holder)
    holder.endInput()
    expect(await holder.ended).toBe(0)
    expect(row()).toEqual({ state, fence: token })
  }
})

test('the write of a holder that was paused past its lease is refused', async () => {
  // It stands still from this line on, so its lease of half a second is not renewed.
  const late = settle('cancelled', 500)
  const stale = await tokenOf(late)
  const holder = settle('paid', 30_000)
  const token = await tokenOf(holder)
  expect(token).toBeGreaterThan(stale)
  holder.endInput()
  expect(await holder.ended).toBe(0)

  late.endInput()
  expect(await late.ended).toBe(1)
  expect(late.lines.join('\n')).toContain(`token ${stale} is stale`)
  expect(row()).toEqual({ state: 'paid', fence: token })
})

test('one that is late, but whom nobody has followed in the row, may still write', async () => {
  const late = settle('cancelled', 500)
  const stale = await tokenOf(late)
  const holder = settle('paid', 30_000)
  await tokenOf(holder)
  late.endInput()
  expect(await late.ended).toBe(0)
  expect(row()).toEqual({ state: 'cancelled', fence: stale })
  holder.endInput()
  expect(await holder.ended).toBe(0)
  expect(row()).toMatchObject({ state: 'paid' })
})
