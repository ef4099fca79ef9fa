// What operators may ask of the grid, and how they are told what it does by itself.

import { describe, expect, test } from 'vitest'
import { loseCopies } from '../../../cluster/topology/segment.ts'
import { freezeTopology } from '../../../cluster/topology/topology.ts'
import {
  FakeView,
  member,
  nodeId,
  threeNodes,
  topologyOf,
} from '../../cluster/routing/fake-view.ts'
import { keyIn, RoutedServer, slotOf } from '../../cluster/routing/node.ts'
import { RespError } from '../../harness/resp-value.ts'

const error = (text: string) => new RespError(`ERR ${text}`)

describe('CLUSTER DRAIN', () => {
  test('proposes that this node leaves', () => {
    const node = new RoutedServer()
    expect(node.connect().call('CLUSTER', 'DRAIN')).toBe('OK')
    expect(node.operations.proposed).toEqual([{ kind: 'leave', id: nodeId(1), expects: 1 }])
  })

  test('proposes that another node leaves, as FORGET does', () => {
    const node = new RoutedServer()
    expect(node.connect().call('CLUSTER', 'DRAIN', nodeId(2))).toBe('OK')
    expect(node.connect().call('CLUSTER', 'FORGET', nodeId(3))).toBe('OK')
    expect(node.operations.proposed).toEqual([
      { kind: 'leave', id: nodeId(2), expects: 2 },
      { kind: 'leave', id: nodeId(3), expects: 3 },
    ])
  })

  test('does nothing for a node that is leaving, and refuses the last', () => {
    const topology = threeNodes()
    const members = [member(1), member(2, { isLeaving: true }), member(3, { isLeaving: true })]
    const view = new FakeView(1, freezeTopology({ ...topology, members }))
    const node = new RoutedServer({ view })
    expect(node.connect().call('CLUSTER', 'DRAIN', nodeId(2))).toBe('OK')
    expect(node.connect().call('CLUSTER', 'DRAIN')).toEqual(
      error('the last node of a cluster cannot leave it'),
    )
    expect(node.operations.proposed).toEqual([])
  })

  test('knows its members', () => {
    const client = new RoutedServer().connect()
    expect(client.call('CLUSTER', 'DRAIN', 'abc')).toEqual(error('Unknown node abc'))
    expect(client.call('CLUSTER', 'FORGET', 'abc')).toEqual(error('Unknown node abc'))
    expect(client.call('CLUSTER', 'FORGET', nodeId(1))).toEqual(
      expect.objectContaining({ text: expect.stringContaining("I can't forget myself") }),
    )
  })
})

describe('CLUSTER MEET', () => {
  test('joins with the given or the usual bus port', () => {
    const node = new RoutedServer()
    const client = node.connect()
    expect(client.call('CLUSTER', 'MEET', '10.1.1.1', '7000')).toBe('OK')
    expect(client.call('CLUSTER', 'MEET', 'host.example', '7000', '7777')).toBe('OK')
    expect(node.operations.met).toEqual([
      ['10.1.1.1', 7000, 17000],
      ['host.example', 7000, 7777],
    ])
  })

  test('checks its arguments as Redis does', () => {
    const client = new RoutedServer().connect()
    expect(client.call('CLUSTER', 'MEET', 'a', '99x')).toEqual(
      error('Invalid TCP base port specified: 99x'),
    )
    expect(client.call('CLUSTER', 'MEET', 'a', '1', 'x')).toEqual(
      error('Invalid TCP bus port specified: x'),
    )
    expect(client.call('CLUSTER', 'MEET', 'a b', '1')).toEqual(
      error('Invalid node address specified: a b:1'),
    )
    expect(client.call('CLUSTER', 'MEET', 'a', '60000')).toEqual(
      error('Invalid node address specified: a:60000'),
    )
    expect(client.call('CLUSTER', 'MEET', 'a', '1', '2', '3')).toEqual(
      error("unknown subcommand or wrong number of arguments for 'MEET'. Try CLUSTER HELP."),
    )
  })
})

describe('CLUSTER FORGET-SEGMENT', () => {
  function withLost() {
    const topology = topologyOf(2, i => (i === 3 ? [2, 1] : [1, 2]))
    const segments = topology.segments.map((each, i) =>
      i === 3 || i === 4
        ? loseCopies(
            each,
            [
              { id: nodeId(1), incarnation: 1 },
              { id: nodeId(2), incarnation: 1 },
            ],
            7,
          )
        : each,
    )
    const members = [member(1), member(2, { state: 'down' })]
    const view = new FakeView(1, freezeTopology({ ...topology, segments, members }))
    return new RoutedServer({ view })
  }

  test('accepts the loss, with the copy of an owner that is up', () => {
    const node = withLost()
    expect(node.connect().call('CLUSTER', 'FORGET-SEGMENT', '3', '4', '3')).toBe('OK')
    const recover = { kind: 'recover', id: nodeId(1), expects: 7, isLossAccepted: true }
    expect(node.operations.proposed).toEqual([
      { ...recover, segment: 3 },
      { ...recover, segment: 4 },
    ])
  })

  test('gives up no segment that somebody serves, and then none at all', () => {
    const node = withLost()
    expect(node.connect().call('CLUSTER', 'FORGET-SEGMENT', '3', '5')).toEqual(
      error('Segment 5 is not lost'),
    )
    expect(node.connect().call('CLUSTER', 'FORGET-SEGMENT', '256')).toEqual(
      error('a segment is a number from 0 to 255'),
    )
    expect(node.operations.proposed).toEqual([])
  })
})

test.each([
  ['ADDSLOTS 1', 'assigns slots'],
  ['ADDSLOTSRANGE 1 2', 'assigns slots'],
  ['DELSLOTS 1', 'assigns slots'],
  ['DELSLOTSRANGE 1 2', 'assigns slots'],
  ['FLUSHSLOTS', 'assigns slots'],
  ['SETSLOT 1 STABLE', 'assigns slots'],
  ['BUMPEPOCH', 'numbers its changes'],
  ['SET-CONFIG-EPOCH 1', 'numbers its changes'],
  ['REPLICATE abc', 'places copies'],
  ['FAILOVER', 'chooses primaries'],
  ['FAILOVER FORCE', 'chooses primaries'],
  ['RESET HARD', 'is left by'],
])('CLUSTER %s is refused: the cluster %s by itself', (words, reason) => {
  const reply = new RoutedServer().connect().call('CLUSTER', ...words.split(' '))
  const text = `CLUSTER ${words.split(' ')[0]} is not supported: the cluster ${reason}`
  expect(reply).toEqual(expect.objectContaining({ text: expect.stringContaining(text) }))
})

test('CLUSTER FAILOVER and RESET know their options, and SAVECONFIG has nothing to do', () => {
  const client = new RoutedServer().connect()
  expect(client.call('CLUSTER', 'FAILOVER', 'x')).toEqual(error('syntax error'))
  expect(client.call('CLUSTER', 'RESET', 'x')).toEqual(error('syntax error'))
  expect(client.call('CLUSTER', 'SAVECONFIG')).toBe('OK')
})

describe('the keys of a slot', () => {
  const [a, b] = [keyIn(0, 'a'), keyIn(0, 'b')]
  const slot = String(slotOf(a))

  test('are counted and listed', () => {
    const client = new RoutedServer().connect()
    for (const key of [a, `{${a}}1`, `{${a}}2`, b]) client.call('SET', key, '1')
    expect(client.call('CLUSTER', 'COUNTKEYSINSLOT', slot)).toBe(3)
    expect((client.call('CLUSTER', 'GETKEYSINSLOT', slot, '10') as string[]).sort()).toEqual(
      [a, `{${a}}1`, `{${a}}2`].sort(),
    )
    expect(client.call('CLUSTER', 'GETKEYSINSLOT', slot, '2')).toHaveLength(2)
    expect(client.call('CLUSTER', 'COUNTKEYSINSLOT', '16383')).toBe(0)
  })

  test('are those of the selected database', () => {
    const client = new RoutedServer().connect()
    client.call('SET', a, '1')
    client.call('SELECT', '1')
    expect(client.call('CLUSTER', 'COUNTKEYSINSLOT', slot)).toBe(0)
  })

  test('are asked for by a slot that exists', () => {
    const client = new RoutedServer().connect()
    const notInteger = error('value is not an integer or out of range')
    expect(client.call('CLUSTER', 'COUNTKEYSINSLOT', '16384')).toEqual(error('Invalid slot'))
    expect(client.call('CLUSTER', 'COUNTKEYSINSLOT', 'x')).toEqual(notInteger)
    expect(client.call('CLUSTER', 'GETKEYSINSLOT', '1', '-1')).toEqual(
      error('Invalid slot or number of keys'),
    )
    expect(client.call('CLUSTER', 'GETKEYSINSLOT', '1', 'x')).toEqual(notInteger)
  })
})

describe('a connection', () => {
  test('may read from backups between READONLY and READWRITE', () => {
    const node = new RoutedServer()
    const kept = keyIn(200)
    node.backup.connect().call('SET', kept, 'copy')
    const client = node.connect()
    expect(client.call('READONLY')).toBe('OK')
    expect(client.call('GET', kept)).toBe('copy')
    expect(client.call('READWRITE')).toBe('OK')
    expect(client.call('GET', kept)).toBeInstanceOf(RespError)
    client.call('READONLY')
    client.call('RESET')
    expect(client.call('GET', kept)).toBeInstanceOf(RespError)
  })

  test('may say ASKING to no effect', () => {
    const client = new RoutedServer().connect()
    expect(client.call('ASKING')).toBe('OK')
    expect(client.call('GET', keyIn(100))).toBeInstanceOf(RespError)
  })
})
