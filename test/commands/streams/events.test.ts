// The keyspace events of commands on streams, one by one, beside those of a real Redis.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { InProcessServer } from '../../harness/in-process.ts'
import { describeWithRedis, startRedisServer } from '../../harness/redis-server.ts'
import { RespClient } from '../../harness/resp-client.ts'
import { decodeFrame, type RespValue } from '../../harness/resp-value.ts'
import type { ServerProcess } from '../../harness/server-process.ts'

const COMMANDS = `
XADD s 1-0 n 1|XADD s 2-0 n 2|XADD s 1-0 n 1|XADD s NOMKSTREAM 3-0 n 3|XADD none NOMKSTREAM 3-0 n 3|XLEN s|XLEN none
XADD s MAXLEN 3 4-0 n 4|XADD s MAXLEN 9 5-0 n 5|XADD s MINID 5 6-0 n 6|XADD fresh MAXLEN 0 1-0 n 1|XADD fresh 2-0 n 2
XDEL s 5-0|XDEL s 5-0 9-9|XDEL none 1-0|XTRIM s MAXLEN 9|XTRIM s MAXLEN 0|XTRIM none MAXLEN 0|XSETID s 9-0|XSETID none 1-0
XGROUP CREATE s g 0|XGROUP CREATE s g 0|XGROUP CREATE none g 0|XGROUP CREATE made g 0 MKSTREAM|XGROUP SETID s g 0
XGROUP CREATECONSUMER s g ann|XGROUP CREATECONSUMER s g ann|XADD s 10-0 n 10|XADD s 11-0 n 11
XREADGROUP GROUP g ann STREAMS s >|XREADGROUP GROUP g bob STREAMS s 0|XREADGROUP GROUP g ann STREAMS none >
XCLAIM s g cy 0 10-0|XAUTOCLAIM s g dan 0 0|XACK s g 10-0|XACK s g 10-0|XPENDING s g|XPENDING none g|XINFO STREAM s
XINFO GROUPS none|XREAD STREAMS s 0|XRANGE none - +|XGROUP DELCONSUMER s g ann|XGROUP DELCONSUMER s g none
XGROUP DESTROY s g|XGROUP DESTROY s g|DEL s|COPY fresh s
`
  .trim()
  .split(/[|\n]/)

const CLASSES = 'KEAmn'

describeWithRedis('the events of streams', () => {
  let redis: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer('--notify-keyspace-events', CLASSES)
  })
  afterAll(() => redis?.stop())

  it('are those of Redis, in the same order', async () => {
    const listener = await RespClient.connect(redis.port)
    const speaker = await RespClient.connect(redis.port)
    await listener.call('PSUBSCRIBE', '*')
    const here = new InProcessServer({ settings: [['notify-keyspace-events', CLASSES]] })
    const [ownListener, ownSpeaker] = [here.connect(), here.connect()]
    ownListener.call('PSUBSCRIBE', '*')
    for (const [i, line] of COMMANDS.entries()) {
      const theirs: string[] = []
      await speaker.call(...line.split(' '))
      // What is published after a command ends its events.
      await speaker.call('PUBLISH', 'done', String(i))
      while (theirs.at(-1) !== `done ${i}`)
        theirs.push(eventOf(decodeFrame(await listener.reply())))
      ownSpeaker.call(...line.split(' '))
      ownSpeaker.call('PUBLISH', 'done', String(i))
      expect(ownListener.replies().map(eventOf), line).toEqual(theirs)
    }
    await listener.close()
    await speaker.close()
  })
})

/** Channel and message. */
function eventOf(message: RespValue): string {
  return (message as string[]).slice(2).join(' ')
}
