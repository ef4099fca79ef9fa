// The table against a real Redis: defaults, and what CONFIG SET answers to good and bad values.
//
// Where Latchkey differs on purpose, the setting or the value stands in one of the lists with the reason.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Config, type Pair } from '../../src/config/config.ts'
import { type SettingName, settingNames, settings } from '../../src/config/settings.ts'
import { initialValues, writeValue } from '../../src/config/values.ts'
import { ReplyError } from '../../src/errors.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { RespError } from '../harness/resp-value.ts'
import { Reference } from '../reference.ts'

const otherDefaults = new Map<SettingName, string>([
  ['port', 'the harness chooses it'],
  ['dir', 'Redis shows the directory in full; the server does so once it has entered it'],
  ['cluster-node-timeout', 'failover within a second needs a shorter one'],
])

const otherAnswers = new Map<SettingName, string>([
  ['port', 'listening is settled at the start'],
  ['bind', 'listening is settled at the start'],
  ['requirepass', 'the connection would have to authenticate'],
  ['maxclients', 'Redis adds what the limits of the system allow'],
  ['maxmemory-samples', 'Redis 7.2 takes at most 64'],
  ['loglevel', 'Redis 7.2 has a level more, which the error lists'],
  ['activedefrag', 'the reason is another one'],
  ['save', 'no persistence yet'],
  ['appendonly', 'no persistence yet'],
  ['replica-ignore-maxmemory', 'always yes'],
  ['replica-read-only', 'always yes'],
  ['dir', 'another default'],
  ['min-replicas-to-write', 'always 0: min-insync-owners takes its place'],
  ['cluster-node-timeout', 'must be longer than the lease, and the same on all nodes'],
  ['cluster-announce-ip', 'others are told once, at the start'],
  ['cluster-announce-port', 'others are told once, at the start'],
  ['cluster-announce-bus-port', 'others are told once, at the start'],
  ['cluster-announce-hostname', 'others are told once, at the start'],
])

/** Values that Redis takes and Latchkey refuses: a slip of the hand should not lift a limit. */
const refusedHere: readonly (readonly [form: RegExp, value: RegExp, reason: string])[] = [
  [/bytes/, /^(kb)?$/, 'a unit without digits is 0 in Redis'],
  [/^(integer|bytes.*|microseconds|milliseconds)$/, /^\d{16,}$/, 'numbers end at 2^53 - 1'],
  [/^bytes/, /^\d{11,}gb$/, 'bytes end at 2^53 - 1, where Redis wraps around'],
  [/percentile/, /^(0x.*|-0)$/, 'percentiles are decimal and have no sign'],
]

const values = [
  ...['', ' ', '0', '1', '-1', '5', '10', '64', '100', '101', '600', '65536', '100000'],
  ...['01', '+1', ' 1', '1 ', '1.5', '1e3', '0x10', '-0', '--1', 'abc', '5x', 'nan'],
  ...['2147483647', '2147483648', '4294967296', '-2147483648', '-2147483649', '99999999999'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775809', '99999999999gb'],
  ...[
    '1b',
    '1k',
    '1K',
    '1kb',
    '1KB',
    '3m',
    '3mB',
    '2g',
    '2gb',
    '1t',
    'kb',
    '-1kb',
    '1 kb',
    '1.5gb',
  ],
  ...['0%', '5%', '100%', '101%', '-5%', '5.5%', '%'],
  ...['yes', 'YES', 'no', 'No', 'y', 'true', 'on', 'yes no'],
  ...['default', 'local', 'allkeys-lru', 'VOLATILE-TTL', 'noeviction', 'random', 'allchannels'],
  ...['A', 'AKE', 'KEA', 'g$lshzxetd', 'gxK', 'Km', 'Kq', 'KK', 'Elgm'],
  ...['50', '50 99', '50  99', '99.95 0 100', '100.1', '99.12345678', '50 x', '1e1 .5 5.'],
  ...['normal 0 0 0', 'NORMAL 1mb 2mb 60', 'slave 1 2 3 replica 4 5 6', 'pubsub 1k 1k 0'],
  ...['normal 0 0', 'normal a 0 0', 'normal 0 0 -1', 'master 0 0 0', 'normal 0  0 0'],
]

describeWithRedis('settings', () => {
  let redis: Reference
  let config: Config
  const shared: SettingName[] = []

  beforeAll(async () => {
    redis = await Reference.start()
    // Limits for clients are among what is set.
    await redis.call('CLIENT', 'NO-EVICT', 'ON')
    const all = (await redis.call('CONFIG', 'GET', '*')) as string[]
    const names = new Set(all.filter((_, index) => index % 2 === 0))
    shared.push(...settingNames.filter(name => names.has(name)))
  })
  afterAll(() => redis?.stop())
  beforeEach(() => {
    config = new Config()
  })

  async function redisValue(name: string): Promise<string> {
    return ((await redis.call('CONFIG', 'GET', name)) as string[])[1]!
  }

  async function redisAnswer(pairs: readonly Pair[]): Promise<string> {
    const reply = await redis.call('CONFIG', 'SET', ...pairs.flat())
    return reply instanceof RespError ? reply.text : String(reply)
  }

  function answer(pairs: readonly Pair[]): string {
    try {
      config.set(pairs)
      return 'OK'
    } catch (error) {
      if (error instanceof ReplyError) return error.text
      throw error
    }
  }

  test('have the defaults that Redis has', async () => {
    const initial = initialValues()
    const different: string[] = []
    for (const name of shared) {
      if ((await redisValue(name)) !== writeValue(initial, name)) different.push(name)
    }
    expect(different.sort()).toEqual([...otherDefaults.keys()].sort())
  })

  test('have the aliases that Redis has', async () => {
    for (const name of settingNames) {
      for (const alias of settings[name].aliases) {
        expect([alias, await redisValue(alias)]).toEqual([alias, await redisValue(name)])
      }
    }
  })

  test('are shown under the names that were asked for', async () => {
    const patterns = [
      'MaxMemory',
      'maxmemory',
      'hz*',
      'h[z]',
      'SLOWLOG-*',
      'ma?clients',
      'none',
      '',
    ]
    const reply = (await redis.call('CONFIG', 'GET', ...patterns)) as string[]
    const pairs = reply.flatMap((name, index) =>
      index % 2 === 0 ? [[name, reply[index + 1]!]] : [],
    )
    expect(config.get(patterns).sort()).toEqual(pairs.sort())
  })

  test.each(settingNames)('CONFIG SET %s answers as Redis does', async name => {
    if (!shared.includes(name) || otherAnswers.has(name)) return
    const initial = config.text(name)
    for (const value of values) {
      const { form } = settings[name].syntax
      if (refusedHere.some(([forms, refused]) => forms.test(form) && refused.test(value))) continue
      const pairs: Pair[] = [[name, value]]
      const expected = (await redisAnswer(pairs)).replace(
        'and 9223372036854775807 inclusive',
        `and ${Number.MAX_SAFE_INTEGER} inclusive`,
      )
      expect({ name, value, answer: answer(pairs) }).toEqual({ name, value, answer: expected })
      expect({ name, value, text: config.text(name) }).toEqual({
        name,
        value,
        text: await redisValue(name),
      })
      if (settings[name].change === 'live') {
        expect(await redisAnswer([[name, initial]])).toBe('OK')
        expect(answer([[name, initial]])).toBe('OK')
      }
    }
  })

  describe('in one CONFIG SET', () => {
    test.each<{ pairs: Pair[] }>([
      {
        pairs: [
          ['timeout', '1'],
          ['hz', '20'],
        ],
      },
      {
        pairs: [
          ['timeout', '1'],
          ['hz', 'x'],
        ],
      },
      {
        pairs: [
          ['timeout', 'x'],
          ['hz', 'y'],
        ],
      },
      {
        pairs: [
          ['timeout', 'x'],
          ['foo', 'y'],
        ],
      },
      {
        pairs: [
          ['foo', 'x'],
          ['timeout', 'x'],
        ],
      },
      { pairs: [['FOO\r\n', 'x']] },
      {
        pairs: [
          ['timeout', '1'],
          ['hz', '20'],
          ['timeout', '2'],
        ],
      },
      {
        pairs: [
          ['timeout', '1'],
          ['TIMEOUT', '2'],
        ],
      },
      {
        pairs: [
          ['databases', '1'],
          ['foo', '2'],
        ],
      },
      {
        pairs: [
          ['databases', '1'],
          ['dir', '/'],
        ],
      },
      {
        pairs: [
          ['dir', '/'],
          ['databases', '1'],
        ],
      },
      {
        pairs: [
          ['timeout', '1'],
          ['databases', '1'],
          ['timeout', '1'],
        ],
      },
      {
        pairs: [
          ['timeout', '1'],
          ['timeout', '1'],
          ['databases', '1'],
        ],
      },
      {
        pairs: [
          ['hash-max-listpack-value', '1'],
          ['hash-max-ziplist-value', '2'],
        ],
      },
      {
        pairs: [
          ['hash-max-ziplist-value', '3'],
          ['hash-max-listpack-value', '4'],
        ],
      },
      {
        pairs: [
          ['hash-max-ziplist-value', '3'],
          ['HASH-max-ziplist-value', '4'],
        ],
      },
      {
        pairs: [
          ['busy-reply-threshold', '3'],
          ['lua-time-limit', 'x'],
        ],
      },
      {
        pairs: [
          ['client-output-buffer-limit', 'normal 1mb 0 0'],
          ['client-output-buffer-limit', 'pubsub 1mb 0 0'],
        ],
      },
    ])('$pairs answer as in Redis', async ({ pairs }) => {
      const initial = new Config()
      const names = [
        ...new Set(pairs.map(([name]) => name.toLowerCase()).filter(name => name in settings)),
      ] as SettingName[]
      for (const name of names) {
        if (settings[name].change === 'live') {
          expect(await redisAnswer([[name, initial.text(name)]])).toBe('OK')
        }
      }
      expect(answer(pairs)).toBe(await redisAnswer(pairs))
      for (const name of names) {
        if (otherDefaults.has(name)) continue
        expect([name, config.text(name)]).toEqual([name, await redisValue(name)])
      }
    })
  })
})
