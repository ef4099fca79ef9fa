import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { within } from './agreement.ts'
import { runCampaign } from './differential.ts'
import { describeWithRedis, startRedisServer } from './redis-server.ts'
import type { ServerProcess } from './server-process.ts'
import { startTamperingProxy, type Tamper, type TamperingProxy } from './tampering-proxy.ts'
import { type CommandStep, commandStep, describeStep, type Move } from './trace.ts'
import { type Protocol, TwoServers } from './two-servers.ts'

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1')
const key = fc.constantFrom('a', 'b')
const one = (...args: string[]): Move => [commandStep(args)]

const moves: fc.Arbitrary<Move> = fc.oneof(
  fc.tuple(key, fc.constantFrom('', '1', 'xyz')).map(([k, v]) => one('SET', k, v)),
  key.map(k => one('GET', k)),
  key.map(k => one('INCR', k)),
  key.map(k => one('APPEND', k, 'z')),
  key.map(k => one('STRLEN', k)),
  key.map(k => one('DEL', k)),
)

describeWithRedis('runCampaign', () => {
  let redis: ServerProcess
  let other: ServerProcess
  let proxy: TamperingProxy | undefined
  beforeAll(async () => {
    redis = await startRedisServer()
    other = await startRedisServer()
  })
  afterEach(async () => {
    await proxy?.close()
    proxy = undefined
  })
  afterAll(async () => {
    await redis.stop()
    await other.stop()
  })

  async function campaignWithFault(tamper: Tamper, protocol: Protocol = 2) {
    proxy = await startTamperingProxy(other.port, tamper)
    const ports = { referencePort: redis.port, candidatePort: proxy.port }
    return runCampaign({ ...ports, protocol, moves, steps: 2000, seed: 1 })
  }

  it.each<Protocol>([2, 3])('finds none between two real servers in RESP%i', async protocol => {
    const { steps, report } = await campaignWithFault((_args, reply) => reply, protocol)
    expect(report).toBeUndefined()
    expect(steps).toBeGreaterThanOrEqual(2000)
  })

  it('finds one wrong byte, and shrinks the trace to the commands that cause it', async () => {
    const { report } = await campaignWithFault((args, reply) =>
      args[0] === 'STRLEN' && reply.equals(bytes(':2\r\n')) ? bytes(':3\r\n') : reply,
    )
    expect(report?.split('\n')).toEqual([
      'Replies differ in RESP2, seed 1:',
      expect.stringMatching(/^ {2}a> (APPEND|INCR|SET) /),
      expect.stringMatching(/^ {2}a> (APPEND|INCR) /),
      expect.stringMatching(/^ {2}a> STRLEN [ab]$/),
      'reference ":2\\r\\n"',
      'candidate ":3\\r\\n"',
    ])
  })

  it('finds a null of the wrong protocol', async () => {
    const { report } = await campaignWithFault(
      (_args, reply) => (reply.equals(bytes('_\r\n')) ? bytes('$-1\r\n') : reply),
      3,
    )
    expect(report).toContain('reference "_\\r\\n"\ncandidate "$-1\\r\\n"')
  })

  it('finds an error that is worded differently', async () => {
    const { report } = await campaignWithFault((_args, reply) =>
      reply[0] === 0x2d ? bytes('-ERR value is not a number\r\n') : reply,
    )
    expect(report).toContain('candidate "-ERR value is not a number\\r\\n"')
  })

  it('finds a connection that is closed instead of answered', async () => {
    const { report } = await campaignWithFault((args, reply) =>
      args[0] === 'INCR' ? undefined : reply,
    )
    expect(report).toContain('candidate (none: it closed the connection or fell silent)')
  })
})

describeWithRedis('TwoServers', () => {
  let redis: ServerProcess
  let other: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer()
    other = await startRedisServer()
  })
  afterAll(async () => {
    await redis.stop()
    await other.stop()
  })

  const differenceOf = async (tamper: Tamper, trace: Move) => {
    const proxy = await startTamperingProxy(other.port, tamper)
    const servers = new TwoServers(redis.port, proxy.port, 2)
    try {
      return await servers.firstDifference(trace)
    } finally {
      await servers.close()
      await proxy.close()
    }
  }

  it('keeps the order of steps across connections', async () => {
    const trace: CommandStep[] = []
    for (let i = 0; i < 50; i += 1) {
      trace.push(commandStep(['INCR', 'n'], undefined, i % 2))
    }
    const seen: string[] = []
    const difference = await differenceOf((args, reply) => {
      if (args[0] === 'INCR') seen.push(reply.toString('latin1'))
      return reply
    }, trace)
    expect(difference).toBeUndefined()
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => `:${i + 1}\r\n`))
  })

  it("gives each element of EXEC's reply the agreement of the command that was queued", async () => {
    const trace: Move = [
      commandStep(['SET', 'a', '1', 'EX', '100']),
      commandStep(['MULTI']),
      commandStep(['GET', 'a']),
      commandStep(['TTL', 'a'], within(2)),
      commandStep(['EXEC']),
    ]
    const execReply = (reply: string) =>
      differenceOf((args, real) => (args[0] === 'EXEC' ? bytes(reply) : real), trace)
    expect(await execReply('*2\r\n$1\r\n1\r\n:99\r\n')).toBeUndefined()
    expect(await execReply('*2\r\n$1\r\n1\r\n:9\r\n')).toBeDefined()
    expect(await execReply('*2\r\n$1\r\n2\r\n:100\r\n')).toBeDefined()
    expect(await execReply('*1\r\n$1\r\n1\r\n')).toBeDefined()
    expect(await execReply('*-1\r\n')).toBeDefined()
  })

  it('goes on with a fresh connection after both servers closed one', async () => {
    const servers = new TwoServers(redis.port, other.port, 3)
    expect(
      await servers.firstDifference([commandStep(['QUIT']), commandStep(['PING'])]),
    ).toBeUndefined()
    expect(await servers.firstDifference([commandStep(['GET', 'a'])])).toBeUndefined()
    await servers.close()
  })

  it('starts every trace from empty databases', async () => {
    const servers = new TwoServers(redis.port, other.port, 2)
    await servers.firstDifference([commandStep(['SET', 'a', '1'])])
    const seen = await differenceOf(
      (args, reply) => (args[0] === 'GET' ? bytes('$1\r\n1\r\n') : reply),
      [commandStep(['GET', 'a'])],
    )
    expect(seen?.reference?.toString()).toBe('$-1\r\n')
    await servers.close()
  })
})

it('describeStep writes steps as a person would type them', () => {
  expect(describeStep(commandStep(['SET', 'a b', '\x00"\r\n'], undefined, 1))).toBe(
    'b> SET "a b" "\\x00\\"\\r\\n"',
  )
  expect(describeStep(commandStep(['GET', '']))).toBe('a> GET ""')
  expect(describeStep({ kind: 'wait', ms: 5 })).toBe('wait 5 ms')
})
