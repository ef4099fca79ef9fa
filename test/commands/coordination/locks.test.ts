import { describe, expect, test } from 'vitest'
import { plays } from './plays.ts'
import { lines, Transcript } from './transcript.ts'

describe('LOCK.ACQUIRE', () => {
  test('grants to one owner and answers nil to others', () => {
    plays(`
      a LOCK.ACQUIRE k a   -> T1
      b LOCK.ACQUIRE k b   -> nil
      a LOCK.RELEASE k a   -> 1
      b LOCK.ACQUIRE k b   -> T2
    `)
  })

  test('is idempotent for the owner, and restarts the lease', () => {
    plays(`
      a LOCK.ACQUIRE k a PX 1000  -> T1
      pass 900
      b LOCK.ACQUIRE k a PX 1000  -> T1
      pass 900
      c LOCK.ACQUIRE k c          -> nil
      pass 100
      c LOCK.ACQUIRE k c          -> T2
    `)
  })

  test('hands over in arrival order', () => {
    plays(`
      a LOCK.ACQUIRE k a          -> T1
      b LOCK.ACQUIRE k b WAIT 0   -> waits
      c LOCK.ACQUIRE k c WAIT 0   -> waits
      d LOCK.ACQUIRE k d          -> nil
      a LOCK.RELEASE k a          -> 1
      b                           -> T2
      c                           -> waits
      b LOCK.RELEASE k b          -> 1
      c                           -> T3
    `)
  })

  test('does not let a newcomer overtake those who wait', () => {
    plays(`
      a LOCK.ACQUIRE k a READ         -> T1
      b LOCK.ACQUIRE k b WAIT 0       -> waits
      c LOCK.ACQUIRE k c READ         -> nil
      c LOCK.ACQUIRE k c READ WAIT 0  -> waits
      d LOCK.ACQUIRE k d READ WAIT 0  -> waits
      e LOCK.ACQUIRE k e WAIT 0       -> waits
      a LOCK.RELEASE k a              -> 1
      b                               -> T2
      b LOCK.RELEASE k b              -> 1
      c                               -> T3
      d                               -> T4
      e                               -> waits
      c LOCK.RELEASE k c              -> 1
      e                               -> waits
      d LOCK.RELEASE k d              -> 1
      e                               -> T5
    `)
  })

  test('lets those behind go on when the head of the queue gives up', () => {
    plays(`
      a LOCK.ACQUIRE k a READ           -> T1
      b LOCK.ACQUIRE k b WAIT 500       -> waits
      c LOCK.ACQUIRE k c READ WAIT 0    -> waits
      pass 500
      b                                 -> nil
      c                                 -> T2
      d LOCK.ACQUIRE k d WAIT 0         -> waits
      e LOCK.ACQUIRE k e READ WAIT 0    -> waits
      d leaves
      e                                 -> T3
    `)
  })

  test('keeps the place of an owner that asks again on another connection', () => {
    plays(
      `
      a LOCK.ACQUIRE k a           -> T1
      b LOCK.ACQUIRE k b WAIT 0    -> waits
      c LOCK.ACQUIRE k c WAIT 0    -> waits
      b2 LOCK.ACQUIRE k b WAIT 0   -> waits
      b                            -> -UNBLOCKED superseded by the same owner on another connection
      a LOCK.RELEASE k a           -> 1
      b2                           -> T2
      b PING                       -> PONG
    `,
    )
  })

  test('ends with its lease, which starts at the grant', () => {
    plays(`
      a LOCK.ACQUIRE k a PX 1000          -> T1
      b LOCK.ACQUIRE k b PX 1000 WAIT 0   -> waits
      pass 1000
      b                                   -> T2
      a LOCK.RELEASE k a STRICT           -> -NOTOWNER somebody else holds it
      pass 900
      c LOCK.ACQUIRE k c                  -> nil
      pass 100
      a LOCK.RELEASE k a STRICT           -> -NOTHELD nobody holds it
    `)
  })

  test('has a lease of thirty seconds unless told otherwise', () => {
    plays(`
      a LOCK.ACQUIRE k a  -> T1
      pass 29900
      b LOCK.ACQUIRE k b  -> nil
      pass 100
      b LOCK.ACQUIRE k b  -> T2
    `)
  })

  test('with CONN ends with its connection, and moves to the newest', () => {
    plays(`
      a LOCK.ACQUIRE k a CONN   -> T1
      b LOCK.ACQUIRE k b WAIT 0 -> waits
      pass 60000
      a2 LOCK.ACQUIRE k a CONN  -> T1
      a leaves
      b                         -> waits
      a2 leaves
      b                         -> T2
    `)
  })

  test('counts entries with REENTRANT only, up to MAXHOLDS', () => {
    plays(`
      a LOCK.ACQUIRE k a                       -> T1
      a LOCK.ACQUIRE k a REENTRANT MAXHOLDS 2  -> T1
      a LOCK.ACQUIRE k a REENTRANT MAXHOLDS 2  -> -HOLDLIMIT the owner has entered it as often as it may
      a LOCK.ACQUIRE k a                       -> T1
      a LOCK.RELEASE k a                       -> 1
      b LOCK.ACQUIRE k b                       -> nil
      a LOCK.RELEASE k a                       -> 1
      b LOCK.ACQUIRE k b                       -> T2
      b LOCK.ACQUIRE k b REENTRANT             -> T2
      b LOCK.RELEASE k b ALL                   -> 1
      b LOCK.RELEASE k b                       -> 0
    `)
  })

  test('inside MULTI behaves as if WAIT were absent', () => {
    plays(`
      a LOCK.ACQUIRE k a         -> T1
      b MULTI                    -> OK
      b LOCK.ACQUIRE k b WAIT 0  -> QUEUED
      b LOCK.ACQUIRE {k} b WAIT 0  -> QUEUED
      b EXEC                     -> [nil, T2]
    `)
  })

  test('a wait ends by CLIENT UNBLOCK, with nil or an error', () => {
    const transcript = new Transcript()
    transcript.play('a LOCK.ACQUIRE k a')
    const b = transcript.client('b')
    b.send('LOCK.ACQUIRE', 'k', 'b', 'WAIT', '0')
    expect(transcript.play(`a CLIENT UNBLOCK ${b.id}`)).toContain('-> 1')
    expect(transcript.play('b')).toBe('b -> nil')
    b.send('LOCK.ACQUIRE', 'k', 'b', 'WAIT', '0')
    transcript.play(`a CLIENT UNBLOCK ${b.id} ERROR`)
    expect(transcript.play('b')).toContain('-UNBLOCKED')
  })

  test('refuses to queue beyond the limit, but not who queues again', () => {
    const transcript = new Transcript({ settings: [['coordination-queue-limit', '2']] })
    const text = `
      a LOCK.ACQUIRE k a          -> T1
      b LOCK.ACQUIRE k b WAIT 0   -> waits
      c LOCK.ACQUIRE k c WAIT 0   -> waits
      d LOCK.ACQUIRE k d WAIT 0   -> -QUEUEFULL too many wait for the key already
      d LOCK.ACQUIRE k c WAIT 0   -> waits
      e LOCK.ACQUIRE k e          -> nil
    `
    expect(transcript.play(text).split('\n')).toEqual(lines(text))
  })
})

describe('a grant that was not seen', () => {
  test('is undone when the connection ends before the reply has left', () => {
    const transcript = new Transcript()
    transcript.play(`
      a LOCK.ACQUIRE k a
      b LOCK.ACQUIRE k b WAIT 0
      c LOCK.ACQUIRE k c WAIT 0
    `)
    const { server } = transcript.server
    const a = transcript.client('a')
    const chunk = Buffer.from('LOCK.RELEASE k a\r\n')
    // The release, and the end of the next holder's connection, in one turn of the event loop.
    server.receive(a.client, chunk, chunk.length)
    server.disconnected(transcript.client('b').client)
    server.flush()
    expect(transcript.play('c LOCK.INFO k')).toMatch(/owner, c/)
    expect(server.stats.grantsUndone).toBe(1)
  })

  test('stands once the reply has left', () => {
    plays(`
      a LOCK.ACQUIRE k a         -> T1
      b LOCK.ACQUIRE k b WAIT 0  -> waits
      a LOCK.RELEASE k a         -> 1
      b leaves
      a LOCK.ACQUIRE k a         -> nil
    `)
  })
})

describe('LOCK.RELEASE, LOCK.EXTEND', () => {
  test('obey the token that they are given', () => {
    plays(`
      a LOCK.ACQUIRE k a                  -> T1
      a LOCK.RELEASE k a                  -> 1
      a LOCK.ACQUIRE k a                  -> T2
      a LOCK.RELEASE k a TOKEN T1         -> -FENCED the token is stale
      a LOCK.EXTEND k a PX 5000 TOKEN T1  -> -FENCED the token is stale
      a LOCK.EXTEND k a PX 5000 TOKEN T2  -> 5000
      a LOCK.RELEASE k a TOKEN T2         -> 1
    `)
  })

  test('EXTEND answers 0 to whoever does not hold the lock', () => {
    plays(`
      a LOCK.EXTEND k a EX 5   -> 0
      a LOCK.ACQUIRE k a CONN  -> T1
      b LOCK.EXTEND k b EX 5   -> 0
      a LOCK.EXTEND k a EX 5   -> 5000
      a leaves
      b LOCK.ACQUIRE k b       -> nil
      pass 5000
      b LOCK.ACQUIRE k b       -> T2
    `)
  })
})

describe('LOCK.CANCEL', () => {
  test('ends a wait with nil, and gives back a grant', () => {
    plays(`
      a LOCK.ACQUIRE k a          -> T1
      b LOCK.ACQUIRE k b WAIT 0   -> waits
      c LOCK.ACQUIRE k c WAIT 0   -> waits
      d LOCK.CANCEL k b           -> 1
      b                           -> nil
      d LOCK.CANCEL k b           -> 0
      d LOCK.CANCEL k a           -> 1
      c                           -> T2
    `)
  })
})

describe('LOCK.UPGRADE and LOCK.DOWNGRADE', () => {
  test('an upgrade waits for the other readers, before all who queue', () => {
    plays(`
      a LOCK.ACQUIRE k a READ     -> T1
      b LOCK.ACQUIRE k b READ     -> T2
      c LOCK.ACQUIRE k c WAIT 0   -> waits
      a LOCK.UPGRADE k a          -> nil
      a LOCK.UPGRADE k a WAIT 0   -> waits
      b LOCK.UPGRADE k b WAIT 0   -> -DEADLOCK it would wait for itself
      b LOCK.RELEASE k b          -> 1
      a                           -> T3
      a LOCK.DOWNGRADE k a        -> 1
      d LOCK.ACQUIRE k d READ     -> nil
      a LOCK.RELEASE k a          -> 1
      c                           -> T4
    `)
  })

  test('an upgrade whose hold has ended meanwhile answers nil', () => {
    plays(`
      a LOCK.ACQUIRE k a READ PX 1000 -> T1
      b LOCK.ACQUIRE k b READ         -> T2
      a LOCK.UPGRADE k a WAIT 0       -> waits
      pass 1000
      a                               -> nil
      a LOCK.UPGRADE k a              -> nil
      a LOCK.DOWNGRADE k a            -> 0
    `)
  })

  test('who reads and asks for WRITE would wait for itself', () => {
    plays(`
      a LOCK.ACQUIRE k a READ          -> T1
      a LOCK.ACQUIRE k a WRITE WAIT 0  -> -DEADLOCK it would wait for itself
    `)
  })

  test('a downgrade lets waiting readers in', () => {
    plays(`
      a LOCK.ACQUIRE k a               -> T1
      b LOCK.ACQUIRE k b READ WAIT 0   -> waits
      a LOCK.DOWNGRADE k a             -> 1
      b                                -> T2
    `)
  })
})

describe('LOCK.MACQUIRE', () => {
  test('takes all or nothing, and holds nothing while it waits', () => {
    plays(`
      a LOCK.ACQUIRE {k}y a                     -> T1
      b LOCK.MACQUIRE 3 {k}x {k}y {k}z b              -> nil
      b LOCK.MACQUIRE 3 {k}x {k}y {k}z b WAIT 0       -> waits
      c LOCK.INFO {k}x                          -> [mode, free, holders, 0, waiting, 1, owner, nil, token, nil, ttl-ms, nil]
      c LOCK.ACQUIRE {k}x c WAIT 0              -> waits
      a LOCK.RELEASE {k}y a                     -> 1
      b                                      -> [T2, T3, T4]
      b LOCK.MRELEASE 4 {k}x {k}y {k}z {k}w b            -> 3
      c                                      -> T5
    `)
  })

  test('never blocks two that want the same keys in another order', () => {
    plays(`
      a LOCK.MACQUIRE 2 {k}x {k}y a               -> [T1, T2]
      b LOCK.MACQUIRE 2 {k}y {k}x b WAIT 0        -> waits
      c LOCK.MACQUIRE 2 {k}x {k}y c WAIT 0        -> waits
      a LOCK.MRELEASE 2 {k}y {k}x a               -> 2
      b                                     -> [T3, T4]
      b LOCK.MRELEASE 2 {k}x {k}y b               -> 2
      c                                     -> [T5, T6]
    `)
  })

  test('a wider wish of the same owner goes to the end of all queues', () => {
    plays(`
      a LOCK.MACQUIRE 2 {k}x {k}y a               -> [T1, T2]
      b LOCK.ACQUIRE {k}x b WAIT 0             -> waits
      c LOCK.MACQUIRE 2 {k}x {k}y c WAIT 0        -> waits
      d LOCK.MACQUIRE 2 {k}x {k}y b WAIT 0        -> waits
      b                                     -> -UNBLOCKED superseded by the same owner on another connection
      a LOCK.MRELEASE 2 {k}x {k}y a               -> 2
      c                                     -> [T3, T4]
      c LOCK.MRELEASE 2 {k}x {k}y c               -> 2
      d                                     -> [T5, T6]
    `)
  })

  test('granted at one key lets those behind it at the others go on', () => {
    plays(`
      a LOCK.ACQUIRE {k}x a                      -> T1
      b LOCK.MACQUIRE 2 {k}x {k}y b READ WAIT 0  -> waits
      c LOCK.ACQUIRE {k}y c READ WAIT 0          -> waits
      a LOCK.RELEASE {k}x a                      -> 1
      b                                          -> [T2, T3]
      c                                          -> T4
    `)
  })

  test('superseded by a narrower wish of its owner, which may be granted at once', () => {
    plays(`
      a LOCK.ACQUIRE {k}y a                   -> T1
      b LOCK.MACQUIRE 2 {k}x {k}y b WAIT 0    -> waits
      c LOCK.ACQUIRE {k}x b WAIT 0            -> T2
      b                                       -> -UNBLOCKED superseded by the same owner on another connection
    `)
  })

  test('refuses a key named twice, and a wrong count', () => {
    plays(`
      a LOCK.MACQUIRE 2 {k}x {k}x a   -> -ERR a key is named twice
      a LOCK.MACQUIRE 2 {k}x {k}y     -> -ERR syntax error
      a LOCK.MACQUIRE 0 {k}x a     -> -ERR numkeys is not an integer from 1 to 1024
      a SET s v                 -> OK
      a LOCK.MACQUIRE 2 {k}x s a   -> -WRONGTYPE Operation against a key holding the wrong kind of value
      a EXISTS {k}x                -> 0
    `)
  })
})

describe('LOCK.HANDOFF', () => {
  test('passes the lock on a new token, past the queue', () => {
    plays(`
      a LOCK.ACQUIRE k a               -> T1
      b LOCK.ACQUIRE k b WAIT 0        -> waits
      c LOCK.ACQUIRE k c WAIT 0        -> waits
      a LOCK.HANDOFF k a c PX 1000     -> T2
      c                                -> T2
      a LOCK.HANDOFF k a d             -> nil
      c LOCK.HANDOFF k c c             -> T2
      c LOCK.RELEASE k c               -> 1
      b                                -> T3
    `)
  })
})

describe('LOCK.ASSERT', () => {
  test('says who is not entitled, and why', () => {
    plays(`
      a LOCK.ASSERT k a            -> -NOTHELD nobody holds it
      a LOCK.ACQUIRE k a           -> T1
      a LOCK.ASSERT k a            -> OK
      a LOCK.ASSERT k a TOKEN T1   -> OK
      a LOCK.ASSERT k a TOKEN 1    -> -FENCED the token is stale
      a LOCK.ASSERT k b            -> -NOTOWNER somebody else holds it
    `)
  })

  test('failing inside MULTI fails the whole EXEC, and nothing runs', () => {
    plays(`
      a LOCK.ACQUIRE k a           -> T1
      b MULTI                      -> OK
      b SET s 1                    -> QUEUED
      b LOCK.ASSERT k b            -> QUEUED
      b SET s 2                    -> QUEUED
      b EXEC                       -> -NOTOWNER somebody else holds it
      b GET s                      -> nil
      a MULTI                      -> OK
      a SET s 3                    -> QUEUED
      a LOCK.ASSERT k a TOKEN T1   -> QUEUED
      a EXEC                       -> [OK, OK]
      b GET s                      -> 3
    `)
  })
})

describe('LOCK.DO', () => {
  test('runs the command under the token of the holder only', () => {
    plays(`
      a LOCK.ACQUIRE k a             -> T1
      a LOCK.DO k T1 SET s one       -> OK
      a LOCK.DO k 1 SET s two        -> -FENCED the token is stale
      a LOCK.RELEASE k a             -> 1
      b LOCK.ACQUIRE k b             -> T2
      a LOCK.DO k T1 SET s three     -> -FENCED the token is stale
      b LOCK.DO k T2 GET s           -> one
      b LOCK.RELEASE k b             -> 1
      b LOCK.DO k T2 GET s           -> -FENCED the token is stale
    `)
  })

  test('a shared hold is not enough', () => {
    plays(`
      a LOCK.ACQUIRE k a READ    -> T1
      a LOCK.DO k T1 SET s one   -> -FENCED the token is stale
    `)
  })

  test('accepts the token of a leader, and checks several', () => {
    plays(`
      a LEADER.CAMPAIGN {k}l a                -> T1
      a LOCK.ACQUIRE k a                      -> T2
      a LOCK.DO {k}l T1 LOCK.DO k T2 INCR n      -> 1
      a LOCK.DO {k}l T1 LOCK.DO k T1 INCR n      -> -FENCED the token is stale
    `)
  })

  test('answers the errors of the inner command', () => {
    plays(`
      a LOCK.ACQUIRE k a               -> T1
      a LOCK.DO k T1 SET s             -> -ERR wrong number of arguments for 'set' command
      a LOCK.DO k T1 NOSUCH            -> -ERR unknown command 'NOSUCH'
      a LOCK.DO k T1 INCR k            -> -WRONGTYPE Operation against a key holding the wrong kind of value
      a LOCK.DO k T1 MULTI             -> -ERR 'multi' is not possible inside another command
      a LOCK.DO k T1 lock.granted k a 1 1 1 1 0 x  -> -ERR unknown command 'lock.granted'
      a LOCK.DO k T1 LOCK.ACQUIRE {k}l a WAIT 0       -> T2
      b LOCK.DO k T1 LOCK.ACQUIRE {k}l b WAIT 0       -> nil
    `)
  })

  test('names the keys of the inner command', () => {
    plays(`
      a COMMAND GETKEYS LOCK.DO k 1 MSET x 1 y 2   -> [k, x, y]
      a COMMAND GETKEYS LOCK.DO k 1 PING           -> [k]
    `)
  })

  test('works in scripts, where nothing waits', () => {
    plays(`
      a EVAL "return redis.call('LOCK.ACQUIRE', 'k', 'a', 'WAIT', 0)" 0                     -> T1
      b EVAL "return redis.call('LOCK.ACQUIRE', 'k', 'b', 'WAIT', 0)" 0                     -> nil
      a EVAL "return redis.call('LOCK.DO', 'k', ARGV[1], 'INCR', 'n')" 0 T1                 -> 1
      a EVAL_RO "return redis.call('LOCK.DO', 'k', ARGV[1], 'INCR', 'n')" 0 T1              -> -ERR Write commands are not allowed from read-only scripts. script: c31ac5215564c4981525a45ad13c3b8fb43ef794, on @user_script:1.
      a GET n                                                                               -> 1
      b EVAL "return redis.pcall('LOCK.ASSERT', 'k', 'b')" 0                                -> -NOTOWNER somebody else holds it
      c LOCK.ACQUIRE k c WAIT 0                                                             -> waits
      a EVAL "return redis.call('LOCK.RELEASE', 'k', 'a')" 0                                -> 1
      c                                                                                     -> T2
    `)
  })

  test('stops nesting before the stack is full', () => {
    const transcript = new Transcript()
    transcript.play('a LOCK.ACQUIRE k a -> T1')
    const nested = (depth: number) => `a ${'LOCK.DO k T1 '.repeat(depth)}PING`
    expect(transcript.play(nested(16))).toContain('-> PONG')
    expect(transcript.play(nested(17))).toContain('-> -ERR commands are nested too deeply')
  })
})

describe('views', () => {
  test('LOCK.INFO, LOCK.HOLDERS and LOCK.QUEUE tell who holds and who waits', () => {
    plays(`
      a3 LOCK.INFO k                                       -> nil
      a3 LOCK.ACQUIRE k a PX 5000 META "by hand"           -> T1
      b3 LOCK.ACQUIRE k b READ WAIT 0                      -> waits
      pass 1000
      c3 LOCK.INFO k      -> {mode: write, holders: 1, waiting: 1, owner: a, token: T1, ttl-ms: 4000}
      c3 LOCK.HOLDERS k   -> [{owner: a, token: T1, mode: write, count: 1, meta: "by hand", ttl-ms: 4000, held-ms: 1000, client: 0}]
      c3 LOCK.QUEUE k     -> [{owner: b, wants: read, waiting-ms: 1000, client: 2}]
      c3 LOCK.FORCE k     -> 1
      b3                  -> T2
      c3 LOCK.FORCE nokey -> 0
    `)
  })
})

describe('keys', () => {
  test('a lock is a key while it is held, and no residue stays', () => {
    plays(`
      a LOCK.ACQUIRE k a    -> T1
      a DBSIZE              -> 1
      a LOCK.RELEASE k a    -> 1
      a DBSIZE              -> 0
    `)
  })

  test('a lock cannot be overwritten', () => {
    plays(`
      a LOCK.ACQUIRE k a    -> T1
      b SET k stolen        -> -WRONGTYPE Operation against a key holding the wrong kind of value
      b SET k stolen XX     -> -WRONGTYPE Operation against a key holding the wrong kind of value
      b GETSET k stolen     -> -WRONGTYPE Operation against a key holding the wrong kind of value
      b SETEX k 10 stolen   -> -WRONGTYPE Operation against a key holding the wrong kind of value
      b SET k x PXAT 1      -> -WRONGTYPE Operation against a key holding the wrong kind of value
      b MSET s 1 k stolen   -> -WRONGTYPE Operation against a key holding the wrong kind of value
      b EXISTS s            -> 0
      a LOCK.ASSERT k a     -> OK
    `)
  })

  test('DEL and FLUSHALL take it away, and those who wait are served', () => {
    plays(`
      a LOCK.ACQUIRE k a          -> T1
      b LOCK.ACQUIRE k b WAIT 0   -> waits
      c LOCK.ACQUIRE k c WAIT 0   -> waits
      d DEL k                     -> 1
      b                           -> T2
      d FLUSHALL                  -> OK
      c                           -> T3
    `)
  })

  test('tokens go on growing after a flush', () => {
    plays(`
      a LOCK.ACQUIRE k a   -> T1
      a FLUSHALL           -> OK
      a LOCK.ACQUIRE k a   -> T2
    `)
  })

  test('SWAPDB takes locks along', () => {
    plays(`
      a LOCK.ACQUIRE k a PX 1000  -> T1
      a SWAPDB 0 1                -> OK
      a LOCK.ACQUIRE k a          -> T2
      b SELECT 1                  -> OK
      b LOCK.ACQUIRE k b WAIT 0   -> waits
      pass 1000
      b                           -> T3
    `)
  })
})

describe('a stall of the event loop', () => {
  test('extends leases by its length', () => {
    plays(`
      a LOCK.ACQUIRE k a PX 10000   -> T1
      pass 5000
      stall 20000
      a LOCK.EXTEND k a PX 10000    -> 10000
      pass 9000
      stall 20000
      b LOCK.ACQUIRE k b            -> nil
      pass 1000
      b LOCK.ACQUIRE k b            -> T2
    `)
  })
})

describe('events', () => {
  test('are published per key and per event, and on the channel of the object', () => {
    plays(`
      a CONFIG SET notify-keyspace-events KEd        -> OK
      s3 SUBSCRIBE __coord__:k                       -> [subscribe, __coord__:k, 1]
      s3 PSUBSCRIBE __key*__:*                       -> [psubscribe, __key*__:*, 2]
      a LOCK.ACQUIRE k a PX 1000                     -> T1
      s3 -> [pmessage, __key*__:*, __keyspace@0__:k, lock:acquired] [pmessage, __key*__:*, __keyevent@0__:lock:acquired, k] [message, __coord__:k, "lock:acquired a T1"]
      a LOCK.RELEASE k a                             -> 1
      s3 -> [pmessage, __key*__:*, __keyspace@0__:k, lock:released] [pmessage, __key*__:*, __keyevent@0__:lock:released, k] [message, __coord__:k, "lock:released a T1"]
      s3 PUNSUBSCRIBE                                -> [punsubscribe, __key*__:*, 1]
      a LOCK.ACQUIRE k a PX 1000                     -> T2
      pass 1000
      s3 -> [message, __coord__:k, "lock:acquired a T2"] [message, __coord__:k, "lock:expired a T2"]
    `)
  })
})
