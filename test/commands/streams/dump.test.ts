// A stream goes to a real Redis and comes back, by DUMP and RESTORE, with its groups and what is pending.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { InProcessServer } from '../../harness/in-process.ts'
import { describeWithRedis } from '../../harness/redis-server.ts'
import { RespError, type RespValue } from '../../harness/resp-value.ts'
import { Reference } from '../../reference.ts'

const NOW = Date.UTC(2024, 0, 1)
const ENTRIES = 250
const DESCRIBE = ['XINFO', 'STREAM', 's', 'FULL', 'COUNT', '0']

const HISTORY = [
  ...Array.from(
    { length: ENTRIES },
    (_, i) => `XADD s ${i + 1}-${i % 3} n ${i} text ${'x'.repeat(i)}`,
  ),
  'XADD s 9000-1 another field',
  'XDEL s 7-0 8-1 9000-1',
  'XTRIM s MAXLEN 240',
  'XGROUP CREATE s g 0',
  'XGROUP CREATE s h $ ENTRIESREAD 5',
  'XREADGROUP GROUP g ann COUNT 120 STREAMS s >',
  'XREADGROUP GROUP g bob COUNT 7 STREAMS s >',
  `XCLAIM s g bob 0 20-1 21-2 TIME ${NOW - 500} RETRYCOUNT 9`,
  'XACK s g 30-2 31-0',
  'XDEL s 40-0',
  'XGROUP CREATECONSUMER s h cy',
]

describeWithRedis('a stream beside that of Redis', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start('--sanitize-dump-payload', 'yes')
  })
  afterAll(() => redis.stop())

  /** What both tell of it: 7.0 has no radix tree like ours, and does not know when a consumer was active. */
  function described(reply: RespValue): unknown {
    return JSON.parse(JSON.stringify(reply), (_name, part: unknown) => {
      if (!Array.isArray(part) || !part.includes('name') || !part.includes('seen-time')) return part
      const at = part.indexOf('active-time')
      return at < 0 ? part : part.toSpliced(at, 2)
    }).toSpliced(4, 2)
  }

  it('tells the same there, and when it is back', async () => {
    const client = new InProcessServer().connect()
    for (const line of HISTORY) client.call(...line.split(' '))
    const here = described(client.call(...DESCRIBE))

    const payload = Buffer.from(client.call('DUMP', 's') as string, 'latin1')
    expect(await redis.call('RESTORE', 's', 0, payload, 'REPLACE')).toBe('OK')
    expect(described(await redis.call(...DESCRIBE))).toEqual(here)

    const back = Buffer.from((await redis.call('DUMP', 's')) as string, 'latin1')
    expect(client.call('RESTORE', 's', '0', back, 'REPLACE')).toBe('OK')
    expect(described(client.call(...DESCRIBE))).toEqual(here)
    expect(client.call('OBJECT', 'ENCODING', 's')).toBe('stream')
    expect(client.call('XLEN', 's')).toBe(239)
    expect(client.call('XADD', 's', '9000-1', 'n', '1')).toBeInstanceOf(RespError)
  })
})
