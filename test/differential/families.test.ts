// Every command family against a real Redis, byte for byte, in both protocols.
//
// LATCHKEY_DIFFERENTIAL_STEPS sets how many commands are compared per protocol, all families together;
// LATCHKEY_DIFFERENTIAL_SEED where the random traces begin. The default of both is fixed, so that a build
// does not fail by chance; by hand, run 100000 steps from a seed of your own.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCampaign } from '../harness/differential.ts'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import { RespClient } from '../harness/resp-client.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import type { Move } from '../harness/trace.ts'
import type { Protocol } from '../harness/two-servers.ts'
import { otherTypes } from './alphabet.ts'
import { bitfields } from './bitfields.ts'
import { bitmaps } from './bitmaps.ts'
import { generic } from './generic.ts'
import { geo } from './geo.ts'
import { hashes } from './hashes.ts'
import { hyperloglog } from './hyperloglog.ts'
import { lists } from './lists.ts'
import { sets } from './sets.ts'
import { sort } from './sort.ts'
import { sortedSets } from './sorted-sets.ts'
import { streams } from './streams.ts'
import { strings } from './strings.ts'
import { transactions } from './transactions.ts'

const STEPS_DEFAULT = 30_000
const steps = Number(process.env['LATCHKEY_DIFFERENTIAL_STEPS'] ?? STEPS_DEFAULT)
const seed = Number(process.env['LATCHKEY_DIFFERENTIAL_SEED'] ?? 1)

const families: Record<string, fc.Arbitrary<Move>> = {
  strings,
  bitmaps,
  bitfields,
  hyperloglog,
  generic,
  transactions,
  lists,
  hashes,
  sets,
  'sorted sets': sortedSets,
  geo,
  streams,
}
families['all families mixed'] = fc.oneof(...Object.values(families))
// Not mixed with the others: see there.
families['sort'] = sort

const stepsPerFamily = Math.ceil(steps / Object.keys(families).length)

/** A limit that random offsets can reach without making values of 512 MB. */
const OPTIONS = ['--proto-max-bulk-len', '1mb']

describeWithRedis('Latchkey answers as Redis does', () => {
  let redis: ServerProcess
  let latchkey: ServerProcess
  let knownTypes: fc.Arbitrary<Move>[]
  beforeAll(async () => {
    redis = await startRedisServer(...OPTIONS)
    latchkey = await startLatchkeyServer(...OPTIONS)
    knownTypes = await otherTypesOf(latchkey)
  })
  afterAll(async () => {
    await redis?.stop()
    await latchkey?.stop()
  })

  const cases = ([2, 3] as Protocol[]).flatMap(protocol =>
    Object.keys(families).map(family => [protocol, family] as const),
  )
  it.each(cases)(
    'RESP%i, %s',
    async (protocol, family) => {
      const { report } = await runCampaign({
        referencePort: redis.port,
        candidatePort: latchkey.port,
        protocol,
        moves: withWrongTypes(families[family]!, knownTypes),
        steps: stepsPerFamily,
        seed,
      })
      expect(report ?? 'no difference').toBe('no difference')
    },
    60_000 + steps,
  )
})

function withWrongTypes(family: fc.Arbitrary<Move>, known: readonly fc.Arbitrary<Move>[]) {
  if (known.length === 0) return family
  return fc.oneof({ weight: 30, arbitrary: family }, { weight: 1, arbitrary: fc.oneof(...known) })
}

/** The makers of other types that this server has commands for. */
async function otherTypesOf(server: ServerProcess): Promise<fc.Arbitrary<Move>[]> {
  const client = await RespClient.connect(server.port)
  const rows = await client.call('COMMAND', 'INFO', ...otherTypes.keys())
  await client.close()
  if (!Array.isArray(rows)) throw new Error('the server does not know COMMAND INFO')
  return [...otherTypes.values()].filter((_maker, i) => rows[i] !== null)
}
