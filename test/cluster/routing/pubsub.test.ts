// Messages between the subscribers of different nodes.

import { describe, expect, test } from 'vitest'
import { INTEREST, PUBLISH } from '../../../cluster/routing/kinds.ts'
import { nodeId, topologyOf } from './fake-view.ts'
import { keyIn, RoutedCluster } from './node.ts'

function subscribed(cluster: RoutedCluster, number: number, ...names: string[]) {
  const client = cluster.node(number).connect(3)
  for (const name of names) client.send(name.includes('*') ? 'PSUBSCRIBE' : 'SUBSCRIBE', name)
  cluster.settle()
  client.pushes()
  return client
}

const fact = (cluster: RoutedCluster, node: number, name: string) =>
  new Map(cluster.node(node).router.facts()).get(name)

describe('PUBLISH', () => {
  test('reaches subscribers of all nodes, and counts those of its own', () => {
    const cluster = new RoutedCluster()
    const listeners = [1, 2, 3].map(number => subscribed(cluster, number, 'news', 'n*'))
    const publisher = cluster.node(1).connect()
    expect(publisher.call('PUBLISH', 'news', 'hello \u00ff\u0000')).toBe(2)
    cluster.settle()
    for (const listener of listeners) {
      expect(listener.pushes()).toEqual([
        ['message', 'news', 'hello \u00ff\u0000'],
        ['pmessage', 'n*', 'news', 'hello \u00ff\u0000'],
      ])
    }
    expect(fact(cluster, 1, 'cluster_pubsub_messages_sent')).toBe(2)
    expect(fact(cluster, 2, 'cluster_pubsub_messages_received')).toBe(1)
  })

  test('keeps the order of a publisher', () => {
    const cluster = new RoutedCluster()
    const listener = subscribed(cluster, 2, 'news')
    const publisher = cluster.node(1).connect()
    for (let i = 0; i < 50; i++) publisher.call('PUBLISH', 'news', String(i))
    cluster.settle()
    expect(listener.pushes().map(push => (push as string[])[2])).toEqual(
      Array.from({ length: 50 }, (_, i) => String(i)),
    )
  })

  test('from scripts and transactions goes out too', () => {
    const cluster = new RoutedCluster()
    const listener = subscribed(cluster, 3, 'news')
    const publisher = cluster.node(1).connect()
    publisher.call('EVAL', "return redis.call('PUBLISH', 'news', 'a')", '0')
    publisher.call('MULTI')
    publisher.call('PUBLISH', 'news', 'b')
    publisher.call('EXEC')
    cluster.settle()
    expect(listener.pushes().map(push => (push as string[])[2])).toEqual(['a', 'b'])
  })

  test('counts what a link that is down has not taken', () => {
    const cluster = new RoutedCluster()
    cluster.node(1).channel.down.add(nodeId(2))
    cluster.node(1).connect().call('PUBLISH', 'news', 'x')
    expect(fact(cluster, 1, 'cluster_pubsub_messages_undelivered')).toBe(1)
    expect(fact(cluster, 1, 'cluster_pubsub_messages_sent')).toBe(1)
  })

  test('sends nothing where there is no other node', () => {
    const cluster = new RoutedCluster(topologyOf(1, () => [1]))
    cluster.node(1).connect().call('PUBLISH', 'news', 'x')
    expect(cluster.node(1).channel.sent.filter(({ kind }) => kind === PUBLISH)).toEqual([])
  })
})

describe('shard channels', () => {
  test('are heard where their slot is, and nowhere else', () => {
    const cluster = new RoutedCluster()
    const channel = keyIn(100)
    const listener = cluster.node(2).connect(3)
    listener.send('SSUBSCRIBE', channel)
    listener.pushes()
    expect(cluster.node(2).connect().call('SPUBLISH', channel, 'x')).toBe(1)
    cluster.settle()
    expect(listener.pushes()).toEqual([['smessage', channel, 'x']])
    expect(cluster.node(2).channel.sent.filter(({ kind }) => kind === PUBLISH)).toEqual([])
  })
})

describe('news of coordination', () => {
  const key = keyIn(100)

  test('reaches whoever listens, at whichever node', () => {
    const cluster = new RoutedCluster()
    const listeners = [
      subscribed(cluster, 1, `__coord__:${key}`),
      subscribed(cluster, 3, '__coord__:*'),
    ]
    const token = cluster.node(2).connect().call('LOCK.ACQUIRE', key, 'me', 'PX', '1000')
    cluster.node(2).connect().call('LOCK.RELEASE', key, 'me')
    cluster.settle()
    for (const listener of listeners) {
      const texts = listener.pushes().map(push => (push as string[]).at(-1))
      expect(texts).toContain(`lock:released me ${token}`)
    }
  })

  test('is sent to no node at which nobody listens', () => {
    const cluster = new RoutedCluster()
    subscribed(cluster, 1, 'something', 'else')
    const listener = subscribed(cluster, 3, '__coord__:other')
    const sentTo = () =>
      cluster
        .node(2)
        .channel.sent.filter(({ kind }) => kind === PUBLISH)
        .map(({ to }) => to)
    cluster.node(2).connect().call('LOCK.ACQUIRE', key, 'me', 'PX', '1000')
    expect(new Set(sentTo())).toEqual(new Set([nodeId(3)]))
    listener.send('UNSUBSCRIBE')
    cluster.settle()
    const before = sentTo().length
    cluster.node(2).connect().call('LOCK.RELEASE', key, 'me')
    expect(sentTo()).toHaveLength(before)
  })

  test('is told again to nodes whose link was down', () => {
    const cluster = new RoutedCluster()
    cluster.node(1).channel.down.add(nodeId(2))
    const listener = subscribed(cluster, 1, `__coord__:${key}`)
    cluster.node(1).channel.down.clear()
    cluster.advance(1000)
    cluster.node(2).connect().call('LOCK.ACQUIRE', key, 'me', 'PX', '1000')
    cluster.settle()
    expect(listener.pushes().length).toBeGreaterThan(0)
  })

  test('interest is told once per change and second', () => {
    const cluster = new RoutedCluster()
    const told = () => cluster.node(1).channel.sent.filter(({ kind }) => kind === INTEREST).length
    cluster.advance(0)
    const before = told()
    subscribed(cluster, 1, '__coord__:a')
    expect(told()).toBe(before + 2)
    subscribed(cluster, 1, '__coord__:b', 'x*', 'y*')
    cluster.advance(100)
    expect(told()).toBe(before + 2)
    cluster.advance(1000)
    expect(told()).toBe(before + 4)
  })
})
