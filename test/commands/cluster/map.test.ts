// The replies that tell of the topology, by their very bytes: clients of all kinds parse them.

import { describe, expect, test } from 'vitest'
import { loseCopies } from '../../../cluster/topology/segment.ts'
import { freezeTopology, type Topology } from '../../../cluster/topology/topology.ts'
import { SLOTS } from '../../../src/keyspace/slot.ts'
import {
  FakeView,
  member,
  nodeId,
  threeNodes,
  topologyOf,
} from '../../cluster/routing/fake-view.ts'
import { RoutedServer } from '../../cluster/routing/node.ts'
import { InProcessServer } from '../../harness/in-process.ts'
import { RespError, type RespValue } from '../../harness/resp-value.ts'

const ONE = nodeId(1)
const TWO = nodeId(2)

/** Node 1 has the first two segments and node 2 the rest; node 2 has a host name. */
function twoNodes(): Topology {
  const topology = topologyOf(2, i => (i < 2 ? [1, 2] : [2, 1]))
  return freezeTopology({
    ...topology,
    members: [member(1), member(2, { hostname: 'b.example', tlsPort: 8002 })],
  })
}

function nodeOf(topology: Topology, ...settings: [string, string][]) {
  return new RoutedServer({ view: new FakeView(1, topology), settings })
}

/** Bytes as they are, with line ends made visible and words joined. */
function bytesOf(node: RoutedServer, protocol: 2 | 3, ...args: string[]): string {
  return node
    .connect(protocol)
    .callBytes(...args)
    .toString('latin1')
    .replaceAll('\r\n', ' ')
    .trim()
}

const bulk = (text: string) => `$${text.length} ${text}`

describe('CLUSTER SLOTS', () => {
  const one = `*4 ${bulk('10.0.0.1')} :7001 ${bulk(ONE)}`
  const two = `*4 ${bulk('10.0.0.2')} :7002 ${bulk(TWO)}`
  const name = `${bulk('hostname')} ${bulk('b.example')}`

  test('lists one range for each primary in RESP2', () => {
    expect(bytesOf(nodeOf(twoNodes()), 2, 'CLUSTER', 'SLOTS')).toBe(
      `*2 *3 :0 :127 ${one} *0 *3 :128 :16383 ${two} *2 ${name}`,
    )
  })

  test('lists one range for each primary in RESP3', () => {
    expect(bytesOf(nodeOf(twoNodes()), 3, 'CLUSTER', 'SLOTS')).toBe(
      `*2 *3 :0 :127 ${one} %0 *3 :128 :16383 ${two} %1 ${name}`,
    )
  })

  test('with backups lists each primary alone first, by its first slot', () => {
    const node = nodeOf(twoNodes(), ['cluster-advertise-backups', 'yes'])
    expect(bytesOf(node, 2, 'CLUSTER', 'SLOTS')).toBe(
      `*4 *3 :0 :0 ${one} *0 *3 :128 :128 ${two} *2 ${name} ` +
        `*4 :1 :127 ${one} *0 ${two} *2 ${name} *4 :129 :16383 ${two} *2 ${name} ${one} *0`,
    )
  })

  test('follows a change of the setting', () => {
    const node = nodeOf(twoNodes())
    const client = node.connect()
    expect((client.call('CLUSTER', 'SLOTS') as RespValue[]).length).toBe(2)
    client.call('CONFIG', 'SET', 'cluster-advertise-backups', 'yes')
    expect((client.call('CLUSTER', 'SLOTS') as RespValue[]).length).toBe(4)
    client.call('CONFIG', 'SET', 'cluster-advertise-backups', 'no')
    expect((client.call('CLUSTER', 'SLOTS') as RespValue[]).length).toBe(2)
  })

  test.each(['no', 'yes'])('covers every slot once, with backups: %s', backups => {
    const topology = topologyOf(3, i => [1 + (i % 3), 1 + ((i + 1 + (i % 2)) % 3)])
    const lost = [
      { id: nodeId(1), incarnation: 1 },
      { id: nodeId(2), incarnation: 1 },
      { id: nodeId(3), incarnation: 1 },
    ]
    const segments = topology.segments.map((each, i) =>
      i % 5 === 0 ? loseCopies(each, lost, 2) : each,
    )
    const node = nodeOf(freezeTopology({ ...topology, segments }), [
      'cluster-advertise-backups',
      backups,
    ])
    const covered = new Uint8Array(SLOTS)
    for (const entry of node.connect().call('CLUSTER', 'SLOTS') as [
      number,
      number,
      ...RespValue[],
    ][]) {
      for (let slot = entry[0]; slot <= entry[1]; slot++) covered[slot]!++
      for (const [host, port] of entry.slice(2) as [string, number][]) {
        expect([host, port]).toEqual([expect.stringMatching(/^10/), expect.any(Number)])
      }
    }
    expect(covered.every(count => count === 1)).toBe(true)
  })

  test('leaves a lost segment with the node that served it last', () => {
    const topology = twoNodes()
    const segments = topology.segments.map((each, i) =>
      i < 2
        ? loseCopies(
            each,
            [
              { id: ONE, incarnation: 1 },
              { id: TWO, incarnation: 1 },
            ],
            2,
          )
        : each,
    )
    const node = nodeOf(freezeTopology({ ...topology, segments }))
    const [first] = node.connect().call('CLUSTER', 'SLOTS') as [number, number, string[]][]
    expect([first![0], first![1], first![2][0]]).toEqual([0, 127, '10.0.0.1'])
  })

  test('is made once for each topology', () => {
    const node = nodeOf(twoNodes())
    const { cluster } = node
    expect(cluster.slots(2)).toBe(cluster.slots(2))
    expect(cluster.slots(2)).not.toEqual(cluster.slots(3))
    const before = cluster.slots(3)
    node.view.topology = threeNodes(11)
    expect(cluster.slots(3)).not.toEqual(before)
  })
})

describe('CLUSTER SHARDS', () => {
  const pairs = (id: string, host: string, port: number, extra = '', tls = '') =>
    `${bulk('id')} ${bulk(id)} ${bulk('port')} :${port}${tls} ${bulk('ip')} ${bulk(host)} ` +
    `${bulk('endpoint')} ${bulk(host)}${extra} ${bulk('role')} ${bulk('master')} ` +
    `${bulk('replication-offset')} :0 ${bulk('health')} ${bulk('online')}`
  const one = pairs(ONE, '10.0.0.1', 7001)
  const two = pairs(
    TWO,
    '10.0.0.2',
    7002,
    ` ${bulk('hostname')} ${bulk('b.example')}`,
    ` ${bulk('tls-port')} :8002`,
  )

  test('is a flat list for each shard in RESP2, slots first', () => {
    expect(bytesOf(nodeOf(twoNodes()), 2, 'CLUSTER', 'SHARDS')).toBe(
      `*2 *4 ${bulk('slots')} *2 :0 :127 ${bulk('nodes')} *1 *14 ${one} ` +
        `*4 ${bulk('slots')} *2 :128 :16383 ${bulk('nodes')} *1 *18 ${two}`,
    )
  })

  test('is maps in RESP3', () => {
    expect(bytesOf(nodeOf(twoNodes()), 3, 'CLUSTER', 'SHARDS')).toBe(
      `*2 %2 ${bulk('slots')} *2 :0 :127 ${bulk('nodes')} *1 %7 ${one} ` +
        `%2 ${bulk('slots')} *2 :128 :16383 ${bulk('nodes')} *1 %9 ${two}`,
    )
  })

  test('shows a member without slots, and one that is down', () => {
    const topology = topologyOf(2, () => [1])
    const node = nodeOf(
      freezeTopology({ ...topology, members: [member(1), member(2, { state: 'down' })] }),
    )
    const [, second] = node.connect(3).call('CLUSTER', 'SHARDS') as Map<string, RespValue>[]
    expect(second!.get('slots')).toEqual([])
    const [info] = second!.get('nodes') as Map<string, RespValue>[]
    expect(info!.get('health')).toBe('fail')
  })
})

describe('CLUSTER NODES', () => {
  test('has a line for each member, all of them masters, and ends the last line too', () => {
    const lines =
      `${ONE} 10.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-127\n` +
      `${TWO} 10.0.0.2:7002@17002,b.example master - 0 0 2 connected 128-16383\n`
    const node = nodeOf(twoNodes())
    expect(node.connect().call('CLUSTER', 'NODES')).toBe(lines)
    expect(node.connect(3).callBytes('CLUSTER', 'NODES').toString()).toBe(
      `=${lines.length + 4}\r\ntxt:${lines}\r\n`,
    )
  })

  test('tells who is down, and lists several ranges', () => {
    const topology = topologyOf(2, i => [1 + (i % 2)])
    const members = [member(1), member(2, { state: 'down' })]
    const lines = nodeOf(freezeTopology({ ...topology, members }))
      .connect()
      .call('CLUSTER', 'NODES') as string
    expect(lines.split('\n')[1]).toMatch(
      /^0{39}2 10\.0\.0\.2:7002@17002 master,fail - 0 0 2 disconnected 64-127 192-255 /,
    )
  })
})

describe('CLUSTER INFO', () => {
  const fields = (text: RespValue) =>
    new Map(
      (text as string)
        .trim()
        .split('\r\n')
        .map(line => line.split(':') as [string, string]),
    )

  test('counts slots, members and messages', () => {
    const info = fields(nodeOf(twoNodes()).connect().call('CLUSTER', 'INFO'))
    expect(Object.fromEntries([...info].slice(0, 12))).toEqual({
      cluster_state: 'ok',
      cluster_slots_assigned: '16384',
      cluster_slots_ok: '16384',
      cluster_slots_pfail: '0',
      cluster_slots_fail: '0',
      cluster_known_nodes: '2',
      cluster_size: '2',
      cluster_current_epoch: '10',
      cluster_my_epoch: '1',
      cluster_stats_messages_sent: '5',
      cluster_stats_messages_received: '7',
      total_cluster_links_buffer_limit_exceeded: '0',
    })
    expect(info.get('cluster_segments_served')).toBe('2')
    expect(info.get('cluster_segments_kept')).toBe('254')
    expect(info.get('cluster_transfers')).toBe('0')
  })

  test('counts segments that have too few copies, or a copy on its way', () => {
    const topology = topologyOf(2, i => (i < 200 ? [1, 2] : [1]))
    const segments = topology.segments.map((each, i) =>
      i < 250 ? each : { ...each, pending: [TWO] },
    )
    const info = fields(
      nodeOf(freezeTopology({ ...topology, segments }))
        .connect()
        .call('CLUSTER', 'INFO'),
    )
    expect(info.get('cluster_segments_short')).toBe('56')
    expect(info.get('cluster_segments_moving')).toBe('6')
  })

  test('says fail only when commands are not worth waiting for', () => {
    const node = nodeOf(twoNodes())
    const client = node.connect()
    node.view.leaseUntil = 1000
    node.clock.advance(2999)
    expect(fields(client.call('CLUSTER', 'INFO')).get('cluster_state')).toBe('ok')
    node.clock.advance(1)
    expect(fields(client.call('CLUSTER', 'INFO')).get('cluster_state')).toBe('fail')
  })

  test('counts the slots of lost segments', () => {
    const topology = topologyOf(1, () => [1])
    const segments = topology.segments.map((each, i) =>
      i < 3 ? loseCopies(each, [{ id: ONE, incarnation: 1 }], 2) : each,
    )
    const info = fields(
      nodeOf(freezeTopology({ ...topology, segments }))
        .connect()
        .call('CLUSTER', 'INFO'),
    )
    expect(info.get('cluster_slots_fail')).toBe('192')
    expect(info.get('cluster_slots_ok')).toBe('16192')
    expect(info.get('cluster_segments_lost')).toBe('3')
  })

  test('INFO cluster has the state too', () => {
    const info = nodeOf(twoNodes()).connect().call('INFO', 'cluster') as string
    expect(info).toContain('cluster_enabled:1\r\ncluster_state:ok\r\n')
    expect(new InProcessServer().connect().call('INFO', 'cluster')).toBe(
      '# Cluster\r\ncluster_enabled:0\r\n',
    )
  })
})

describe('the small ones', () => {
  const node = nodeOf(twoNodes())

  test('CLUSTER MYID and MYSHARDID are the id of the node', () => {
    expect(node.connect().call('CLUSTER', 'MYID')).toBe(ONE)
    expect(node.connect().call('CLUSTER', 'MYSHARDID')).toBe(ONE)
  })

  test('CLUSTER KEYSLOT minds tags', () => {
    const client = node.connect()
    expect(client.call('CLUSTER', 'KEYSLOT', 'foo')).toBe(12182)
    expect(client.call('CLUSTER', 'KEYSLOT', 'a{foo}b')).toBe(12182)
  })

  test('CLUSTER REPLICAS and SLAVES are empty for members, and know no others', () => {
    const client = node.connect()
    expect(client.call('CLUSTER', 'REPLICAS', TWO)).toEqual([])
    expect(client.call('CLUSTER', 'SLAVES', ONE)).toEqual([])
    expect(client.call('CLUSTER', 'REPLICAS', 'abc')).toEqual(new RespError('ERR Unknown node abc'))
    expect(client.call('CLUSTER', 'COUNT-FAILURE-REPORTS', TWO)).toBe(0)
  })

  test('CLUSTER LINKS describes connections in the order of Redis', () => {
    expect(node.connect().call('CLUSTER', 'LINKS')).toEqual([
      ['direction', 'to', 'node', TWO, 'create-time', 1000].concat([
        'events',
        'r',
        'send-buffer-allocated',
        0,
        'send-buffer-used',
        0,
      ] as never[]),
    ])
  })

  test('CLUSTER TOPOLOGY is JSON that tells owners by ranges of segments', () => {
    const report = JSON.parse(node.connect().call('CLUSTER', 'TOPOLOGY') as string)
    expect(report.epoch).toBe(10)
    expect(report.members[1]).toMatchObject({ id: TWO, state: 'up', primaryOf: 254, copies: 256 })
    expect(report.segments).toEqual([
      { first: 0, last: 1, owners: [ONE, TWO], inSync: [ONE, TWO], pending: [], epoch: 1 },
      { first: 2, last: 255, owners: [TWO, ONE], inSync: [TWO, ONE], pending: [], epoch: 1 },
    ])
  })

  test('CLUSTER HELP lists subcommands', () => {
    expect((node.connect().call('CLUSTER', 'HELP') as string[])[0]).toMatch(/^CLUSTER <subcommand>/)
  })
})

test('a node alone has no cluster', () => {
  const client = new InProcessServer().connect()
  const disabled = new RespError('ERR This instance has cluster support disabled')
  for (const words of [
    'SLOTS',
    'SHARDS',
    'NODES',
    'INFO',
    'MYID',
    'HELP',
    'KEYSLOT a',
    'MEET a 1',
  ]) {
    expect(client.call('CLUSTER', ...words.split(' ')), words).toEqual(disabled)
  }
  for (const name of ['READONLY', 'READWRITE', 'ASKING'])
    expect(client.call(name)).toEqual(disabled)
})
