// What the router of a node decides about commands. Node 1 of three serves segments 0 to 84 and backs
// up 170 to 255; node 2 serves 85 to 169.

import { describe, expect, test } from 'vitest'
import { SEGMENTS } from '../../../src/keyspace/slot.ts'
import { RespError } from '../../harness/resp-value.ts'
import { FakeView, nodeId, threeNodes, topologyOf } from './fake-view.ts'
import { keyIn, RoutedServer, slotOf } from './node.ts'

const own = keyIn(0)
const other = keyIn(100)
const kept = keyIn(200)
const moved = (key: string, address: string) => new RespError(`MOVED ${slotOf(key)} ${address}`)
const movedOther = moved(other, '10.0.0.2:7002')
const movedKept = moved(kept, '10.0.0.3:7003')
const crossSlot = new RespError("CROSSSLOT Keys in request don't hash to the same slot")
const notServed = new RespError('CLUSTERDOWN Hash slot not served')
const clusterDown = new RespError('CLUSTERDOWN The cluster is down')

describe('a command', () => {
  test('runs here if its key is served here', () => {
    const client = new RoutedServer().connect()
    expect(client.call('SET', own, '1')).toBe('OK')
    expect(client.call('GET', own)).toEqual('1')
  })

  test('without keys runs where it came', () => {
    const client = new RoutedServer().connect()
    expect(client.call('PING')).toBe('PONG')
    expect(client.call('DBSIZE')).toBe(0)
    expect(client.call('EVAL', 'return 1', '0')).toBe(1)
  })

  test('whose key is elsewhere is redirected by the slot, host and port', () => {
    const client = new RoutedServer().connect()
    expect(client.call('SET', other, '1')).toEqual(movedOther)
    expect(client.call('GET', kept)).toEqual(movedKept)
  })

  test('with keys of several slots is refused, though both are here', () => {
    const client = new RoutedServer().connect()
    expect(client.call('MGET', keyIn(0), keyIn(1))).toEqual(crossSlot)
    expect(client.call('MSET', own, '1', other, '2')).toEqual(crossSlot)
    expect(client.call('MGET', '{a}1', '{a}2')).toEqual(moved('a', '10.0.0.3:7003'))
  })

  test('is routed by the keys that its arguments declare', () => {
    const client = new RoutedServer().connect()
    expect(client.call('EVAL', 'return 1', '1', other)).toEqual(movedOther)
    expect(client.call('EVAL', 'return 1', '2', own, other)).toEqual(crossSlot)
    expect(client.call('XREAD', 'STREAMS', other, '0')).toEqual(movedOther)
    expect(client.call('OBJECT', 'ENCODING', other)).toEqual(movedOther)
    expect(client.call('SSUBSCRIBE', other)).toEqual(movedOther)
    expect(client.call('SPUBLISH', other, 'x')).toEqual(movedOther)
  })

  test('with the wrong number of arguments is told so, wherever its key is', () => {
    const client = new RoutedServer().connect()
    expect(client.call('GET', other, 'x')).toEqual(
      new RespError("ERR wrong number of arguments for 'get' command"),
    )
  })

  test('is refused at once where all copies are lost, before keys that are apart count', () => {
    const node = new RoutedServer()
    node.view.roles.set(0, 'lost')
    const client = node.connect()
    expect(client.call('SET', own, '1')).toEqual(notServed)
    expect(client.call('MGET', own, other)).toEqual(notServed)
    expect(client.call('MGET', other, own)).toEqual(crossSlot)
  })

  test('finds a new owner as soon as the view has changed', () => {
    const node = new RoutedServer()
    const client = node.connect()
    expect(client.call('SET', own, '1')).toBe('OK')
    node.view.topology = topologyOf(3, () => [2, 1], 11)
    expect(client.call('SET', own, '1')).toEqual(moved(own, '10.0.0.2:7002'))
    node.view.topology = threeNodes(12)
    expect(client.call('SET', own, '1')).toBe('OK')
  })

  test('selects any database, and moves keys between them', () => {
    const client = new RoutedServer().connect()
    expect(client.call('SET', own, '1')).toBe('OK')
    expect(client.call('MOVE', own, '3')).toBe(1)
    expect(client.call('SELECT', '3')).toBe('OK')
    expect(client.call('GET', own)).toEqual('1')
  })
})

describe('without a lease', () => {
  test('a command waits, and runs when the lease is renewed', () => {
    const node = new RoutedServer()
    const client = node.connect()
    node.view.leaseUntil = 0
    client.send('SET', own, '1')
    expect(client.replies()).toEqual([])
    node.advance(500)
    expect(client.replies()).toEqual([])
    node.view.leaseUntil = Number.POSITIVE_INFINITY
    node.advance(10)
    expect(client.replies()).toEqual(['OK'])
  })

  test('a command is refused when the waiting time is over', () => {
    const node = new RoutedServer()
    const client = node.connect()
    node.view.leaseUntil = 0
    client.send('SET', own, '1')
    node.advance(1999)
    expect(client.replies()).toEqual([])
    node.advance(1)
    expect(client.replies()).toEqual([clusterDown])
    expect(node.router.putOffCount).toBe(0)
  })

  test('the clock is read after the bytes came, in the middle of a turn too', () => {
    const node = new RoutedServer()
    const client = node.connect()
    node.view.leaseUntil = 100
    node.server.beginTurn()
    node.clock.advance(100)
    client.send('SET', own, '1')
    expect(client.replies()).toEqual([])
  })

  test('redirections go on', () => {
    const node = new RoutedServer()
    node.view.leaseUntil = 0
    expect(node.connect().call('GET', other)).toEqual(movedOther)
  })
})

describe('while a segment settles', () => {
  function settling() {
    const node = new RoutedServer()
    node.view.roles.set(0, 'settles')
    return node
  }

  test('a command waits and runs once the segment is served', () => {
    const node = settling()
    const client = node.connect()
    client.send('SET', own, '1')
    expect(client.replies()).toEqual([])
    node.view.setRole(0, undefined)
    node.server.flush()
    expect(client.replies()).toEqual(['OK'])
  })

  test('a command waits and is redirected if another node serves the segment then', () => {
    const node = settling()
    const client = node.connect()
    client.send('SET', own, '1')
    node.view.roles.delete(0)
    node.view.topology = topologyOf(3, () => [2], 11)
    node.server.flush()
    expect(client.replies()).toEqual([moved(own, '10.0.0.2:7002')])
  })

  test('a client gets its replies in the order of its commands', () => {
    const node = settling()
    const client = node.connect()
    client.pipeline(['SET', keyIn(1), '1'], ['SET', own, '1'], ['GET', keyIn(1)], ['NOSUCH'])
    client.send('PING')
    expect(client.replies()).toEqual([])
    node.view.setRole(0, undefined)
    node.server.flush()
    const [, get, error, pong] = client.replies()
    expect(get).toEqual('1')
    expect(error).toBeInstanceOf(RespError)
    expect(pong).toBe('PONG')
  })

  test('others are served meanwhile', () => {
    const node = settling()
    node.connect().send('SET', own, '1')
    expect(node.connect().call('SET', keyIn(1), '1')).toBe('OK')
  })

  test('the waiting time is counted for each command anew', () => {
    const node = settling()
    const client = node.connect()
    client.pipeline(['SET', own, '1'], ['SET', own, '2'])
    node.advance(2000)
    expect(client.replies()).toEqual([notServed])
    node.advance(1999)
    expect(client.replies()).toEqual([])
    node.advance(1)
    expect(client.replies()).toEqual([notServed])
  })

  test('a client that goes leaves nothing behind', () => {
    const node = settling()
    const client = node.connect()
    client.send('SET', own, '1')
    expect(node.router.putOffCount).toBe(1)
    client.disconnect()
    expect(node.router.putOffCount).toBe(0)
    expect(node.router.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('with a waiting time of zero a command is refused at once', () => {
    const node = new RoutedServer({ settings: [['cluster-park-timeout', '0']] })
    node.view.roles.set(0, 'settles')
    expect(node.connect().call('SET', own, '1')).toEqual(notServed)
  })

  test('a pause that ends meanwhile neither runs a command nor prolongs its wait', () => {
    const node = settling()
    const client = node.connect()
    client.send('SET', own, '1')
    const admin = node.connect()
    admin.call('CLIENT', 'PAUSE', '100')
    node.advance(1500)
    expect(client.replies()).toEqual([])
    node.advance(500)
    expect(client.replies()).toEqual([notServed])
  })

  test('CLIENT REPLY SKIP silences the command that waited and no other', () => {
    const node = settling()
    const client = node.connect()
    client.write(Buffer.from('CLIENT REPLY SKIP\r\n'))
    client.send('SET', own, '1')
    client.send('PING')
    node.view.setRole(0, undefined)
    node.server.flush()
    expect(client.replies()).toEqual(['PONG'])
  })

  test('FLUSHALL waits until all segments of the node are served, reads without keys do not', () => {
    const node = settling()
    node.view.roles.set(200, 'settles')
    const client = node.connect()
    client.call('SET', keyIn(1), '1')
    client.send('FLUSHALL')
    expect(client.replies()).toEqual([])
    expect(node.connect().call('DBSIZE')).toBe(1)
    node.view.setRole(0, undefined)
    node.server.flush()
    expect(client.replies()).toEqual(['OK'])
    expect(client.call('DBSIZE')).toBe(0)
  })

  test('FLUSHALL in a transaction waits too', () => {
    const node = settling()
    const client = node.connect()
    client.call('MULTI')
    client.call('FLUSHALL')
    client.send('EXEC')
    expect(client.replies()).toEqual([])
    node.view.setRole(0, undefined)
    node.server.flush()
    expect(client.replies()).toEqual([['OK']])
  })

  test('a primary that the view calls elsewhere though it is us is waited for', () => {
    const node = new RoutedServer()
    node.view.roles.set(0, 'elsewhere')
    const client = node.connect()
    client.send('SET', own, '1')
    expect(client.replies()).toEqual([])
    expect(node.view.topology.segments[0]!.inSync[0]).toBe(nodeId(1))
  })
})

describe('a transaction', () => {
  test('is spoilt by a redirection while it is queued', () => {
    const client = new RoutedServer().connect()
    client.call('MULTI')
    expect(client.call('SET', other, '1')).toEqual(movedOther)
    expect(client.call('EXEC')).toEqual(
      new RespError('EXECABORT Transaction discarded because of previous errors.'),
    )
  })

  test('with keys of several slots is refused by EXEC, and is over', () => {
    const client = new RoutedServer().connect()
    client.call('MULTI')
    expect(client.call('SET', keyIn(0), '1')).toBe('QUEUED')
    expect(client.call('SET', keyIn(1), '1')).toBe('QUEUED')
    expect(client.call('EXEC')).toEqual(crossSlot)
    expect(client.call('EXEC')).toEqual(new RespError('ERR EXEC without MULTI'))
    expect(client.call('GET', keyIn(0))).toBeNull()
  })

  test('is redirected by EXEC if the segment has gone since, and is over', () => {
    const node = new RoutedServer()
    const client = node.connect()
    client.call('MULTI')
    expect(client.call('SET', own, '1')).toBe('QUEUED')
    node.view.topology = topologyOf(3, () => [2, 1], 11)
    expect(client.call('EXEC')).toEqual(moved(own, '10.0.0.2:7002'))
    expect(client.call('EXEC')).toEqual(new RespError('ERR EXEC without MULTI'))
  })

  test('is queued while the segment settles, and EXEC waits', () => {
    const node = new RoutedServer()
    node.view.roles.set(0, 'settles')
    const client = node.connect()
    client.call('MULTI')
    expect(client.call('SET', own, '1')).toBe('QUEUED')
    client.send('EXEC')
    expect(client.replies()).toEqual([])
    node.view.setRole(0, undefined)
    node.server.flush()
    expect(client.replies()).toEqual([['OK']])
  })

  test('without keys runs anywhere', () => {
    const client = new RoutedServer().connect()
    client.call('MULTI')
    client.call('PING')
    expect(client.call('EXEC')).toEqual(['PONG'])
  })

  test('WATCH is redirected like a read', () => {
    const client = new RoutedServer().connect()
    expect(client.call('WATCH', other)).toEqual(movedOther)
    expect(client.call('WATCH', own)).toBe('OK')
  })

  test('does nothing if a watched key has left the node, even if it came back', () => {
    const node = new RoutedServer()
    const client = node.connect()
    client.call('WATCH', own)
    node.router.segmentLeft(0)
    client.call('MULTI')
    client.call('PING')
    expect(client.call('EXEC')).toBeNull()
  })
})

describe('backup reads', () => {
  test('are for clients that said READONLY, and only reads', () => {
    const node = new RoutedServer()
    node.backup.connect().call('SET', kept, 'copy')
    const client = node.connect()
    expect(client.call('GET', kept)).toEqual(movedKept)
    client.client.set(1 << 11, true)
    expect(client.call('GET', kept)).toEqual('copy')
    expect(client.call('SET', kept, '1')).toEqual(movedKept)
    expect(client.call('GET', other)).toEqual(movedOther)
    expect(client.call('SET', own, '1')).toBe('OK')
    expect(client.call('GET', own)).toEqual('1')
  })

  test('answer errors of the command', () => {
    const node = new RoutedServer()
    node.backup.connect().call('SET', kept, 'copy')
    const client = node.connect()
    client.client.set(1 << 11, true)
    expect(client.pipeline(['LRANGE', kept, '0', '-1'], ['GET', kept])).toEqual([
      new RespError('WRONGTYPE Operation against a key holding the wrong kind of value'),
      'copy',
    ])
  })

  test('take a key whose time is over for missing, and leave it', () => {
    const node = new RoutedServer()
    const backup = node.backup.connect()
    backup.call('SET', kept, 'copy', 'PX', '50')
    node.backup.server.keyspace.expires = false
    const client = node.connect()
    client.client.set(1 << 11, true)
    expect(client.call('GET', kept)).toEqual('copy')
    node.clock.advance(50)
    expect(client.call('GET', kept)).toBeNull()
    expect(node.backup.server.keyspace.databases[0]!.size).toBe(1)
  })

  test('use the same database as the client', () => {
    const node = new RoutedServer()
    const backup = node.backup.connect()
    backup.call('SELECT', '2')
    backup.call('SET', kept, 'two')
    const client = node.connect()
    client.client.set(1 << 11, true)
    expect(client.call('GET', kept)).toBeNull()
    client.call('SELECT', '2')
    expect(client.call('GET', kept)).toEqual('two')
  })

  test('need no READONLY where backups are advertised', () => {
    const node = new RoutedServer({ settings: [['cluster-advertise-backups', 'yes']] })
    node.backup.connect().call('SET', kept, 'copy')
    expect(node.connect().call('GET', kept)).toEqual('copy')
  })

  test('neither wait nor run scripts nor belong to transactions', () => {
    const node = new RoutedServer()
    const client = node.connect()
    client.client.set(1 << 11, true)
    expect(client.call('XREAD', 'BLOCK', '0', 'STREAMS', kept, '$')).toEqual(movedKept)
    expect(client.call('EVAL_RO', 'return 1', '1', kept)).toEqual(movedKept)
    client.call('MULTI')
    expect(client.call('GET', kept)).toEqual(movedKept)
  })
})

describe('scripts', () => {
  const scriptError = (text: string) =>
    expect.objectContaining({ text: expect.stringContaining(text) })

  test('reach keys of the slot that they declared, and no others', () => {
    const client = new RoutedServer().connect()
    expect(client.call('EVAL', "return redis.call('SET', KEYS[1], '1')", '1', own)).toBe('OK')
    expect(
      client.call('EVAL', "return redis.call('SET', ARGV[1], '1')", '1', own, keyIn(1)),
    ).toEqual(scriptError('Script attempted to access keys that do not hash to the same slot'))
  })

  test('that declare none reach the keys that are served here', () => {
    const client = new RoutedServer().connect()
    const script = "return redis.call('SET', ARGV[1], '1')"
    expect(client.call('EVAL', script, '0', own)).toBe('OK')
    expect(client.call('EVAL', script, '0', other)).toEqual(
      scriptError('Script attempted to access a non local key in a cluster node'),
    )
  })
})

describe('when a segment leaves', () => {
  test('calls that wait for its keys are told where it is', () => {
    const node = new RoutedServer()
    const waiter = node.connect()
    const elsewhere = node.connect()
    waiter.send('BLPOP', own, '0')
    elsewhere.send('BLPOP', keyIn(1), '0')
    node.view.topology = topologyOf(3, i => (i === 0 ? [2] : [1]), 11)
    node.router.segmentLeft(0)
    node.server.flush()
    expect(waiter.replies()).toEqual([moved(own, '10.0.0.2:7002')])
    expect(elsewhere.replies()).toEqual([])
    expect(waiter.call('PING')).toBe('PONG')
  })

  test('subscribers of its shard channels are unsubscribed', () => {
    const node = new RoutedServer()
    const client = node.connect(3)
    client.send('SSUBSCRIBE', own)
    client.send('SSUBSCRIBE', keyIn(1))
    client.pushes()
    node.router.segmentLeft(0)
    node.server.flush()
    expect(client.pushes()).toEqual([['sunsubscribe', own, 1]])
    expect([...node.server.pubsub.shardChannels.keys()]).toEqual([keyIn(1)])
  })
})

describe('a call that waits for a key', () => {
  test('is not served while its segment is not, and has its turn afterwards', () => {
    const node = new RoutedServer()
    const waiter = node.connect()
    waiter.send('BLPOP', own, '0')
    node.view.setRole(0, 'settles')
    node.server.waiting.signal(node.server.keyspace.databases[0]!, own)
    node.server.dispatch.serveReady()
    expect(waiter.replies()).toEqual([])
    const list = node.connect()
    list.send('RPUSH', own, 'x')
    node.view.setRole(0, undefined)
    node.server.flush()
    expect(waiter.replies()).toEqual([[own, 'x']])
  })

  test('has its turn when the lease is renewed', () => {
    const node = new RoutedServer()
    const waiter = node.connect()
    waiter.send('BLPOP', own, '0')
    node.view.leaseUntil = 0
    const list = node.connect()
    node.server.readClock()
    const db = node.server.keyspace.databases[0]!
    node.server.waiting.signal(db, own)
    node.server.dispatch.serveReady()
    list.send('RPUSH', own, 'x')
    expect(waiter.replies()).toEqual([])
    node.view.leaseUntil = Number.POSITIVE_INFINITY
    node.advance(10)
    expect(waiter.replies()).toEqual([[own, 'x']])
  })
})

test('all segments are looked up again after one change of the view', () => {
  const view = new FakeView(1, threeNodes())
  const node = new RoutedServer({ view })
  let looks = 0
  const roleOf = view.roleOf.bind(view)
  view.roleOf = segment => {
    looks++
    return roleOf(segment)
  }
  const client = node.connect()
  for (let i = 0; i < 5; i++) view.changed()
  client.pipeline(['SET', own, '1'], ['GET', own], ['GET', own])
  expect(looks).toBe(SEGMENTS)
})

describe('a write', () => {
  const noReplicas = new RespError('NOREPLICAS Not enough good replicas to write.')

  test('is refused where fewer copies are in sync than are asked for; a read is not', () => {
    const server = new RoutedServer()
    const client = server.connect()
    client.call('SET', own, '1')
    client.call('CONFIG', 'SET', 'min-insync-owners', '2')
    expect(client.call('SET', own, '2')).toBe('OK')
    server.view.topology = topologyOf(3, i => (i < 85 ? [1] : [2, 3]), 11)
    expect(client.call('SET', own, '3')).toEqual(noReplicas)
    expect(client.call('EVAL', "return redis.call('SET', KEYS[1], 4)", '1', own)).toMatchObject({
      text: expect.stringContaining('NOREPLICAS'),
    })
    expect(client.call('FLUSHALL')).toEqual(noReplicas)
    expect(client.call('GET', own)).toBe('2')
    client.call('CONFIG', 'SET', 'min-insync-owners', '1')
    expect(client.call('SET', own, '5')).toBe('OK')
  })

  test('waits while too much is not committed; a read does not', () => {
    const server = new RoutedServer()
    const client = server.connect()
    client.call('SET', own, '1')
    server.view.isCongested = true
    client.send('SET', own, '2')
    expect(client.replies()).toEqual([])
    expect(server.connect().call('GET', own)).toBe('1')
    server.view.isCongested = false
    server.advance(20)
    expect(client.replies()).toEqual(['OK'])
  })
})
