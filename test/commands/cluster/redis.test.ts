// Beside a real Redis that is a cluster of one: the same fields in the same order, the same errors.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freezeTopology } from '../../../cluster/topology/topology.ts'
import { FakeView, member, topologyOf } from '../../cluster/routing/fake-view.ts'
import { RoutedServer } from '../../cluster/routing/node.ts'
import { describeWithRedis, startRedisServer } from '../../harness/redis-server.ts'
import { encodeCommand, RespClient } from '../../harness/resp-client.ts'
import { decodeFrame, type RespValue } from '../../harness/resp-value.ts'
import type { ServerProcess } from '../../harness/server-process.ts'

describeWithRedis('a cluster of one, beside Redis', () => {
  let server: ServerProcess
  let redis: RespClient
  let id: string
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-cluster-'))

  const ask = async (...args: string[]): Promise<Buffer> => {
    redis.write(encodeCommand(args))
    return (await redis.replies(1))[0]!
  }

  beforeAll(async () => {
    const config = join(folder, 'nodes.conf')
    server = await startRedisServer(
      ...['--cluster-enabled', 'yes', '--cluster-config-file', config],
      ...['--cluster-announce-ip', '10.0.0.1', '--cluster-require-full-coverage', 'no'],
    )
    redis = await RespClient.connect(server.port)
    await ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    id = decodeFrame(await ask('CLUSTER', 'MYID')) as string
    // It takes the cluster for down until it has looked at it.
    while (!String(decodeFrame(await ask('CLUSTER', 'INFO'))).includes('state:ok')) {}
  })
  afterAll(async () => {
    await redis.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  function latchkey(): RoutedServer {
    const self = member(1, { id, port: server.port, busPort: server.port + 10_000, epoch: 0 })
    const topology = topologyOf(1, () => [1])
    const segments = topology.segments.map(each => ({ ...each, owners: [id], inSync: [id] }))
    const view = new FakeView(1, freezeTopology({ ...topology, members: [self], segments }))
    return new RoutedServer({ view: Object.assign(view, { self: id }) })
  }

  test.each([2, 3] as const)(
    'SLOTS, SHARDS, NODES and MYID are the same bytes in RESP%d',
    async protocol => {
      const client = latchkey().connect(protocol)
      await ask('HELLO', String(protocol))
      for (const word of ['SLOTS', 'SHARDS', 'NODES', 'MYID']) {
        expect(client.callBytes('CLUSTER', word).toString(), word).toBe(
          (await ask('CLUSTER', word)).toString(),
        )
      }
      await ask('HELLO', '2')
    },
  )

  test('INFO begins with the same fields', async () => {
    const names = (text: RespValue) =>
      String(text)
        .trim()
        .split('\r\n')
        .map(line => line.split(':')[0])
    const theirs = names(decodeFrame(await ask('CLUSTER', 'INFO')))
    const ours = names(latchkey().connect().call('CLUSTER', 'INFO'))
    expect(ours.slice(0, theirs.length)).toEqual(theirs)
  })

  test('errors and small replies are the same', async () => {
    const client = latchkey().connect()
    const lines = [
      'CLUSTER',
      'CLUSTER foo',
      'CLUSTER KEYSLOT',
      'CLUSTER KEYSLOT a{b}c',
      'CLUSTER COUNTKEYSINSLOT 99999',
      'CLUSTER COUNTKEYSINSLOT abc',
      'CLUSTER COUNTKEYSINSLOT 1',
      'CLUSTER GETKEYSINSLOT 1 -1',
      'CLUSTER GETKEYSINSLOT 1 x',
      'CLUSTER GETKEYSINSLOT 16384 1',
      'CLUSTER GETKEYSINSLOT 1 1',
      'CLUSTER REPLICAS abc',
      'CLUSTER SLAVES abc',
      `CLUSTER REPLICAS ${id}`,
      'CLUSTER COUNT-FAILURE-REPORTS abc',
      `CLUSTER COUNT-FAILURE-REPORTS ${id}`,
      'CLUSTER FORGET abc',
      'CLUSTER MEET a',
      'CLUSTER MEET 1.2.3.4 99x',
      'CLUSTER MEET 1.2.3.4 1 x',
      'CLUSTER MEET 1.2.3.4 1 2 3',
      'CLUSTER RESET foo',
      'CLUSTER FAILOVER foo',
      'CLUSTER SAVECONFIG',
      'CLUSTER LINKS x',
      'READONLY',
      'READWRITE',
      'ASKING',
      'READONLY x',
      'SWAPDB 0 1',
      'MGET a b',
      'MSET a 1 b 2',
      'SSUBSCRIBE a b',
      'EVAL return{} 2 a b',
      'MULTI',
      'SET a 1',
      'SET b 1',
      'EXEC',
      'EXEC',
      'MULTI',
      'MGET a b',
      'EXEC',
    ]
    for (const line of lines) {
      const args = line.split(' ')
      const ours = client.callBytes(...args).toString()
      expect(ours, line).toBe((await ask(...args)).toString())
    }
  })
})
