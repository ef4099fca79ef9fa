// The examples of docs/sdk.md do what the page says.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { latchkey } from '../../src/client/index.ts'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import { repositoryRoot } from '../harness/repository-root.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { examples } from './examples.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startLatchkeyServer()
})

afterAll(async () => {
  await server.stop()
})

/** What the examples log, one after the other. */
const LOGGED: readonly (readonly unknown[])[][] = [
  [[true, true]],
  [['paid', true]],
  [[true], [2]],
  [['ABORTED'], [true]],
  [[true, Number.POSITIVE_INFINITY]],
  [
    [2, 3],
    [1, 4],
  ],
  [[99], ['OUTOFBOUNDS', 'nothing changed'], [{ first: 100, last: 100 }]],
  [[{ value: 1, added: 1 }], [{ value: 2, added: 1 }], [{ value: 2, added: 0 }]],
  [
    [['s1', 's2'], 2],
    ['p', [{ x: 1 }]],
  ],
  [
    [
      new Map([
        ['worker-1', '17 rows'],
        ['worker-2', '4 rows'],
      ]),
    ],
    [[true, true]],
  ],
  [['host-1:8081'], ['host-1:8081']],
  [[9], ['WRONGTYPE'], [true]],
]

const read = (...path: string[]) => readFileSync(join(repositoryRoot, ...path), 'utf8')
const squeezed = (text: string) => text.replace(/\s+/g, ' ').trim()

test('the page shows what is run here', () => {
  // The first block is about connecting, which the test does by itself.
  const [, ...shown] = [...read('docs', 'sdk.md').matchAll(/```ts\n(.*?)```/gs)]
  const bodies = [
    ...read('test', 'client', 'examples.ts').matchAll(/^ {2}async .*?=> \{\n(.*?)^ {2}\},\n/gms),
  ]
  expect(bodies.map(([, body]) => squeezed(body!))).toEqual(
    shown.map(([, code]) => squeezed(code!)),
  )
})

test.each(examples.map((example, i) => [i + 1, example, LOGGED[i]] as const))(
  'example %i does what the page says',
  async (_, example, expected) => {
    const redis = new Redis({ host: server.host, port: server.port })
    await redis.flushall()
    const grid = latchkey(redis)
    const logged: unknown[][] = []
    await example(grid, (...values) => logged.push(values))
    grid.close()
    redis.disconnect()
    expect(logged).toEqual(expected)
  },
)
