// An ioredis Cluster sends commands that it does not know to the node of their key.

import { Cluster as Cluster5 } from 'ioredis'
import { Cluster as Cluster6 } from 'ioredis-6'
import { describe, expect, test, vi } from 'vitest'
import { latchkey } from '../../src/client/index.ts'

/** What ioredis would send, and where; there is no server. */
interface Sent {
  readonly name: string
  readonly args: readonly string[]
  readonly slot: number | null
}

interface Sending {
  name: string
  args: string[]
  promise: Promise<unknown>
  getSlot(): number | null
  resolve(reply: unknown): void
}

// The slots of these keys, as CLUSTER KEYSLOT tells them.
const SLOTS = { foo: 12182, bar: 5061 } as const

describe.each([
  ['5', Cluster5],
  ['6', Cluster6 as unknown as typeof Cluster5],
])('ioredis %s', (_, Cluster) => {
  test.each([false, true])('with enableAutoPipelining %s', async enableAutoPipelining => {
    const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], {
      lazyConnect: true,
      enableAutoPipelining,
    })
    const sent: Sent[] = []
    vi.spyOn(cluster, 'sendCommand').mockImplementation(command => {
      const sending = command as unknown as Sending
      sent.push({ name: sending.name, args: sending.args, slot: sending.getSlot() })
      sending.resolve(1)
      return sending.promise
    })
    const grid = latchkey(cluster)
    await grid.lock('foo').acquire({ owner: 'me' })
    const held = await grid.lock('bar').acquire({ owner: 'me' })
    await held.store.call('SET', '{bar}:x', 'y')
    expect(sent.map(({ slot }) => slot)).toEqual([SLOTS.foo, SLOTS.bar, SLOTS.bar])
    expect(sent[0]!.args).toEqual(['foo', 'me', 'WRITE', 'PX', '30000'])
    grid.close()
    cluster.disconnect()
  })
})
