// What Redis's own commands may do to keys that coordinate: look at them and delete them, but not take
// what somebody holds.
import { describe, expect, test } from 'vitest'
import { RespError } from '../../harness/resp-value.ts'
import { plays } from './plays.ts'
import { Transcript } from './transcript.ts'

const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value'

/** Commands that would put something else in the place of the lock k. */
const OVERWRITING = [
  'SET k v',
  'SET k v KEEPTTL',
  'SETEX k 10 v',
  'GETSET k v',
  'MSET other v k v',
  'APPEND k v',
  'SETRANGE k 0 v',
  'INCR k',
  'INCREX k',
  'BITOP NOT k string',
  'BITOP AND k nosuch nosuch',
  'PFMERGE k',
  'RENAME string k',
  'COPY string k REPLACE',
  'SINTERSTORE k set set',
  'SINTERSTORE k set nosuch',
  'SDIFFSTORE k set set',
  'ZUNIONSTORE k 1 zset',
  'ZINTERSTORE k 2 zset nosuch',
  'ZRANGESTORE k zset 0 -1',
  'ZRANGESTORE k zset 5 9',
  'SORT list STORE k',
  'SORT nosuch STORE k',
  'LMOVE list k LEFT LEFT',
  'GEOSEARCHSTORE k geo FROMLONLAT 0 0 BYRADIUS 1 km',
  'LPUSH k v',
  'SADD k v',
  'ZADD k 1 v',
  'HSET k f v',
]

const ROOM = `
  a SET string text
  a SADD set x
  a ZADD zset 1 x
  a RPUSH list 1
  a GEOADD geo 50 50 x
  a LOCK.ACQUIRE k a
`

describe('a lock that somebody holds', () => {
  test.each(OVERWRITING)('is not overwritten by %s', line => {
    const transcript = new Transcript()
    transcript.play(ROOM)
    const b = transcript.client('b')
    const before = b.call('DBSIZE')
    const reply = b.call(...line.split(' '))
    expect(reply).toEqual(new RespError(WRONG_TYPE))
    expect(b.call('DBSIZE')).toBe(before)
    expect(b.call('LRANGE', 'list', '0', '-1')).toEqual(['1'])
    expect(b.call('LOCK.ASSERT', 'k', 'a')).toBe('OK')
  })

  test('has no expiry but its leases, and no copy', () => {
    plays(`
      a LOCK.ACQUIRE k a      -> T1
      a TYPE k                -> lock
      a OBJECT ENCODING k     -> lock
      a EXISTS k              -> 1
      a TTL k                 -> -1
      a EXPIRE k 10           -> -ERR EXPIRE does not apply to a lock
      a PERSIST k             -> 0
      a RENAME k l            -> -ERR RENAME does not apply to a lock
      a COPY k l              -> -ERR COPY does not apply to a lock
      a DUMP k                -> -ERR DUMP does not apply to a lock
      a MOVE k 1              -> -ERR MOVE does not apply to a lock
      a SCAN 0 TYPE lock      -> [0, [k]]
      a GET k                 -> -${WRONG_TYPE}
      a UNLINK k              -> 1
      a LOCK.ASSERT k a       -> -NOTHELD nobody holds it
    `)
  })

  test('is not evicted', () => {
    const transcript = new Transcript({
      settings: [
        ['maxmemory', '1mb'],
        ['maxmemory-policy', 'allkeys-random'],
      ],
    })
    transcript.play('a LOCK.ACQUIRE k a')
    const b = transcript.client('b')
    for (let i = 0; i < 2000; i++) b.call('SET', `s${i}`, 'x'.repeat(1000))
    expect(transcript.server.server.stats.evictedKeys).toBeGreaterThan(0)
    expect(b.call('LOCK.ASSERT', 'k', 'a')).toBe('OK')
  })
})

describe('counters and multimaps', () => {
  test('expire and are renamed as data are', () => {
    plays(`
      a COUNTER.ADD {k}c 5        -> 5
      a EXPIRE {k}c 1             -> 1
      w COUNTER.AWAIT {k}d LE 5 WAIT 0 -> waits
      a RENAME {k}c {k}d          -> OK
      w                           -> 5
      a COUNTER.GET {k}d          -> 5
      pass 1000
      a COUNTER.GET {k}d          -> nil
      a MULTIMAP.PUT {k}m f v     -> 1
      a MULTIMAP.EXPIRE {k}m PX 1000 f -> [1]
      a RENAME {k}m {k}n          -> OK
      pass 1000
      a EXISTS {k}n               -> 0
    `)
  })
})

describe('COPY', () => {
  test('gives counters and multimaps a life of their own', () => {
    plays(`
      a COUNTER.CREATE {k}c MAX 6      -> 1
      a COUNTER.ADD {k}c 5             -> 5
      a EXPIRE {k}c 1                  -> 1
      w COUNTER.AWAIT {k}d GE 5 WAIT 0 -> waits
      a COPY {k}c {k}d                 -> 1
      w                                -> 5
      a COUNTER.ADD {k}d 1             -> 6
      a COUNTER.ADD {k}d 1             -> -OUTOFBOUNDS the result would leave the bounds
      a COUNTER.GET {k}c               -> 5
      a COPY {k}c {k}d REPLACE         -> -${WRONG_TYPE}
      a COUNTER.CREATE {k}w WEAK INIT 2 -> 1
      a COUNTER.ADD {k}w 3             -> OK
      a COPY {k}w {k}x DB 1            -> 1
      a SELECT 1                       -> OK
      a COUNTER.ADD {k}x 1             -> OK
      a COUNTER.GET {k}x               -> 6
      a SELECT 0                       -> OK
      a COUNTER.GET {k}w               -> 5
      a MULTIMAP.PUT {k}m f v          -> 1
      a MULTIMAP.PUT {k}m g v          -> 1
      a MULTIMAP.EXPIRE {k}m PX 1000 f -> [1]
      pass 400
      a COPY {k}m {k}n                 -> 1
      a MULTIMAP.PUT {k}m f w          -> 1
      a MULTIMAP.GET {k}n f            -> [v]
      a MULTIMAP.TTL {k}n f g          -> [600, -1]
      pass 600
      a MULTIMAP.FIELDS {k}n           -> [g]
      a EXISTS {k}c {k}d               -> 0
    `)
  })

  test.each(['LATCH.CREATE k 1', 'BARRIER.ENTER k a 1', 'RATE.WINDOW k 2 1000', 'FENCE.NEXT k'])(
    'is refused for what %s has made, and so is DUMP',
    line => {
      const a = new Transcript().client('a')
      a.call(...line.split(' '))
      const type = a.call('TYPE', 'k')
      expect(a.call('COPY', 'k', 'l')).toEqual(
        new RespError(`ERR COPY does not apply to a ${type}`),
      )
      expect(a.call('DUMP', 'k')).toEqual(new RespError(`ERR DUMP does not apply to a ${type}`))
      expect(a.call('DBSIZE')).toBe(1)
    },
  )
})

describe('WATCH', () => {
  test('sees a lock change hands, by a release or by the end of its lease', () => {
    plays(`
      a LOCK.ACQUIRE k a PX 1000   -> T1
      b WATCH k                    -> OK
      pass 1000
      b MULTI                      -> OK
      b PING                       -> QUEUED
      b EXEC                       -> nil
    `)
  })
})
