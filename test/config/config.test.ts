import { describe, expect, test } from 'vitest'
import { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/directive.ts'
import { settingNames, settings } from '../../src/config/settings.ts'
import { InvalidValue } from '../../src/config/syntax.ts'
import { ReplyError } from '../../src/errors.ts'

function answer(run: () => void): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ReplyError) return error.text
    throw error
  }
  return 'OK'
}

function line(name: string, ...words: string[]) {
  return { name, words, origin: 'here:1' }
}

describe('at the start', () => {
  test('every setting has its default', () => {
    const config = new Config()
    for (const name of settingNames) expect(config.values[name]).toBe(settings[name].initial)
  })

  test('a later source is stronger than an earlier one', () => {
    const config = new Config()
    config.load(
      [line('port', '1'), line('timeout', '5'), line('port', '2')],
      [line('port', '3')],
      [line('timeout', '7')],
    )
    expect(config.values['port']).toBe(3)
    expect(config.values['timeout']).toBe(7)
  })

  test('lines of one source that add up are replaced by the next source', () => {
    const config = new Config()
    config.load(
      [line('user', 'ann', 'on'), line('user', 'bob', 'off')],
      [line('user', 'cid', 'on', '~a b')],
    )
    expect(config.values['user']).toEqual([['cid', 'on', '~a b']])
    config.load([line('user', 'ann', 'on'), line('user', 'bob', 'off')])
    expect(config.values['user']).toEqual([
      ['ann', 'on'],
      ['bob', 'off'],
    ])
  })

  test('output limits of classes that are not named stay', () => {
    const config = new Config()
    config.load([line('client-output-buffer-limit', 'pubsub', '1mb', '1kb', '5')])
    const limits = config.values['client-output-buffer-limit']
    expect(limits.pubsub).toEqual({ hardBytes: 1048576, softBytes: 1024, softSeconds: 5 })
    expect(limits.replica.softSeconds).toBe(60)
  })

  test('names have no case, and aliases set the same', () => {
    const config = new Config()
    config.load([line('HASH-max-ZIPLIST-value', '1kb')])
    expect(config.values['hash-max-listpack-value']).toBe(1024)
  })

  test('nodes to join are separated by spaces or commas', () => {
    const config = new Config()
    config.load([line('cluster-join', 'a:1,b:2', 'c:3,')])
    expect(config.values['cluster-join']).toEqual(['a:1', 'b:2', 'c:3'])
    expect(config.get(['cluster-join'])).toEqual([['cluster-join', 'a:1 b:2 c:3']])
  })

  test.each([
    [line('prot', '1'), "here:1: unknown setting 'prot'"],
    [
      line('rename-command', 'FLUSHALL', ''),
      'here:1: rename-command is not supported: commands keep their names; forbid them with ACL rules',
    ],
    [
      line('port', 'x'),
      "here:1: bad value for 'port': argument couldn't be parsed into an integer",
    ],
    [line('port'), "here:1: bad value for 'port': wrong number of arguments"],
    [line('port', '1', '2'), "here:1: bad value for 'port': wrong number of arguments"],
    [
      line('save', '900', '1'),
      "here:1: bad value for 'save': this version keeps data in memory only",
    ],
    [
      line('cluster-lease', '900'),
      'cluster-node-timeout must be longer than cluster-lease, by a tenth of it',
    ],
  ])('%j stops the start', (directive, reason) => {
    expect(() => new Config().load([directive])).toThrow(new ConfigError(reason))
  })
})

describe('CONFIG SET', () => {
  test('sets all pairs or none', () => {
    const config = new Config()
    expect(
      answer(() =>
        config.set([
          ['maxmemory', '1mb'],
          ['timeout', '9'],
        ]),
      ),
    ).toBe('OK')
    expect(
      answer(() =>
        config.set([
          ['maxmemory', '2mb'],
          ['timeout', 'x'],
        ]),
      ),
    ).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer",
    )
    expect(config.values['maxmemory']).toBe(1048576)
    expect(config.values['timeout']).toBe(9)
  })

  test('refuses values that do not agree with each other, as a whole', () => {
    const config = new Config()
    const floor = () => config.set([['min-insync-owners', '3']])
    expect(answer(floor)).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'min-insync-owners') - min-insync-owners must not exceed cluster-owners",
    )
    expect(config.values['min-insync-owners']).toBe(1)
    const both = () =>
      config.set([
        ['min-insync-owners', '3'],
        ['cluster-owners', '3'],
      ])
    expect(answer(both)).toBe('OK')
  })

  test('does not show or set what only files may say', () => {
    const config = new Config()
    expect(config.get(['user', 'us*'])).toEqual([])
    expect(answer(() => config.set([['user', 'x']]))).toContain('Unknown option')
  })

  test('sets protected settings for those who may', () => {
    const config = new Config()
    expect(answer(() => config.set([['dir', '/tmp']]))).toContain("can't set protected config")
    expect(answer(() => config.set([['dir', '/tmp']], true))).toBe('OK')
    expect(config.values['dir']).toBe('/tmp')
  })
})

describe('listeners', () => {
  test('see the new value, the previous one, and all values of the change', () => {
    const config = new Config()
    const seen: unknown[] = []
    config.onChange('timeout', (value, previous) => {
      seen.push([value, previous, config.values['maxclients']])
    })
    config.set([
      ['timeout', '3'],
      ['maxclients', '1'],
    ])
    expect(seen).toEqual([[3, 0, 1]])
  })

  test('do not run when the value stays', () => {
    const config = new Config()
    let runs = 0
    config.onChange('timeout', () => runs++)
    config.onChange('latency-tracking-info-percentiles', () => runs++)
    config.set([
      ['timeout', '0'],
      ['latency-tracking-info-percentiles', '50 99 99.90'],
    ])
    expect(runs).toBe(0)
  })

  test('may refuse: values go back, and listeners that ran run again', () => {
    const config = new Config()
    const seen: string[] = []
    config.onChange('timeout', (value, previous) => seen.push(`timeout ${previous} to ${value}`))
    config.onChange('maxclients', value => {
      throw new InvalidValue(`${value} clients are too many`)
    })
    const set = () =>
      config.set([
        ['timeout', '3'],
        ['maxclients', '1'],
        ['hz', '20'],
      ])
    expect(answer(set)).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'maxclients') - 1 clients are too many",
    )
    expect(seen).toEqual(['timeout 0 to 3', 'timeout 3 to 0'])
    expect(config.get(['timeout', 'maxclients', 'hz'])).toEqual([
      ['timeout', '0'],
      ['maxclients', '10000'],
      ['hz', '10'],
    ])
  })

  test('that fail by mistake do not leave half a change', () => {
    const config = new Config()
    config.onChange('timeout', () => {
      throw new Error('a fault')
    })
    expect(() => config.set([['timeout', '3']])).toThrow('a fault')
    expect(config.values['timeout']).toBe(0)
  })
})
