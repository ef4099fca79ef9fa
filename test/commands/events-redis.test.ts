// The keyspace events of these commands, one by one, beside those of a real Redis.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { InProcessServer } from '../harness/in-process.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import { RespClient } from '../harness/resp-client.ts'
import { decodeFrame, type RespValue } from '../harness/resp-value.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const COMMANDS = `
SET a 1|SET a 2|SET a 3 EX 100|SET a 4 KEEPTTL|SET a 5 NX|SET b 1 XX|SET a 6 GET|SETNX n 1|SETNX n 2
SETEX a 10 1|PSETEX a 10000 1|GETSET a 2|GETEX a|GETEX a EX 10|GETEX a PERSIST|GETEX a PERSIST|GETDEL a|GETDEL a
SET a 1|GETEX a PXAT 1|MSET a 1 b 2 a 3|MSETNX a 1 z 2|MSETNX y 1 z 2|GET a|GET nosuch|MGET a nosuch nosuch2
INCR a|DECR a|INCRBY c 5|DECRBY c 5|INCRBYFLOAT c 1.5|APPEND a x|APPEND new x|SETRANGE a 1 y|SETRANGE fresh 3 y
STRLEN nosuch|GETRANGE nosuch 0 1|LCS a nosuch|SETBIT a 1 1|SETBIT a 1 1|SETBIT bits 9 0|GETBIT nosuch 1
BITCOUNT nosuch|BITPOS nosuch 1|BITOP OR a a b|BITOP AND a nosuch nosuch2|BITOP NOT made b
BITFIELD f SET u8 0 5|BITFIELD f SET u8 0 5|BITFIELD f GET u8 0|BITFIELD g OVERFLOW FAIL INCRBY u2 0 9
BITFIELD_RO nosuch GET u8 0|PFADD h a|PFADD h a|PFADD h2|PFCOUNT h|PFCOUNT h|PFCOUNT nosuch|PFMERGE h3 h h2 nosuch
DEL b nosuch y|UNLINK z nosuch|EXISTS nosuch|TOUCH nosuch|TYPE nosuch|TTL nosuch|OBJECT ENCODING nosuch|EXPIRE nosuch 1
SET a 1|EXPIRE a 10|PEXPIRE a 10000|EXPIREAT a 4102444800|PEXPIREAT a 4102444800000|EXPIRE a 5 GT|PERSIST a|PERSIST a
EXPIRE a -1|SET a 1|RENAME a b|RENAME b b|RENAMENX b c|RENAMENX b d|RENAME nosuch x|SET t 1|RENAME d t
COPY t u|COPY t u|COPY t u REPLACE|COPY t t DB 1|MOVE t 1|MOVE u 1|MOVE u 1|SELECT 1|DEL t u
PFDEBUG ENCODING nosuch|SET e 1 PXAT 1|GET e|SET e 1 PXAT 1|DEL e|SET e 1 PXAT 1|INCR e
`
  .trim()
  .split(/[|\n]/)

describeWithRedis('Keyspace events', () => {
  let redis: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer(
      ...['--notify-keyspace-events', 'KEAmn', '--enable-debug-command', 'yes'],
    )
  })
  afterAll(() => redis?.stop())

  it('are those of Redis, in the same order', async () => {
    const listener = await RespClient.connect(redis.port)
    const speaker = await RespClient.connect(redis.port)
    // Else Redis's own sweep may find a key that has expired before the next command does.
    await speaker.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0')
    await listener.call('PSUBSCRIBE', '*')
    const here = new InProcessServer({ settings: [['notify-keyspace-events', 'KEAmn']] })
    const [ownListener, ownSpeaker] = [here.connect(), here.connect()]
    ownListener.call('PSUBSCRIBE', '*')
    for (const [i, line] of COMMANDS.entries()) {
      await speaker.call(...line.split(' '))
      ownSpeaker.send(...line.split(' '))
      // What is published after a command ends its events.
      await speaker.call('PUBLISH', 'done', String(i))
      ownSpeaker.send('PUBLISH', 'done', String(i))
      expect(eventsOf(ownListener.replies(), i), line).toEqual(await eventsFrom(listener, i))
    }
    await listener.close()
    await speaker.close()
  })
})

/** Channel and message of each event, without the mark at the end. */
function eventsOf(messages: readonly RespValue[], command: number): string[] {
  const events = messages.map(each => (each as string[]).slice(2).join(' '))
  expect(events.pop()).toBe(`done ${command}`)
  return events
}

async function eventsFrom(listener: RespClient, command: number): Promise<string[]> {
  const messages: RespValue[] = []
  do {
    messages.push(decodeFrame(await listener.reply()))
  } while ((messages.at(-1) as string[])[2] !== 'done')
  return eventsOf(messages, command)
}
