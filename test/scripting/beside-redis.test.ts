// Scripts beside a real Redis: each conversation gets the same bytes from both, in both protocols.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import { encodeCommand, RespClient } from '../harness/resp-client.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { conversations, type Step } from './conversations.ts'
import { libraries } from './libraries.ts'

function wordsOf(step: Step): readonly string[] {
  return typeof step === 'string' ? ['EVAL', step, '0'] : step
}

describeWithRedis('scripts beside Redis', () => {
  // One of each for all, since math.random goes on from script to script.
  const server = new InProcessServer()
  let redis: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer('--enable-debug-command', 'yes')
  })
  afterAll(() => redis?.stop())

  describe.each([2, 3] as const)('RESP%i', protocol => {
    let theirs: RespClient
    let ours: InProcessClient
    beforeAll(async () => {
      theirs = await RespClient.connect(redis.port)
      ours = server.connect()
    })
    afterAll(() => theirs?.close())

    it.each(Object.entries({ ...conversations, ...libraries }))('%s', async (_, steps) => {
      const start = [['RESET'], ['HELLO', String(protocol)], ['FLUSHALL'], ['SCRIPT', 'FLUSH']]
      const commands = [...start, ...steps.map(wordsOf)]
      theirs.write(Buffer.concat(commands.map(encodeCommand)))
      const expected = await theirs.replies(commands.length)
      const differences: string[] = []
      commands.forEach((words, i) => {
        const actual = ours.callBytes(...words).toString('latin1')
        const reply = expected[i]?.toString('latin1')
        if (i >= start.length && actual !== reply) {
          differences.push(
            `${words.join(' ').split('\n').at(-1)}\n  Redis ${reply}  ours  ${actual}`,
          )
        }
      })
      expect(differences).toEqual([])
    })
  })
})
