// Streams, by what Redis makes of the same commands: the values after random commands, and payloads in
// both directions. The commands are carried out here by the least code that their meaning needs.

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Crc64 } from '../../src/rdb/crc64.ts'
import { dump, restore } from '../../src/rdb/dump.ts'
import { PayloadError } from '../../src/rdb/reader.ts'
import * as types from '../../src/rdb/types.ts'
import { Writer } from '../../src/rdb/writer.ts'
import { type Group, NEVER, UNKNOWN_READ } from '../../src/values/group.ts'
import { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import type { RespValue } from '../harness/resp-value.ts'
import { Reference } from '../reference.ts'
import { FieldList } from '../values/field-list.ts'
import { repeated, SCALE } from '../values/texts.ts'
import { type GroupContents, LIMITS, type StreamContents, streamContents } from './contents.ts'

const NODES = { bytesMax: 300, entriesMax: 5 }
const NOW = 1_700_000_000_000

/** A command for Redis, and its meaning for a stream. */
interface Command {
  args: string[]
  run: (stream: Stream) => void
}

/** `make` sees the stream as it is when the command's turn comes. */
type Move = (stream: Stream) => Command | undefined

const groupName = fc.constantFrom('g', 'h')
const consumerName = fc.constantFrom('c', 'd')

const fieldValues = fc.constantFrom(
  ['a', '1'],
  ['a', 'x'],
  ['a', '1', 'b', '-5000'],
  ['b', repeated(90)],
  ['a', '1', 'b', '2', 'c', '3'],
)

const add: fc.Arbitrary<Move> = fc
  .tuple(fc.nat(3), fc.nat(2), fieldValues, fc.integer({ min: 0, max: 40 }))
  .map(([ms, seq, parts, far]) => stream => {
    const { lastId } = stream
    const jump = far === 0 ? 2 ** 34 : ms
    const id = jump === 0 ? lastId.next()! : StreamId.of(lastId.ms + jump, seq)
    if (lastId.ms > 2 ** 50) return undefined
    return {
      args: ['XADD', 's', id.toString(), ...parts],
      run: to => to.append(id, new FieldList(parts), NODES),
    }
  })

/** An ID that is in the stream, or near one that is. */
function somewhere(stream: Stream, at: number, off: number): StreamId {
  const ids: StreamId[] = []
  const cursor = stream.range(StreamId.MIN, StreamId.MAX)
  while (cursor.next()) ids.push(cursor.id)
  const id = ids[at % (ids.length + 1)] ?? stream.lastId
  if (off === 1) return id.next() ?? id
  return off === 2 ? (id.previous() ?? id) : id
}

const place = fc.tuple(fc.nat(60), fc.constantFrom(0, 0, 0, 1, 2))

const remove: fc.Arbitrary<Move> = place.map(([at, off]) => stream => {
  const id = somewhere(stream, at, off)
  return { args: ['XDEL', 's', id.toString()], run: from => from.delete(id) }
})

const trim: fc.Arbitrary<Move> = fc
  .tuple(fc.boolean(), fc.boolean(), fc.nat(30), place, fc.nat(8))
  .map(([byId, approximate, length, [at, off], limit]) => stream => {
    const minId = somewhere(stream, at, off)
    const bound = byId ? minId.toString() : String(length)
    const args = ['XTRIM', 's', byId ? 'MINID' : 'MAXLEN', approximate ? '~' : '=', bound]
    if (approximate) args.push('LIMIT', String(limit))
    const max = approximate ? limit : 0
    return {
      args,
      run: from => {
        if (byId) from.trimById(minId, approximate, max)
        else from.trimByLength(length, approximate, max)
      },
    }
  })

const setId: fc.Arbitrary<Move> = fc
  .tuple(fc.nat(3), fc.nat(3), place)
  .map(([ms, more, [at, off]]) => stream => {
    const lastId = StreamId.of(stream.lastId.ms + ms, 9)
    const maxDeletedId = somewhere(stream, at, off)
    if (stream.length === 0 || maxDeletedId.compare(lastId) > 0) return undefined
    if (lastId.compare(stream.lastId) < 0) return undefined
    const added = stream.entriesAdded + more
    const id = lastId.toString()
    const deleted = maxDeletedId.toString()
    return {
      args: ['XSETID', 's', id, 'ENTRIESADDED', String(added), 'MAXDELETEDID', deleted],
      run: to => {
        to.lastId = lastId
        to.entriesAdded = added
        to.maxDeletedId = maxDeletedId
      },
    }
  })

const createGroup: fc.Arbitrary<Move> = fc
  .tuple(groupName, place, fc.constantFrom(UNKNOWN_READ, 0, 3))
  .map(([name, [at, off], read]) => stream => {
    if (stream.group(name) !== undefined) return undefined
    const id = at % 3 === 0 ? StreamId.MIN : somewhere(stream, at, off)
    const args = ['XGROUP', 'CREATE', 's', name, id.toString()]
    if (read !== UNKNOWN_READ) args.push('ENTRIESREAD', String(read))
    return { args, run: to => to.createGroup(name, id, read) }
  })

const onGroup = (make: (stream: Stream, group: Group, name: string) => Command | undefined) =>
  groupName.map(
    (name): Move =>
      stream => {
        const group = stream.group(name)
        return group === undefined ? undefined : make(stream, group, name)
      },
  )

const setGroupId: fc.Arbitrary<Move> = fc
  .tuple(place, fc.constantFrom(UNKNOWN_READ, 2))
  .chain(([[at, off], read]) =>
    onGroup((stream, _group, name) => {
      const id = somewhere(stream, at, off)
      const args = ['XGROUP', 'SETID', 's', name, id.toString()]
      if (read !== UNKNOWN_READ) args.push('ENTRIESREAD', String(read))
      return {
        args,
        run: to => {
          to.group(name)!.lastId = id
          to.group(name)!.entriesRead = read
        },
      }
    }),
  )

const destroyGroup = onGroup((_stream, _group, name) => ({
  args: ['XGROUP', 'DESTROY', 's', name],
  run: from => from.removeGroup(name),
}))

const readNew: fc.Arbitrary<Move> = fc
  .tuple(consumerName, fc.integer({ min: 1, max: 7 }))
  .chain(([to, count]) =>
    onGroup((_stream, _group, name) => ({
      args: ['XREADGROUP', 'GROUP', name, to, 'COUNT', String(count), 'STREAMS', 's', '>'],
      run: stream => {
        const group = stream.group(name)!
        if (stream.lastEntryId().compare(group.lastId) <= 0) return
        const consumer = group.consumer(to) ?? group.createConsumer(to, NOW)!
        const from = group.lastId.next()!
        const cursor = stream.range(from, StreamId.MAX)
        for (let i = 0; i < count && cursor.next(); i++) {
          stream.advance(group, cursor.id)
          group.assign(cursor.id, consumer, NOW, 1)
        }
      },
    })),
  )

/** IDs of what is pending, from which a move picks. */
function pendingIds({ pending }: Group): StreamId[] {
  const ids: StreamId[] = []
  for (let more = pending.seekFirst(); more; more = pending.next()) ids.push(pending.id)
  return ids
}

const acknowledge: fc.Arbitrary<Move> = fc.nat(40).chain(at =>
  onGroup((_stream, group, name) => {
    const ids = pendingIds(group)
    const id = ids[at % (ids.length + 1)] ?? StreamId.of(at, 5)
    return {
      args: ['XACK', 's', name, id.toString()],
      run: stream => stream.group(name)!.acknowledge(id),
    }
  }),
)

const claim: fc.Arbitrary<Move> = fc
  .tuple(consumerName, fc.nat(40), fc.nat(9))
  .chain(([to, at, count]) =>
    onGroup((stream, group, name) => {
      const ids = pendingIds(group)
      const id = ids[at % (ids.length + 1)] ?? somewhere(stream, at, 0)
      const options = ['TIME', String(NOW), 'RETRYCOUNT', String(count), 'FORCE', 'JUSTID']
      return {
        args: ['XCLAIM', 's', name, to, '0', id.toString(), ...options],
        run: on => {
          const claimed = on.group(name)!
          if (!on.has(id)) {
            claimed.acknowledge(id)
            return
          }
          const consumer = claimed.consumer(to) ?? claimed.createConsumer(to, NOW)!
          claimed.assign(id, consumer, NOW, count)
        },
      }
    }),
  )

const deleteConsumer: fc.Arbitrary<Move> = consumerName.chain(of =>
  onGroup((_stream, _group, name) => ({
    args: ['XGROUP', 'DELCONSUMER', 's', name, of],
    run: stream => {
      const group = stream.group(name)!
      const consumer = group.consumer(of)
      if (consumer !== undefined) group.removeConsumer(consumer)
    },
  })),
)

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 30, arbitrary: add },
  { weight: 8, arbitrary: remove },
  { weight: 2, arbitrary: trim },
  { weight: 1, arbitrary: setId },
  { weight: 3, arbitrary: createGroup },
  { weight: 2, arbitrary: setGroupId },
  { weight: 1, arbitrary: destroyGroup },
  { weight: 8, arbitrary: readNew },
  { weight: 6, arbitrary: acknowledge },
  { weight: 6, arbitrary: claim },
  { weight: 1, arbitrary: deleteConsumer },
)

const moves = fc.array(move, { minLength: 1, maxLength: 120 })

function play(made: readonly Move[]): { stream: Stream; commands: string[][] } {
  const stream = new Stream()
  const commands: string[][] = []
  for (const make of made) {
    const command = make(stream)
    // A stream that does not exist has no groups to make and nothing to trim.
    if (command === undefined || (commands.length === 0 && command.args[0] !== 'XADD')) continue
    commands.push(command.args)
    command.run(stream)
  }
  return { stream, commands }
}

describe('the payload of a stream', () => {
  it('gives back what was dumped, groups and all', () => {
    fc.assert(
      fc.property(moves, fc.boolean(), (made, compresses) => {
        const { stream } = play(made)
        const bytes = dump(stream, compresses)
        const restored = restore(bytes, 0, bytes.length, LIMITS) as Stream
        expect(streamContents(restored)).toEqual(streamContents(stream))
        expect(dump(restored, compresses)).toEqual(bytes)
      }),
      { numRuns: 100 * SCALE },
    )
  })

  it('is read in the first and the third layout', () => {
    const { stream } = play(fc.sample(moves, { numRuns: 1, seed: 9 })[0]!)
    const node = dump(stream, false)
    expect(node[0]).toBe(types.STREAM_LISTPACKS_2)
    const first = restore(layout(1), 0, layout(1).length, LIMITS) as Stream
    expect(streamContents(first)).toMatchObject({
      lastId: '7-0',
      firstId: '5-0',
      maxDeletedId: '0-0',
      entriesAdded: 2,
      groups: [{ entriesRead: 1, lag: 1, pending: [['5-0', 'c', 3]], consumers: [['c', ['5-0']]] }],
    })
    const third = restore(layout(3), 0, layout(3).length, LIMITS) as Stream
    expect(streamContents(third)).toMatchObject({ maxDeletedId: '6-0', entriesAdded: 9 })
    const consumer = third.group('g')!.consumer('c')!
    expect([consumer.seenAt, consumer.activeAt]).toEqual([NOW, NOW - 5])
    const never = restore(layout(3, -1), 0, layout(3, -1).length, LIMITS) as Stream
    expect(never.group('g')!.consumer('c')!.activeAt).toBe(NEVER)
  })

  it.each<[string, (damage: Damage) => void]>([
    ['another length', damage => (damage.length = 3)],
    ['an entry above its last ID', damage => (damage.lastMs = 6)],
    ['a node with a wrong count', damage => (damage.count = 3)],
    ['a node that breaks off', damage => (damage.lpCount = 9)],
    ['a node whose IDs do not ascend', damage => (damage.secondMs = 0)],
    ['two nodes of one ID', damage => (damage.nodes = 2)],
    ['a pending entry without a consumer', damage => (damage.consumerIds = 0)],
    ['a consumer with what is not pending', damage => (damage.pending = 0)],
    ['a consumer with one entry twice', damage => (damage.consumerIds = 2)],
    ['a group twice', damage => (damage.groups = 2)],
  ])('is refused with %s', (_what, apply) => {
    const damage = { ...SOUND }
    expect(() => read(damage)).not.toThrow()
    apply(damage)
    expect(() => read(damage)).toThrow(PayloadError)
  })

  it('is refused or gives a stream that can be walked, whatever the bytes', () => {
    const changes = fc.array(fc.tuple(fc.nat(100_000), fc.nat(255)), { minLength: 1, maxLength: 3 })
    let accepted = 0
    fc.assert(
      fc.property(moves, changes, (made, changed) => {
        const body = Buffer.from(dump(play(made).stream, false)).subarray(0, -10)
        for (const [where, byte] of changed) body[where % body.length] = byte
        const bytes = seal(body)
        let stream: Stream
        try {
          const value = restore(bytes, 0, bytes.length, LIMITS)
          if (!(value instanceof Stream)) return
          stream = value
        } catch (error) {
          expect(error).toBeInstanceOf(PayloadError)
          return
        }
        accepted++
        const contents = streamContents(stream)
        expect(contents.entries.length).toBe(stream.length)
        const backward = stream.range(StreamId.MIN, StreamId.MAX, true)
        let walked = 0
        while (backward.next()) walked++
        expect(walked).toBe(stream.length)
        stream.trimByLength(1, false, 0)
        expect(stream.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 500 * SCALE },
    )
    expect(accepted).toBeGreaterThan(0)
  })
})

/** What a hand-made payload says; each of these can be made wrong. */
interface Damage {
  length: number
  lastMs: number
  nodes: number
  count: number
  secondMs: number
  lpCount: number
  pending: number
  consumerIds: number
  groups: number
}

const SOUND: Damage = {
  length: 2,
  lastMs: 7,
  nodes: 1,
  count: 2,
  secondMs: 2,
  lpCount: 4,
  pending: 1,
  consumerIds: 1,
  groups: 1,
}

function layout(number: 1 | 2 | 3, activeAt = NOW - 5, damage = SOUND): Buffer {
  const writer = new Writer(false)
  const type = [types.STREAM_LISTPACKS, types.STREAM_LISTPACKS_2, types.STREAM_LISTPACKS_3]
  writer.byte(type[number - 1]!)
  writer.length(damage.nodes)
  for (let i = 0; i < damage.nodes; i++) {
    writer.length(16)
    rawId(writer, 5)
    writer.blob(nodeOf(damage))
  }
  writer.length(damage.length)
  for (const part of [damage.lastMs, 0]) writer.length(part)
  if (number > 1) for (const part of [5, 0, 6, 0, 9]) writer.length(part)
  writer.length(damage.groups)
  for (let i = 0; i < damage.groups; i++) {
    writer.string('g')
    for (const part of [5, 0]) writer.length(part)
    if (number > 1) writer.length(1)
    writer.length(damage.pending)
    for (let k = 0; k < damage.pending; k++) {
      rawId(writer, 5)
      writer.uint64(NOW)
      writer.length(3)
    }
    writer.length(1)
    writer.string('c')
    writer.uint64(NOW)
    if (number > 2) writer.uint64(activeAt)
    writer.length(damage.consumerIds)
    for (let k = 0; k < damage.consumerIds; k++) rawId(writer, 5)
  }
  return seal(Buffer.from(writer.finish()))
}

function read(damage: Damage): void {
  const bytes = layout(2, NOW, damage)
  restore(bytes, 0, bytes.length, LIMITS)
}

function rawId(writer: Writer, ms: number): void {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(ms, 4)
  writer.raw(bytes, 0, 16)
}

/** Two entries of one field, at the node's ID and `secondMs` later; every element is one byte. */
function nodeOf({ count, secondMs, lpCount }: Damage): Buffer {
  const integers = (...values: number[]) => values.flatMap(value => [value, 1])
  const elements = [
    ...integers(count, 0, 1, 7, 0),
    ...integers(2, 0, 0, 1, 4),
    ...integers(2, secondMs, 0, 2, lpCount),
  ]
  const bytes = Buffer.from([0, 0, 0, 0, 15, 0, ...elements, 0xff])
  bytes.writeUInt32LE(bytes.length, 0)
  return bytes
}

function seal(body: Buffer): Buffer {
  const sealed = Buffer.concat([body, Buffer.from([11, 0]), Buffer.alloc(8)])
  const { high, low } = new Crc64().update(sealed, 0, body.length + 2)
  sealed.writeInt32LE(low, body.length + 2)
  sealed.writeInt32LE(high, body.length + 6)
  return sealed
}

describeWithRedis('a stream beside that of Redis', () => {
  let redis: Reference
  beforeAll(async () => {
    const nodes = ['--stream-node-max-bytes', '300', '--stream-node-max-entries', '5']
    redis = await Reference.start('--sanitize-dump-payload', 'yes', ...nodes)
  })
  afterAll(() => redis.stop())

  async function contentsThere(): Promise<StreamContents> {
    const info = mapOf(await redis.call('XINFO', 'STREAM', 's', 'FULL', 'COUNT', 0))
    return {
      type: 'stream',
      nodes: info.get('radix-tree-keys') as number,
      lastId: info.get('last-generated-id') as string,
      firstId: info.get('recorded-first-entry-id') as string,
      maxDeletedId: info.get('max-deleted-entry-id') as string,
      entriesAdded: info.get('entries-added') as number,
      entries: info.get('entries') as [string, string[]][],
      groups: (info.get('groups') as RespValue[]).map(groupThere),
    }
  }

  function groupThere(reply: RespValue): GroupContents {
    const group = mapOf(reply)
    return {
      name: group.get('name') as string,
      lastId: group.get('last-delivered-id') as string,
      entriesRead: group.get('entries-read') as number | null,
      lag: group.get('lag') as number | null,
      pending: (group.get('pending') as [string, string, number, number][]).map(
        ([id, consumer, , count]) => [id, consumer, count],
      ),
      consumers: (group.get('consumers') as RespValue[]).map(each => {
        const consumer = mapOf(each)
        const ids = (consumer.get('pending') as [string, number, number][]).map(([id]) => id)
        return [consumer.get('name') as string, ids]
      }),
    }
  }

  it('is the same after the same commands, and so are the payloads', async () => {
    await fc.assert(
      fc.asyncProperty(moves, async made => {
        const { stream, commands } = play(made)
        if (commands.length === 0) return
        await redis.call('DEL', 's')
        await redis.calls(commands)
        const contents = streamContents(stream)
        expect(await contentsThere(), JSON.stringify(commands)).toEqual(contents)
        const dumped = Buffer.from((await redis.call('DUMP', 's')) as string, 'latin1')
        const restored = restore(dumped, 0, dumped.length, LIMITS) as Stream
        expect(streamContents(restored)).toEqual(contents)
        for (const compresses of [true, false]) {
          const reply = await redis.call('RESTORE', 's', 0, dump(stream, compresses), 'REPLACE')
          expect(reply).toBe('OK')
          expect(await contentsThere()).toEqual(contents)
        }
      }),
      { numRuns: 150 * SCALE },
    )
  })

  it('has the very bytes of its nodes', async () => {
    const many = fc.array(move, { minLength: 100, maxLength: 100 })
    const { stream, commands } = play(fc.sample(many, { numRuns: 1, seed: 3 })[0]!)
    await redis.call('DEL', 's')
    await redis.calls(commands)
    await redis.call('CONFIG', 'SET', 'rdbcompression', 'no')
    const dumped = Buffer.from((await redis.call('DUMP', 's')) as string, 'latin1')
    const nodes: Buffer[] = []
    stream.eachNode((_id, node) => nodes.push(Buffer.from(node)))
    expect(nodes.length).toBeGreaterThan(2)
    for (const node of nodes) {
      const length = node.readUInt32LE(0)
      expect(dumped.includes(node.subarray(0, length))).toBe(true)
    }
  })

  function mapOf(reply: RespValue): Map<string, RespValue> {
    const parts = reply as RespValue[]
    const map = new Map<string, RespValue>()
    for (let i = 0; i < parts.length; i += 2) map.set(parts[i] as string, parts[i + 1]!)
    return map
  }
})
