// A log that is divided by segments: each entry is of one, every write is of some, and what concerns several at once
// is an entry for each.
import { describe, expect, test } from 'vitest'
import { WRITE } from '../src/command.ts'
import { decodeEffects, encodeEffects } from '../src/effect-codec.ts'
import { EffectKeys } from '../src/effect-keys.ts'
import { type LogEntry, NO_SEGMENT } from '../src/effects.ts'
import { keySlot, SEGMENT_SHIFT } from '../src/keyspace/slot.ts'
import { Replayer } from '../src/replay.ts'
import { InProcessServer } from './harness/in-process.ts'
import { encodeCommand } from './harness/resp-client.ts'
import { decodeFrame, RespError } from './harness/resp-value.ts'

function segmentOf(key: string): number {
  const bytes = Buffer.from(key, 'latin1')
  return keySlot(bytes, 0, bytes.length) >>> SEGMENT_SHIFT
}

function clustered() {
  const server = new InProcessServer({ isNode: true })
  const log: LogEntry[] = []
  server.server.effects.subscribe(entry => log.push(entry))
  return { server, client: server.connect(), log, lines: () => log.splice(0).flatMap(linesOf) }
}

function linesOf({ effects }: LogEntry): string[] {
  return effects.map(({ bytes }) => (decodeFrame(bytes) as string[]).join(' '))
}

/** Every command that writes, each doing something; `-` before those that change no data of a segment. */
const SESSION = `
SET {t}a 1
APPEND {t}a 2
INCR {t}a
DECR {t}a
INCRBY {t}a 5
DECRBY {t}a 5
INCRBYFLOAT {t}a 0.5
INCREX {t}n
SETRANGE {t}a 1 x
SETEX {t}a 10 1
PSETEX {t}a 10000 1
SETNX {t}b 1
GETSET {t}b 2
GETEX {t}b PX 1000
MSET {t}a 1 {t}b 2
MSETNX {t}c 1 {t}d 2
GETDEL {t}d
SETBIT {t}bits 3 1
BITFIELD {t}bits SET u8 0 7
BITOP NOT {t}bits2 {t}bits
PFADD {t}h x
PFMERGE {t}h2 {t}h
PFMERGE {t}h3
PFDEBUG TODENSE {t}h
EXPIRE {t}a 100
EXPIREAT {t}a 4102444800
PEXPIRE {t}a 100000
PEXPIREAT {t}a 4102444800000
PERSIST {t}a
RENAME {t}a {t}e
RENAMENX {t}e {t}a
COPY {t}a {t}e
RPUSH {t}l 1 2 3 4 5 6 7 8 9
LPUSH {t}l 0
RPUSHX {t}l 10
LPUSHX {t}l -1
LINSERT {t}l BEFORE 5 x
LREM {t}l 1 x
LSET {t}l 0 y
LPOP {t}l
RPOP {t}l
LMPOP 1 {t}l LEFT
BLPOP {t}l 1
BRPOP {t}l 1
BLMPOP 1 1 {t}l LEFT
LMOVE {t}l {t}l2 LEFT RIGHT
BLMOVE {t}l {t}l2 LEFT RIGHT 1
RPOPLPUSH {t}l {t}l2
BRPOPLPUSH {t}l {t}l2 1
LTRIM {t}l2 0 1
SORT {t}l2 STORE {t}l3
SADD {t}s a b c d e
SMOVE {t}s {t}s2 a
SPOP {t}s
SREM {t}s b c d e
SADD {t}s a b
SDIFFSTORE {t}s3 {t}s {t}s2
SINTERSTORE {t}s3 {t}s {t}s
SUNIONSTORE {t}s3 {t}s {t}s2
ZADD {t}z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
ZINCRBY {t}z 1 a
ZDIFFSTORE {t}z2 1 {t}z
ZINTERSTORE {t}z2 1 {t}z
ZUNIONSTORE {t}z2 1 {t}z
ZRANGESTORE {t}z3 {t}z 0 -1
ZPOPMIN {t}z
ZPOPMAX {t}z
ZMPOP 1 {t}z MIN
BZPOPMIN {t}z 1
BZPOPMAX {t}z 1
BZMPOP 1 1 {t}z MIN
ZREM {t}z2 a
ZREMRANGEBYLEX {t}z2 [b [b
ZREMRANGEBYRANK {t}z2 0 0
ZREMRANGEBYSCORE {t}z2 0 100
GEOADD {t}g 1 1 a 2 2 b
GEORADIUS {t}g 1 1 1000 km STORE {t}g2
GEORADIUSBYMEMBER {t}g a 1000 km STORE {t}g2
GEOSEARCHSTORE {t}g3 {t}g FROMMEMBER a BYRADIUS 1000 km
HSET {t}m a 1 b 2 c 3
HSETNX {t}m d 1
HMSET {t}m e 1
HINCRBY {t}m a 1
HINCRBYFLOAT {t}m a 0.5
HDEL {t}m e
HEXPIRE {t}m 100 FIELDS 1 a
HPEXPIRE {t}m 100000 FIELDS 1 a
HEXPIREAT {t}m 4102444800 FIELDS 1 a
HPEXPIREAT {t}m 4102444800000 FIELDS 1 a
HPERSIST {t}m FIELDS 1 a
XADD {t}x 1-1 a 1
XADD {t}x 2-1 a 1
XADD {t}x 3-1 a 1
XGROUP CREATE {t}x g 0
XGROUP CREATECONSUMER {t}x g c
XREADGROUP GROUP g c COUNT 2 STREAMS {t}x >
XACK {t}x g 1-1
XCLAIM {t}x g d 0 2-1
XAUTOCLAIM {t}x g c 0 0
XGROUP SETID {t}x g 3-1
XGROUP DELCONSUMER {t}x g c
XGROUP DESTROY {t}x g
XDEL {t}x 1-1
XTRIM {t}x MAXLEN 1
XSETID {t}x 9-1
RESTORE {t}r 0 <dump>
BARRIER.ENTER {t}ba p 1
BARRIER.LEAVE {t}ba p
COUNTER.CREATE {t}co
COUNTER.ADD {t}co 1 REQ r1
COUNTER.INCR {t}co
COUNTER.DECR {t}co
COUNTER.CAS {t}co 1 2
COUNTER.CMPSWAP {t}co 2 3
COUNTER.GETSET {t}co 4
COUNTER.SET {t}co 5
COUNTER.NEXT {t}co 3
COUNTER.RESET {t}co
FENCE.NEXT {t}f
FENCE.CHECK {t}f 9000000000000000
LATCH.CREATE {t}la 2 UPDOWN HOLD
LATCH.UP {t}la
LATCH.DOWN {t}la
LATCH.ARM {t}la
LATCH.BREAK {t}la
LATCH.RESET {t}la 1
LEADER.CAMPAIGN {t}le a
LEADER.EXTEND {t}le a PX 1000
LEADER.PROCLAIM {t}le a v
LEADER.TRANSFER {t}le a b
LEADER.RESIGN {t}le b
LEADER.CAMPAIGN {t}le a
LEADER.CANCEL {t}le a
CL.THROTTLE {t}t 5 1 60
RATE.WINDOW {t}w 5 1000
RATE.WINDOW {t}v 5 1000 SLIDING
LOCK.ACQUIRE {t}lo a READ
LOCK.EXTEND {t}lo a PX 1000
LOCK.UPGRADE {t}lo a
LOCK.DOWNGRADE {t}lo a
LOCK.HANDOFF {t}lo a b
LOCK.RELEASE {t}lo b
LOCK.ACQUIRE {t}lo a
LOCK.FORCE {t}lo
LOCK.ACQUIRE {t}lo a
LOCK.CANCEL {t}lo a
LOCK.MACQUIRE 2 {t}lo {t}lp a
LOCK.MRELEASE 2 {t}lo {t}lp a
LOCK.ACQUIRE {t}lo a
LOCK.DO {t}lo <token> SET {t}a 3
MULTIMAP.CREATE {t}mm LIST
MULTIMAP.PUT {t}mm a 1 2 3
MULTIMAP.EXPIRE {t}mm PX 1000 a
MULTIMAP.REMOVE {t}mm a 1
MULTIMAP.REPLACE {t}mm a 4
MULTIMAP.TAKE {t}mm a
MULTIMAP.PUT {t}mm a 1
MULTIMAP.DELETE {t}mm a
SEMAPHORE.INIT {t}se 5
SEMAPHORE.ACQUIRE {t}se a
SEMAPHORE.EXTEND {t}se a PX 1000
SEMAPHORE.RELEASE {t}se a
SEMAPHORE.DRAIN {t}se a
SEMAPHORE.CANCEL {t}se a
SEMAPHORE.SETLIMIT {t}se 6
DEL {t}a {t}b
UNLINK {t}c
MOVE {t}e 1
-MIGRATE 127.0.0.1 1 {t}nosuchkey 0 1
-SWAPDB 0 1
FLUSHDB
SET {t}a 1
FLUSHALL
`
  .trim()
  .split('\n')

describe('an entry', () => {
  test('is of the segment of its keys, whatever command made it', () => {
    const { server, client, log } = clustered()
    const { registry } = server.server
    const seen = new Set<string>()
    let token = ''
    const dump = () => {
      const other = new InProcessServer().connect()
      other.call('SET', 'a', 'value')
      return other.callBytes('DUMP', 'a')
    }
    for (const line of SESSION) {
      const isData = !line.startsWith('-')
      const words = (isData ? line : line.slice(1)).split(' ')
      const command = registry.named(words[0]!.toLowerCase())!
      const sub = command.subcommands?.get(words[1]!.toLowerCase())
      seen.add((sub ?? command).fullName)
      const args = words.map(word => {
        if (word === '<token>') return token
        return word === '<dump>' ? payloadOf(dump()) : word
      })
      const reply = client.call(...args)
      if (isData) expect(reply, line).not.toBeInstanceOf(RespError)
      if (words[0] === 'LOCK.ACQUIRE') token = String(reply)
      const entries = log.splice(0)
      expect(entries.length > 0, line).toBe(isData)
      for (const { segment, effects } of entries) {
        expect(segment, line).toBe(segmentOf('{t}'))
        for (const effect of effects) expect(effect.segment, line).toBe(segment)
      }
    }
    const missing = registry.all.filter(
      ({ bits, spec, handler, fullName }) =>
        (bits & WRITE) !== 0 &&
        handler !== undefined &&
        !spec.internal &&
        spec.group !== 'scripting' &&
        !seen.has(fullName),
    )
    expect(missing.map(({ fullName }) => fullName)).toEqual([])
  })

  test('can always be told its segment: rows of writes name keys, or the segment itself', () => {
    const { registry } = clustered().server.server
    const without = registry.all.filter(
      ({ bits, spec, handler }) =>
        (bits & WRITE) !== 0 &&
        handler !== undefined &&
        spec.group !== 'scripting' &&
        spec.segmentAt === undefined &&
        (spec.keys === undefined || spec.keys.length === 0),
    )
    // The first two are logged segment by segment, the third is refused.
    expect(without.map(({ fullName }) => fullName)).toEqual(['flushall', 'flushdb', 'swapdb'])
  })

  test('follows the keys of a transaction, and of a command inside another', () => {
    const { client, log } = clustered()
    client.pipeline(
      ['MULTI'],
      ['SET', '{u}a', '1'],
      ['SPOP', '{u}none'],
      ['INCR', '{u}a'],
      ['EXEC'],
    )
    client.call('LOCK.ACQUIRE', '{u}l', 'o')
    expect(log.map(({ segment }) => segment)).toEqual([segmentOf('{u}'), segmentOf('{u}')])
    expect(log.map(({ lsn }) => lsn)).toEqual([1, 2])
  })

  test('is made for each segment when several are concerned', () => {
    const { server, client, log, lines } = clustered()
    const keys = ['a', 'b', 'c', 'd']
    for (const key of keys) {
      client.call('LOCK.ACQUIRE', `${key}-lock`, 'o', 'CONN')
      client.call('SET', key, '1', 'PX', '10')
    }
    lines()
    client.disconnect()
    expect(log.map(({ segment }) => segment)).toEqual(keys.map(key => segmentOf(`${key}-lock`)))
    expect(lines()).toEqual(keys.map(key => `lock.released ${key}-lock o`))
    server.clock.advance(20)
    server.server.beginTurn()
    const reader = server.connect()
    // One command that meets them all is split as well.
    reader.pipeline(['MULTI'], ...keys.map(key => ['GET', key]), ['EXEC'])
    expect(log.map(({ segment }) => segment)).toEqual(keys.map(segmentOf))
    expect(log.map(({ lsn }) => lsn)).toEqual([13, 14, 15, 16])
    expect(lines()).toEqual(keys.map(key => `DEL ${key}`))
  })

  test('of FLUSHALL tells each segment and database with keys', () => {
    const { server, client, log, lines } = clustered()
    for (const key of ['a', 'b', '{a}c']) client.call('SET', key, '1')
    const other = server.server.keyspace.databases[3]!
    const bytes = Buffer.from('a')
    other.setString(bytes, 0, 1, bytes, 0, 1, false)
    lines()
    client.call('FLUSHALL')
    const [a, b] = [segmentOf('a'), segmentOf('b')]
    const effects = log.flatMap(entry => entry.effects)
    expect(effects.map(({ database, segment }) => [database, segment])).toEqual([
      [0, b],
      [0, a],
      [3, a],
    ])
    expect(lines()).toEqual([
      `segment.flushed ${b}`,
      `segment.flushed ${a}`,
      `segment.flushed ${a}`,
    ])
    client.call('FLUSHALL')
    expect(lines()).toEqual([])
  })

  test('is not made of libraries of functions, and SWAPDB is refused', () => {
    const { client, lines } = clustered()
    client.call('FUNCTION', 'FLUSH')
    expect(lines()).toEqual([])
    expect(client.call('SWAPDB', '0', '1')).toEqual(
      new RespError('ERR SWAPDB is not allowed in cluster mode'),
    )
  })

  test('has no segment in a log that is not divided', () => {
    const server = new InProcessServer()
    const log: LogEntry[] = []
    server.server.effects.subscribe(entry => log.push(entry))
    const client = server.connect()
    client.pipeline(['MULTI'], ['SET', 'a', '1'], ['SET', 'b', '1'], ['EXEC'])
    client.call('FLUSHALL')
    expect(log.map(({ segment, effects }) => [segment, effects.length])).toEqual([
      [NO_SEGMENT, 2],
      [NO_SEGMENT, 1],
    ])
    expect(log.flatMap(linesOf)).toEqual(['SET a 1', 'SET b 1', 'FLUSHALL'])
  })
})

test('a copy of each segment needs the entries of that segment only', () => {
  const { client, log } = clustered()
  for (let i = 0; i < 200; i++) client.call('SET', `key:${i % 50}`, String(i))
  client.call('FLUSHDB')
  for (let i = 0; i < 20; i++) client.call('RPUSH', `list:${i}`, 'x')
  const copy = new InProcessServer({ isNode: true })
  copy.server.keyspace.expires = false
  const replayer = new Replayer(copy.server)
  const segments = [...new Set(log.map(({ segment }) => segment))]
  // One segment after the other, as if each came on its own way.
  for (const segment of segments) {
    for (const entry of log) {
      if (entry.segment !== segment) continue
      const encoded = encodeEffects(entry.effects)
      replayer.applyEffects(entry.now, decodeEffects(encoded, segment))
    }
  }
  expect(copy.connect().call('DBSIZE')).toBe(20)
  expect(copy.server.effects.lsn).toBe(log.length)
})

describe('the codec', () => {
  test('gives back the effects that it was given', () => {
    const effects = [
      { database: 0, segment: 7, bytes: encodeCommand(['SET', 'a', 'x\r\n\xff']) },
      { database: 15, segment: 7, bytes: encodeCommand(['DEL', 'b']) },
    ]
    const encoded = encodeEffects(effects)
    expect(decodeEffects(encoded, 7)).toEqual(effects)
    expect(encodeEffects([])).toHaveLength(0)
    expect(decodeEffects(Buffer.alloc(0), 7)).toEqual([])
  })

  test('refuses what is cut off', () => {
    const encoded = encodeEffects([{ database: 0, segment: 7, bytes: encodeCommand(['PING']) }])
    for (let end = 1; end < encoded.length; end++) {
      expect(() => decodeEffects(encoded.subarray(0, end), 7)).toThrow('effects that break off')
    }
  })
})

test('what an effect writes and what it only reads follows from its row', () => {
  const { registry } = clustered().server.server
  const keys = new EffectKeys(registry)
  const access = (...words: string[]) => {
    const effect = { database: 2, segment: 0, bytes: encodeCommand(words) }
    const { command, written, read } = keys.accessOf(effect)
    const names = (all: typeof read) => all.map(({ database, key }) => `${database}:${key}`)
    return [command.fullName, names(written), names(read)]
  }
  expect(access('SET', 'a', '1')).toEqual(['set', ['2:a'], []])
  expect(access('SUNIONSTORE', 'd', 'a', 'b')).toEqual(['sunionstore', ['2:d'], ['2:a', '2:b']])
  expect(access('RENAME', 'a', 'b')).toEqual(['rename', ['2:a', '2:b'], []])
  expect(access('MOVE', 'a', '7')).toEqual(['move', ['2:a', '7:a'], []])
  expect(access('COPY', 'a', 'b', 'REPLACE', 'db', '7')).toEqual(['copy', ['2:b', '7:b'], ['2:a']])
  expect(access('COPY', 'a', 'b')).toEqual(['copy', ['2:b'], ['2:a']])
  expect(access('XGROUP', 'DESTROY', 'x', 'g')).toEqual(['xgroup|destroy', ['2:x'], []])
  expect(access('lock.released', 'l', 'o')).toEqual(['lock.released', ['2:l'], []])
  expect(access('request.remembered', 'c', 'id', '1')).toEqual(['request.remembered', [], ['2:c']])
  expect(access('segment.flushed', '7')).toEqual(['segment.flushed', [], []])
})

/** The bytes of a bulk string. */
function payloadOf(frame: Buffer): Buffer {
  const start = frame.indexOf('\n') + 1
  return frame.subarray(start, frame.length - 2)
}
