// Commands that run at other nodes than the one to which they were sent. Node 1 of three serves segments 0
// to 84, node 2 serves 85 to 169, node 3 the rest; clients are connected to node 1.

import { describe, expect, test } from 'vitest'
import type { RespValue } from '../../harness/resp-value.ts'
import { RespError } from '../../harness/resp-value.ts'
import { threeNodes, topologyOf } from './fake-view.ts'
import { keyIn, RoutedCluster, RoutedServer, slotOf } from './node.ts'

const own = keyIn(0)
const other = keyIn(100)
const third = keyIn(200)
const FORWARD = { settings: [['cluster-routing', 'forward']] } as const
const inDoubt = expect.objectContaining({ text: expect.stringMatching(/^INDOUBT /) })
const fact = (cluster: RoutedCluster, name: string) =>
  new Map(cluster.node(1).router.facts()).get(name)

function forwarding() {
  const cluster = new RoutedCluster(threeNodes(), FORWARD)
  const client = cluster.node(1).connect()
  const call = (...args: string[]): RespValue => {
    client.send(...args)
    cluster.settle()
    const [reply, ...more] = client.replies()
    expect(more).toEqual([])
    return reply!
  }
  return { cluster, client, call }
}

describe('a command that client libraries cannot route', () => {
  test('runs where its key is, and the reply is passed on', () => {
    const cluster = new RoutedCluster()
    const client = cluster.node(1).connect()
    client.send('LOCK.ACQUIRE', other, 'me', 'PX', '1000')
    expect(client.replies()).toEqual([])
    cluster.settle()
    expect(client.replies()).toEqual([expect.any(Number)])
    const there = cluster.node(2).connect()
    expect(there.call('LOCK.ACQUIRE', other, 'you', 'PX', '1000')).toBeNull()
  })

  test('is redirected for a connection that chose that, and others still are not', () => {
    const cluster = new RoutedCluster()
    const client = cluster.node(1).connect()
    expect(client.call('CLUSTER', 'ROUTING')).toBe('redirect')
    client.call('CLUSTER', 'ROUTING', 'REDIRECT')
    expect(client.call('COUNTER.GET', other)).toEqual(
      new RespError(`MOVED ${slotOf(other)} 10.0.0.2:7002`),
    )
    client.call('CLUSTER', 'ROUTING', 'DEFAULT')
    client.send('COUNTER.GET', other)
    cluster.settle()
    expect(client.replies()).not.toEqual([expect.any(RespError)])
  })

  test('is redirected in a transaction, and for a client that caches', () => {
    const cluster = new RoutedCluster()
    const client = cluster.node(1).connect(3)
    const moved = new RespError(`MOVED ${slotOf(other)} 10.0.0.2:7002`)
    client.call('MULTI')
    expect(client.call('COUNTER.ADD', other, '1')).toEqual(moved)
    client.call('DISCARD')
    client.call('CLIENT', 'TRACKING', 'ON')
    expect(client.call('COUNTER.ADD', other, '1')).toEqual(moved)
  })

  test('leaves commands of Redis redirected', () => {
    const client = new RoutedCluster().node(1).connect()
    expect(client.call('GET', other)).toBeInstanceOf(RespError)
  })
})

describe('cluster-routing forward', () => {
  test('runs everything with a key where the key is', () => {
    const { cluster, call } = forwarding()
    expect(call('SET', other, 'two')).toBe('OK')
    expect(call('SET', third, 'three')).toBe('OK')
    expect(call('SET', own, 'one')).toBe('OK')
    expect([call('GET', own), call('GET', other), call('GET', third)]).toEqual([
      'one',
      'two',
      'three',
    ])
    expect(cluster.node(2).connect().call('GET', other)).toBe('two')
    expect(call('DBSIZE')).toBe(1)
  })

  test('may be chosen by one connection', () => {
    const cluster = new RoutedCluster()
    const client = cluster.node(1).connect()
    expect(client.call('CLUSTER', 'ROUTING', 'FORWARD')).toBe('OK')
    client.send('SET', other, '1')
    cluster.settle()
    expect(client.replies()).toEqual(['OK'])
    client.call('RESET')
    expect(client.call('GET', other)).toBeInstanceOf(RespError)
  })

  test('keeps the replies of a pipeline in order, wherever its commands run', () => {
    const { cluster, client } = forwarding()
    const commands: string[][] = []
    const expected: RespValue[] = []
    for (let i = 0; i < 60; i++) {
      const key = keyIn([0, 100, 101, 200][i % 4]!, `k${i}`)
      commands.push(['SET', key, String(i)], ['GET', key])
      expected.push('OK', String(i))
      if (i % 7 === 0) {
        commands.push(['PING', String(i)], ['NOSUCH'])
        expected.push(String(i), expect.any(RespError))
      }
    }
    const first = client.pipeline(...commands)
    cluster.settle()
    expect([...first, ...client.replies()]).toEqual(expected)
  })

  test('sends on commands for one node without waiting for each reply', () => {
    const { cluster, client } = forwarding()
    client.send('GET', other)
    cluster.settle()
    client.replies()
    client.pipeline(...Array.from({ length: 50 }, (_, i) => ['INCRBY', other, String(i)]))
    // All arrive before any is answered.
    let steps = 0
    while (client.replies().length === 0) {
      cluster.network.step()
      steps++
    }
    expect(steps).toBeGreaterThan(50)
    cluster.settle()
    expect(cluster.node(2).connect().call('GET', other)).toBe('1225')
  })

  test('what a client sends behind a forwarded command waits if it is not for the same node', () => {
    const { cluster, client } = forwarding()
    client.send('GET', other)
    client.send('PING')
    client.send('SET', own, '1')
    expect(client.replies()).toEqual([])
    cluster.settle()
    expect(client.replies()).toEqual([null, 'PONG', 'OK'])
  })

  test('runs in the database and protocol of the client, as they change', () => {
    const { cluster, client, call } = forwarding()
    expect(call('SET', other, 'zero')).toBe('OK')
    call('SELECT', '3')
    expect(call('GET', other)).toBeNull()
    expect(call('SET', other, 'third')).toBe('OK')
    call('SELECT', '0')
    expect(call('GET', other)).toBe('zero')
    expect(call('HSET', keyIn(100, 'hash'), 'a', '1')).toBe(1)
    call('HELLO', '3')
    expect(call('HGETALL', keyIn(100, 'hash'))).toEqual(new Map([['a', '1']]))
    expect(cluster.network.connections).toHaveLength(1)
    expect(client.pushes()).toEqual([])
  })

  test('runs as the user of the client, whom the other node must know', () => {
    const { cluster, call } = forwarding()
    for (const node of cluster.nodes) {
      node.connect().call('ACL', 'SETUSER', 'ann', 'on', 'nopass', '~*', '+@all', '-set')
    }
    cluster.node(1).connect().call('ACL', 'SETUSER', 'bob', 'on', 'nopass', '~*', '+@all')
    cluster.node(1).connect().call('ACL', 'SETUSER', 'ann', '+set')
    call('AUTH', 'ann', 'x')
    expect(call('GET', other)).toBeNull()
    expect(call('SET', other, '1')).toEqual(
      expect.objectContaining({ text: expect.stringMatching(/^NOPERM /) }),
    )
    call('AUTH', 'bob', 'x')
    expect(call('GET', other)).toEqual(
      new RespError('NOPERM the user is unknown or off at the node that serves the key'),
    )
    call('AUTH', 'default', 'x')
    expect(call('SET', other, '1')).toBe('OK')
  })

  test('names the client at the other node', () => {
    const { cluster, client, call } = forwarding()
    call('CLIENT', 'SETNAME', 'worker')
    call('GET', other)
    const list = cluster.node(2).connect().call('CLIENT', 'LIST') as string
    expect(list).toContain('name=worker')
    expect(list).toContain(`lib-name=latchkey-forward lib-ver=${client.address}`)
  })

  test('passes errors on', () => {
    const { call } = forwarding()
    call('SET', other, 'x')
    expect(call('INCR', other)).toEqual(
      new RespError('ERR value is not an integer or out of range'),
    )
  })

  test('says nothing to a client that wants no replies', () => {
    const { cluster, client, call } = forwarding()
    client.write(Buffer.from('CLIENT REPLY OFF\r\n'))
    client.send('SET', other, '1')
    cluster.settle()
    client.send('CLIENT', 'REPLY', 'ON')
    cluster.settle()
    expect(client.replies()).toEqual(['OK'])
    client.pipeline(['CLIENT', 'REPLY', 'SKIP'], ['SET', other, '2'], ['GET', other])
    cluster.settle()
    expect(client.replies()).toEqual(['2'])
    expect(call('GET', other)).toBe('2')
  })

  test('redirects subscribers of shard channels, and forwards SPUBLISH', () => {
    const { cluster, call } = forwarding()
    expect(call('SSUBSCRIBE', other)).toBeInstanceOf(RespError)
    const listener = cluster.node(2).connect(3)
    listener.send('SSUBSCRIBE', other)
    expect(call('SPUBLISH', other, 'hello')).toBe(1)
    expect(listener.pushes().at(-1)).toEqual(['smessage', other, 'hello'])
  })

  test('large replies come whole', () => {
    const { call } = forwarding()
    const value = 'x'.repeat(300_000)
    call('SET', other, value)
    expect(call('GET', other)).toBe(value)
  })
})

describe('a command that waits elsewhere', () => {
  test('is answered when its turn comes', () => {
    const { cluster, client } = forwarding()
    client.send('BLPOP', other, '0')
    client.send('PING')
    cluster.settle()
    expect(client.replies()).toEqual([])
    cluster.node(2).connect().call('RPUSH', other, 'x')
    cluster.settle()
    expect(client.replies()).toEqual([[other, 'x'], 'PONG'])
  })

  test('ends with the client that asked, and so does what the client holds there', () => {
    const cluster = new RoutedCluster()
    const [holder, waiter] = [cluster.node(1).connect(), cluster.node(1).connect()]
    holder.send('LOCK.ACQUIRE', other, 'a', 'CONN')
    waiter.send('LOCK.ACQUIRE', other, 'b', 'CONN', 'WAIT', '0')
    cluster.settle()
    expect(holder.replies()).toEqual([expect.any(Number)])
    expect(cluster.node(2).server.waiting.size).toBe(1)
    waiter.disconnect()
    cluster.settle()
    expect(cluster.node(2).server.waiting.size).toBe(0)
    holder.disconnect()
    cluster.settle()
    expect(cluster.node(2).connect().call('LOCK.ACQUIRE', other, 'c')).toEqual(expect.any(Number))
    expect(cluster.node(2).server.clients.size).toBe(1)
    expect(fact(cluster, 'cluster_forward_connections')).toBe(0)
  })

  test('ends by CLIENT UNBLOCK at the node of the client', () => {
    const { cluster, client } = forwarding()
    const admin = cluster.node(1).connect()
    const id = String(client.id)
    expect(admin.call('CLIENT', 'UNBLOCK', id)).toBe(0)
    client.send('BLPOP', other, '0')
    cluster.settle()
    expect(admin.call('CLIENT', 'UNBLOCK', id, 'ERROR')).toBe(1)
    cluster.settle()
    expect(client.replies()).toEqual([
      new RespError('UNBLOCKED client unblocked via CLIENT UNBLOCK'),
    ])
    client.send('BLPOP', other, '0')
    cluster.settle()
    expect(admin.call('CLIENT', 'UNBLOCK', id)).toBe(1)
    cluster.settle()
    expect(client.replies()).toEqual([null])
  })

  test('ends by its time', () => {
    const { cluster, client } = forwarding()
    client.send('BLPOP', other, '1')
    cluster.settle()
    cluster.advance(1000)
    expect(client.replies()).toEqual([null])
  })

  test('follows a segment that moves', () => {
    const { cluster, client } = forwarding()
    client.send('BLPOP', other, '0')
    cluster.settle()
    cluster.topology = topologyOf(
      3,
      i => (i === 100 ? [3] : i < 85 ? [1] : i < 170 ? [2] : [3]),
      11,
    )
    cluster.node(2).router.segmentLeft(100)
    cluster.settle()
    expect(client.replies()).toEqual([])
    expect(cluster.node(3).server.waiting.size).toBe(1)
    cluster.node(3).connect().call('RPUSH', other, 'x')
    cluster.settle()
    expect(client.replies()).toEqual([[other, 'x']])
  })

  test('follows a segment that leaves the client’s own node, and one that comes to it', () => {
    const { cluster, client } = forwarding()
    client.send('BLPOP', own, '0')
    client.send('PING')
    cluster.topology = topologyOf(3, i => (i === 0 ? [2] : i < 85 ? [1] : i < 170 ? [2] : [3]), 11)
    cluster.node(1).router.segmentLeft(0)
    cluster.settle()
    expect(cluster.node(2).server.waiting.size).toBe(1)
    cluster.topology = threeNodes(12)
    cluster.node(2).router.segmentLeft(0)
    cluster.settle()
    expect(cluster.node(1).server.waiting.size).toBe(1)
    cluster.node(1).connect().call('RPUSH', own, 'x')
    cluster.settle()
    expect(client.replies()).toEqual([[own, 'x'], 'PONG'])
  })

  test('of a client that is redirected is told where the segment is', () => {
    const cluster = new RoutedCluster()
    const client = cluster.node(1).connect()
    client.send('BLPOP', own, '0')
    cluster.topology = topologyOf(3, i => (i === 0 ? [2] : [1]), 11)
    cluster.node(1).router.segmentLeft(0)
    cluster.settle()
    expect(client.replies()).toEqual([new RespError(`MOVED ${slotOf(own)} 10.0.0.2:7002`)])
  })
})

describe('when a node knows better', () => {
  test('its redirection is followed', () => {
    const { cluster, call } = forwarding()
    const moved = topologyOf(3, i => (i === 100 ? [3] : i < 85 ? [1] : i < 170 ? [2] : [3]), 11)
    cluster.node(2).view.topology = moved
    cluster.node(3).view.topology = moved
    expect(call('SET', other, '1')).toBe('OK')
    expect(cluster.node(3).connect().call('GET', other)).toBe('1')
    expect(fact(cluster, 'cluster_forwards_followed')).toBe(1)
  })

  test('a redirection to the client’s own node is followed too', () => {
    const { cluster, call } = forwarding()
    const moved = topologyOf(3, i => (i === 100 || i < 85 ? [1] : i < 170 ? [2] : [3]), 11)
    cluster.node(2).view.topology = moved
    cluster.node(1).view.roles.set(100, 'elsewhere')
    const { client } = { client: cluster.node(1).connect() }
    client.send('SET', other, '1')
    while (cluster.node(2).server.clients.size === 0) cluster.network.step()
    cluster.node(1).view.roles.clear()
    cluster.node(1).view.topology = moved
    cluster.settle()
    expect(client.replies()).toEqual(['OK'])
    expect(call('GET', other)).toBe('1')
  })

  test('two nodes that name each other are asked until one of them has it', () => {
    const { cluster, client } = forwarding()
    const toThree = topologyOf(3, i => (i === 100 ? [3] : i < 85 ? [1] : i < 170 ? [2] : [3]), 11)
    cluster.node(2).view.topology = toThree
    client.send('SET', other, '1')
    cluster.settle()
    expect(client.replies()).toEqual([])
    cluster.advance(100)
    expect(client.replies()).toEqual([])
    cluster.node(3).view.topology = toThree
    cluster.node(1).view.topology = toThree
    cluster.settle()
    expect(client.replies()).toEqual(['OK'])
  })

  test('two nodes that name each other for too long are given up', () => {
    const { cluster, client } = forwarding()
    cluster.node(2).view.topology = topologyOf(3, i => (i === 100 ? [3] : [1]), 11)
    client.send('SET', other, '1')
    cluster.settle()
    for (let i = 0; i < 45; i++) cluster.advance(50)
    expect(client.replies()).toEqual([expect.any(RespError)])
  })
})

describe('when a connection breaks', () => {
  test('a write that was sent is in doubt, and what came behind it goes on', () => {
    const { cluster, client, call } = forwarding()
    call('SET', other, '1')
    client.pipeline(['SET', other, '2'], ['PING'])
    cluster.network.cut('10.0.0.2:7002')
    cluster.settle()
    expect(client.replies()).toEqual([inDoubt, 'PONG'])
    expect(fact(cluster, 'cluster_forwards_in_doubt')).toBe(1)
  })

  test('a read is sent again', () => {
    const { cluster, client, call } = forwarding()
    call('SET', other, '1')
    client.send('GET', other)
    cluster.network.cut('10.0.0.2:7002')
    cluster.network.mend('10.0.0.2:7002')
    cluster.settle()
    expect(client.replies()).toEqual([])
    cluster.advance(50)
    expect(client.replies()).toEqual(['1'])
    expect(fact(cluster, 'cluster_forwards_repeated')).toBe(1)
  })

  test('a write that was not sent goes to the node that takes over', () => {
    const { cluster, client } = forwarding()
    cluster.network.cut('10.0.0.2:7002')
    client.send('SET', other, '1')
    cluster.settle()
    cluster.advance(300)
    expect(client.replies()).toEqual([])
    cluster.topology = topologyOf(3, i => (i < 85 ? [1] : [3]), 11)
    cluster.settle()
    expect(client.replies()).toEqual(['OK'])
    expect(cluster.node(3).connect().call('GET', other)).toBe('1')
  })

  test('a node that cannot be reached for too long is an error that says so', () => {
    const { cluster, client } = forwarding()
    cluster.network.cut('10.0.0.2:7002')
    client.send('SET', other, '1')
    client.send('PING')
    cluster.settle()
    for (let i = 0; i < 40; i++) cluster.advance(50)
    expect(client.replies()).toEqual([new RespError('CLUSTERDOWN The cluster is down'), 'PONG'])
  })

  test('answers of others wait for the one in doubt', () => {
    const { cluster, client, call } = forwarding()
    call('SET', other, '1')
    client.pipeline(['INCR', other], ['INCR', other], ['GET', other])
    cluster.network.cut('10.0.0.2:7002')
    cluster.network.mend('10.0.0.2:7002')
    cluster.settle()
    cluster.advance(50)
    expect(client.replies()).toEqual([inDoubt, inDoubt, '1'])
  })

  test('a client loses its connection if something was bound to the one that broke', () => {
    const cluster = new RoutedCluster()
    const [bound, leased] = [cluster.node(1).connect(), cluster.node(1).connect()]
    bound.send('LOCK.ACQUIRE', other, 'a', 'CONN')
    leased.send('LOCK.ACQUIRE', keyIn(101), 'b', 'PX', '5000')
    cluster.settle()
    cluster.network.cut('10.0.0.2:7002')
    cluster.settle()
    expect([bound.closed, leased.closed]).toEqual([true, false])
  })

  test('a node that does not let us in is given up after its time', () => {
    const { cluster, client } = forwarding()
    const node = cluster.node(2)
    node.server.receive = () => undefined
    client.send('SET', other, '1')
    cluster.settle()
    for (let i = 0; i < 30; i++) cluster.advance(100)
    expect(client.replies()).toEqual([new RespError('CLUSTERDOWN The cluster is down')])
  })

  test('connections that hold nothing end when nobody uses them, others stay', () => {
    const { cluster, client, call } = forwarding()
    call('SET', other, '1')
    call('LOCK.ACQUIRE', third, 'a', 'CONN')
    cluster.advance(61_000)
    cluster.settle()
    expect(fact(cluster, 'cluster_forward_connections')).toBe(1)
    expect(cluster.node(2).server.clients.size).toBe(0)
    expect(client.closed).toBe(false)
    expect(call('GET', other)).toBe('1')
  })
})

describe('a peer', () => {
  test('that does not know the secret is not let in, and neither are we', () => {
    const cluster = new RoutedCluster()
    const client = cluster.node(2).connect()
    expect(client.call('CLUSTER', 'LINK', 'FORWARD', 'x', 'default', '0', '2', 'a:1', 'n')).toEqual(
      expect.objectContaining({ text: expect.stringMatching(/^NOAUTH /) }),
    )
    const [nonce] = client.call('CLUSTER', 'LINK', 'HELLO', 'abc') as string[]
    expect(nonce).toMatch(/^[0-9a-f]+$/)
    expect(
      client.call('CLUSTER', 'LINK', 'FORWARD', 'f'.repeat(64), 'default', '0', '2', 'a:1', 'n'),
    ).toBeInstanceOf(RespError)
  })

  test('speaks for no user with a password where there is no secret', () => {
    const cluster = new RoutedCluster(threeNodes(), { ...FORWARD, secret: '' })
    const client = cluster.node(1).connect()
    client.send('SET', other, '1')
    cluster.settle()
    expect(client.replies()).toEqual(['OK'])
    for (const node of cluster.nodes) {
      node.connect().call('ACL', 'SETUSER', 'ann', 'on', '>secret', '~*', '+@all')
    }
    client.call('AUTH', 'ann', 'secret')
    client.send('SET', other, '2')
    cluster.settle()
    expect(client.replies()).toEqual([
      new RespError(
        'NOPERM without a cluster-secret no node can speak for a user who has a password',
      ),
    ])
  })

  test('with another secret is not spoken to', () => {
    const cluster = new RoutedCluster(threeNodes(), FORWARD)
    const stranger = new RoutedServer({ network: cluster.network, secret: 'other', ...FORWARD })
    const client = stranger.connect()
    client.send('SET', other, '1')
    cluster.settle()
    for (let i = 0; i < 45; i++) {
      stranger.advance(50)
      cluster.settle()
    }
    expect(client.replies()).toEqual([new RespError('CLUSTERDOWN The cluster is down')])
    expect(cluster.node(2).connect().call('EXISTS', other)).toBe(0)
  })

  test('never gets its commands forwarded a second time', () => {
    const { cluster, call } = forwarding()
    cluster.node(2).view.topology = topologyOf(3, () => [3], 11)
    cluster.node(3).view.topology = topologyOf(3, () => [3], 11)
    expect(call('SET', other, '1')).toBe('OK')
    expect(new Map(cluster.node(2).router.facts()).get('cluster_forwarded_commands')).toBe(0)
  })
})

describe('a transaction', () => {
  test('with all its keys at another node runs there as a whole', () => {
    const { cluster, call } = forwarding()
    expect(call('MULTI')).toBe('OK')
    expect(call('SET', other, '1')).toBe('QUEUED')
    expect(call('INCR', other)).toBe('QUEUED')
    expect(call('PING')).toBe('QUEUED')
    expect(call('EXEC')).toEqual(['OK', 2, 'PONG'])
    expect(cluster.node(2).connect().call('GET', other)).toBe('2')
    expect(call('EXEC')).toEqual(new RespError('ERR EXEC without MULTI'))
  })

  test('with keys of several slots is refused, and nothing runs', () => {
    const { call } = forwarding()
    call('MULTI')
    call('SET', other, '1')
    call('SET', own, '1')
    expect(call('EXEC')).toEqual(
      new RespError("CROSSSLOT Keys in request don't hash to the same slot"),
    )
    expect(call('EXISTS', own)).toBe(0)
  })

  test('follows its keys', () => {
    const { cluster, call } = forwarding()
    const moved = topologyOf(3, i => (i === 100 ? [3] : i < 85 ? [1] : i < 170 ? [2] : [3]), 11)
    cluster.node(2).view.topology = moved
    cluster.node(3).view.topology = moved
    call('MULTI')
    call('SET', other, '1')
    expect(call('EXEC')).toEqual(['OK'])
    expect(cluster.node(3).connect().call('GET', other)).toBe('1')
  })

  test('is in doubt as a whole if its connection breaks', () => {
    const { cluster, client, call } = forwarding()
    call('GET', other)
    call('MULTI')
    call('SET', other, '1')
    client.send('EXEC')
    cluster.network.cut('10.0.0.2:7002')
    cluster.settle()
    expect(client.replies()).toEqual([inDoubt])
  })

  test('does nothing if a key that is watched at the other node was changed', () => {
    const { cluster, call } = forwarding()
    const rival = cluster.node(2).connect()
    expect(call('WATCH', other)).toBe('OK')
    rival.call('SET', other, 'rival')
    call('MULTI')
    call('SET', other, 'mine')
    expect(call('EXEC')).toBeNull()
    expect(call('WATCH', other)).toBe('OK')
    call('MULTI')
    call('SET', other, 'mine')
    expect(call('EXEC')).toEqual(['OK'])
  })

  test('without keys is subject to what is watched elsewhere', () => {
    const { cluster, call } = forwarding()
    call('WATCH', other)
    cluster.node(2).connect().call('SET', other, 'rival')
    call('MULTI')
    call('PING')
    expect(call('EXEC')).toBeNull()
  })

  test('cannot watch at one node and run at another', () => {
    const { call } = forwarding()
    const crossSlot = new RespError("CROSSSLOT Keys in request don't hash to the same slot")
    for (const [watched, written] of [
      [other, own],
      [own, other],
      [other, third],
    ] as const) {
      call('WATCH', watched)
      call('MULTI')
      call('SET', written, '1')
      expect(call('EXEC'), `${watched} ${written}`).toEqual(crossSlot)
      call('UNWATCH')
    }
  })

  test('is not bound by what was unwatched', () => {
    const { cluster, call } = forwarding()
    call('WATCH', other)
    call('UNWATCH')
    cluster.node(2).connect().call('SET', other, 'rival')
    call('MULTI')
    call('SET', other, 'mine')
    expect(call('EXEC')).toEqual(['OK'])
  })

  test('does nothing if the connection that watched for it broke', () => {
    const { cluster, call } = forwarding()
    call('WATCH', other)
    cluster.network.cut('10.0.0.2:7002')
    cluster.network.mend('10.0.0.2:7002')
    cluster.settle()
    call('MULTI')
    call('SET', other, 'mine')
    expect(call('EXEC')).toBeNull()
  })
})
