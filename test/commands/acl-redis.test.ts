// Random ACL rules on a real Redis and on Latchkey: the same rules are refused in the same words, and
// what is allowed then is the same.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { InProcessServer } from '../harness/in-process.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import { RespClient } from '../harness/resp-client.ts'
import { RespError, type RespValue } from '../harness/resp-value.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const runs = Number(process.env['LATCHKEY_ACL_RUNS'] ?? 300)

const pattern = fc.constantFrom('a', 'b', 'a*', '*b', '[ab]', '?', '', '*', 'a b')
const commandName = fc.constantFrom(
  ...['get', 'SET', 'mget', 'mset', 'ping', 'publish', 'subscribe', 'select', 'config', 'client'],
  ...['config|get', 'CONFIG|SET', 'client|id', 'acl|list', 'flushall', 'hello', 'nosuch'],
  ...['config|nosuch', 'select|0', 'get|x', 'config|get|x', 'config|', 'lpush', 'blpop'],
)
const category = fc.constantFrom(
  ...['all', 'read', 'write', 'string', 'keyspace', 'dangerous', 'admin', 'fast', 'slow'],
  ...['pubsub', 'connection', 'list', 'blocking', 'nosuch'],
)
const sign = fc.constantFrom('+', '-')

const commandRule = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(sign, commandName).map(([s, name]) => s + name) },
  { weight: 3, arbitrary: fc.tuple(sign, category).map(([s, name]) => `${s}@${name}`) },
  { weight: 1, arbitrary: fc.constantFrom('allcommands', 'nocommands') },
)
const keyRule = fc.oneof(
  { weight: 3, arbitrary: pattern.map(each => `~${each}`) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('R', 'W', 'RW', 'wr', 'X', '', 'RR'), pattern)
      .map(([permissions, each]) => `%${permissions}~${each}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('allkeys', 'resetkeys', '%R') },
)
const channelRule = fc.oneof(
  { weight: 4, arbitrary: pattern.map(each => `&${each}`) },
  { weight: 1, arbitrary: fc.constantFrom('allchannels', 'resetchannels') },
)
const selectorRule = fc.oneof(
  { weight: 4, arbitrary: commandRule },
  { weight: 3, arbitrary: keyRule },
  { weight: 2, arbitrary: channelRule },
)
const userRule = fc.constantFrom(
  ...[
    'on',
    'OFF',
    'nopass',
    'resetpass',
    'reset',
    'clearselectors',
    '>p',
    '<p',
    '>q',
    '#abc',
    '!abc',
  ],
  ...['sanitize-payload', 'skip-sanitize-payload', '', 'nosuch', '(~a', '+get)'],
)
const rule = fc.oneof(
  { weight: 12, arbitrary: selectorRule },
  { weight: 2, arbitrary: userRule },
  {
    weight: 2,
    arbitrary: fc.array(selectorRule, { maxLength: 4 }).map(rules => `(${rules.join(' ')})`),
  },
)

const lines = [
  ['GET', 'a'],
  ['GET', 'ab'],
  ['SET', 'a', '1'],
  ['SET', 'b', '1', 'GET'],
  ['MGET', 'a', 'b'],
  ['MSET', 'a', '1', 'b', '1'],
  ['LPUSH', 'b', 'x'],
  ['BLPOP', 'a', 'b', '0'],
  ['PING'],
  ['HELLO'],
  ['SELECT', '0'],
  ['SELECT', '1'],
  ['FLUSHALL'],
  ['CONFIG', 'GET', 'x'],
  ['CONFIG', 'SET', 'x', 'y'],
  ['CLIENT', 'ID'],
  ['ACL', 'LIST'],
  ['PUBLISH', 'a', 'x'],
  ['SUBSCRIBE', 'a', 'b'],
  ['PSUBSCRIBE', 'a*'],
  ['SSUBSCRIBE', 'b'],
]

describeWithRedis('ACL rules, as in Redis', () => {
  let redis: ServerProcess
  let reference: RespClient
  beforeAll(async () => {
    redis = await startRedisServer()
    reference = await RespClient.connect(redis.port)
  })
  afterAll(async () => {
    await reference?.close()
    await redis?.stop()
  })

  it('are refused in the same words, and allow the same', async () => {
    const candidate = new InProcessServer().connect()
    const ask = async (...args: string[]) => {
      return [await reference.call(...args), candidate.call(...args)] as const
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(rule, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
        async changes => {
          await ask('ACL', 'DELUSER', 'ann')
          await ask('ACL', 'SETUSER', 'ann', 'reset')
          for (const rules of changes) {
            const [theirs, ours] = await ask('ACL', 'SETUSER', 'ann', ...rules)
            expect(ours).toEqual(theirs)
          }
          const [theirs, ours] = await ask('ACL', 'GETUSER', 'ann')
          expect(withoutCommandRules(ours)).toEqual(withoutCommandRules(theirs))
          for (const line of lines) {
            const [theirs, ours] = await ask('ACL', 'DRYRUN', 'ann', ...line)
            expect([line, ours]).toEqual([line, asIn72(theirs)])
          }
        },
      ),
      { numRuns: runs },
    )
  })
})

/** Redis 7.2 lists the rules about commands as they were given, 7.0 the fewest that do the same. */
function withoutCommandRules(facts: RespValue): RespValue {
  if (!Array.isArray(facts)) return facts
  return facts.map((fact, i) => {
    if (facts[i - 1] === 'commands') return 'rules'
    return Array.isArray(fact) ? fact.map(withoutCommandRules) : fact
  })
}

/** Redis 7.0 says "this user" where 7.2 says the name. */
function asIn72(reply: RespValue): RespValue {
  if (reply instanceof RespError || typeof reply !== 'string') return reply
  return reply.replace(/^This user/, 'User ann')
}
