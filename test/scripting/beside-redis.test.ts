// Scripts beside a real Redis: each conversation gets the same bytes from both, in both protocols.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import { type Argument, encodeCommand, RespClient } from '../harness/resp-client.ts'
import { decodeFrame, RespError } from '../harness/resp-value.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { conversations, type Step } from './conversations.ts'
import { libraries } from './libraries.ts'
import { libraryConversations } from './library-conversations.ts'

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

    it.each(Object.entries({ ...conversations, ...libraries, ...libraryConversations }))(
      '%s',
      async (_, steps) => {
        const start = [
          ['RESET'],
          ['HELLO', String(protocol)],
          ['FLUSHALL'],
          ['SCRIPT', 'FLUSH'],
          ['FUNCTION', 'FLUSH'],
        ]
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
      },
    )
  })

  it.each([
    ['Redis', 'Latchkey'],
    ['Latchkey', 'Redis'],
  ])('what FUNCTION DUMP returns on %s restores on %s', async (from, _to) => {
    const theirs = await RespClient.connect(redis.port)
    const ours = server.connect()
    const callTheirs = async (...args: readonly Argument[]) => {
      theirs.write(encodeCommand(args))
      return decodeFrame((await theirs.replies(1))[0]!)
    }
    const callOurs = (...args: readonly Argument[]) => Promise.resolve(ours.call(...args))
    const [source, target] = from === 'Redis' ? [callTheirs, callOurs] : [callOurs, callTheirs]
    const text = 'abc'.repeat(3000)
    await source('FUNCTION', 'FLUSH')
    await target('FUNCTION', 'FLUSH')
    // Long and repetitive, so that it is compressed; short; with bytes beyond ASCII.
    const bodies = [`return #'${text}'`, 'return 1', "return '\xff\x80'"]
    for (const [i, body] of bodies.entries()) {
      const code = `#!lua name=l${i}\nredis.register_function('f${i}', function() ${body} end)`
      expect(await source('FUNCTION', 'LOAD', code)).toBe(`l${i}`)
    }
    const payload = Buffer.from((await source('FUNCTION', 'DUMP')) as string, 'latin1')
    expect(payload.length).toBeLessThan(text.length)
    expect(await target('FUNCTION', 'RESTORE', payload)).toBe('OK')
    for (const i of bodies.keys()) {
      expect(await target('FCALL', `f${i}`, '0')).toEqual(await source('FCALL', `f${i}`, '0'))
    }
    for (const policy of ['APPEND', 'REPLACE', 'FLUSH', 'x']) {
      const replies = [
        await callTheirs('FUNCTION', 'RESTORE', payload, policy),
        await callOurs('FUNCTION', 'RESTORE', payload, policy),
      ]
      // Of several libraries that are there, each names the one that it comes upon first.
      const [expected, actual] = replies.map(reply =>
        reply instanceof RespError ? reply.text.replace(/ l\d /, ' l ') : reply,
      )
      expect(actual).toEqual(expected)
    }
    await theirs.close()
  })
})
