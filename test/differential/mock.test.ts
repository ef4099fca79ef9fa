// What machines without a redis-server can check: the commands in which ioredis-mock agrees with Redis.
//
// It agrees on keys that hold what the command expects; it does not know Redis's limits and errors. So the
// traces here are well-formed, numbers and texts under keys of their own. That the mock is right about
// them is tested too, wherever there is a Redis to ask.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import { MockOracle } from '../harness/mock-oracle.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import { RespClient } from '../harness/resp-client.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const TRACES = 150

const text = fc.constantFrom('a', 'b', 'c')
const number = fc.constantFrom('n', 'm')
const any = fc.oneof(text, number)
const word = fc.constantFrom('hello', 'world', 'x', 'longer text with spaces')
const integer = fc.integer({ min: -1000, max: 1000 }).map(String)

function command(name: string, ...args: readonly fc.Arbitrary<string | readonly string[]>[]) {
  return fc.tuple(...args).map(words => [name, ...words.flat()])
}

const traces = fc.array(
  fc.oneof(
    command('SET', text, word),
    command('SET', number, integer),
    command('SET', text, word, fc.constantFrom('NX', 'XX')),
    command('SETNX', text, word),
    command('GETSET', text, word),
    command('GETDEL', any),
    command('GET', any),
    command('APPEND', text, word),
    command('STRLEN', text),
    command('INCR', number),
    command('DECR', number),
    command('INCRBY', number, integer),
    command('DECRBY', number, integer),
    command('MSET', text, word, text, word),
    command('MSETNX', text, word, text, word),
    command('MGET', any, any),
    command('EXISTS', any),
    command('DEL', any, any),
    command('TYPE', any),
    command('EXPIRE', any, fc.constantFrom('100', '1000')),
    command('PERSIST', any),
    command('DBSIZE'),
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
)

/** Fails with the smallest trace in which the server's replies are not the mock's. */
async function expectAgreement(server: ServerProcess): Promise<void> {
  const client = await RespClient.connect(server.port)
  const mock = new MockOracle()
  const agrees = fc.asyncProperty(traces, async trace => {
    await mock.call('FLUSHALL')
    await client.call('FLUSHALL')
    for (const [name, ...args] of trace) {
      const expected = await mock.call(name!, ...args)
      expect([name, ...args, await client.call(name!, ...args)]).toEqual([name, ...args, expected])
    }
  })
  await fc.assert(agrees, { numRuns: TRACES, seed: 1 })
  mock.close()
  await client.close()
}

describeWithRedis('ioredis-mock is right', () => {
  let redis: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(() => redis?.stop())

  it('about well-formed string commands', () => expectAgreement(redis))
})

describe('Latchkey answers as ioredis-mock does', () => {
  let latchkey: ServerProcess
  beforeAll(async () => {
    latchkey = await startLatchkeyServer()
  })
  afterAll(() => latchkey?.stop())

  it('to well-formed string commands', () => expectAgreement(latchkey))
})
