import { describe, expect, test } from 'vitest'
import { readArguments } from '../../src/config/arguments.ts'
import { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/directive.ts'
import { readEnvironment } from '../../src/config/environment.ts'
import { readSources } from '../../src/config/sources.ts'

function flags(...words: string[]) {
  const line = readArguments(words)
  if (line.kind !== 'run') throw new Error('a start was expected')
  return line.flags.map(({ name, words, origin }) => [origin, name, ...words])
}

describe('the command line', () => {
  test('without words is a start with defaults', () => {
    expect(readArguments([])).toEqual({
      kind: 'run',
      check: false,
      file: undefined,
      standardInput: false,
      flags: [],
    })
  })

  test('a flag takes all words up to the next flag, also those with one hyphen', () => {
    expect(flags('--bind', '*', '-::*', '--slowlog-log-slower-than', '-1', '--save')).toEqual([
      ['--bind', 'bind', '*', '-::*'],
      ['--slowlog-log-slower-than', 'slowlog-log-slower-than', '-1'],
      ['--save', 'save'],
    ])
  })

  test('words are bytes, one character each', () => {
    expect(flags('--requirepass', 'à')).toEqual([['--requirepass', 'requirepass', '\xc3\xa0']])
  })

  test.each([
    [['x.conf'], 'x.conf', false, false],
    [['x.conf', '-'], 'x.conf', true, false],
    [['-'], undefined, true, false],
    [['x.conf', '--port', '1', '-'], 'x.conf', true, false],
    [['x.conf', '--check-config', '--port', '1'], 'x.conf', false, true],
  ])(
    '%j names its file and whether to read the standard input',
    (words, file, standardInput, check) => {
      expect(readArguments(words)).toMatchObject({ kind: 'run', file, standardInput, check })
    },
  )

  test.each([
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--port', '1', '--help'], 'help'],
    [['--version'], 'version'],
    [['-v'], 'version'],
  ])('%j asks for text', (words, kind) => {
    expect(readArguments(words)).toEqual({ kind })
  })

  test.each([
    [
      ['a.conf', 'b.conf'],
      'b.conf: not expected here; usage: latchkey [file] [-] [--name value ...]',
    ],
    [['-p', '1'], '-p: not expected here; usage: latchkey [file] [-] [--name value ...]'],
    [['--check-config', 'yes'], '--check-config: takes no value'],
  ])('%j is refused', (words, reason) => {
    expect(() => readArguments(words)).toThrow(new ConfigError(reason))
  })
})

describe('the environment', () => {
  test('names settings in upper case with underscores', () => {
    expect(readEnvironment({ LATCHKEY_MAXMEMORY_POLICY: 'allkeys-lru', HOME: '/' })).toEqual([
      { name: 'maxmemory-policy', words: ['allkeys-lru'], origin: 'LATCHKEY_MAXMEMORY_POLICY' },
    ])
  })

  test('gives values of several words in one', () => {
    const config = new Config()
    config.load(readEnvironment({ LATCHKEY_BIND: '127.0.0.1 ::1', LATCHKEY_USER: 'ann on nopass' }))
    expect(config.values['bind']).toEqual(['127.0.0.1', '::1'])
    expect(config.values['user']).toEqual([['ann', 'on', 'nopass']])
  })

  test('passes over what Docker and Kubernetes say of a service called latchkey', () => {
    expect(
      readEnvironment({
        LATCHKEY_SERVICE_HOST: '10.0.0.1',
        LATCHKEY_SERVICE_PORT: '6379',
        LATCHKEY_SERVICE_PORT_RESP: '6379',
        LATCHKEY_PORT: 'tcp://10.0.0.1:6379',
        LATCHKEY_PORT_6379_TCP: 'tcp://10.0.0.1:6379',
        LATCHKEY_PORT_6379_TCP_ADDR: '10.0.0.1',
      }),
    ).toEqual([])
    expect(readEnvironment({ LATCHKEY_PORT: '7000' })).toHaveLength(1)
  })
})

describe('all sources', () => {
  const surroundings = {
    files: {
      read: () => Buffer.from('port 1\ntimeout 1\nhz 1\ndatabases 1'),
      list: () => [],
    },
    environment: { LATCHKEY_PORT: '3', LATCHKEY_HZ: '3' } as Record<string, string>,
    readStandardInput: () => Buffer.from('port 2\ntimeout 2\nhz 2'),
  }

  function start(words: string[], environment = surroundings.environment) {
    const line = readArguments(words)
    if (line.kind !== 'run') throw new Error('a start was expected')
    const config = new Config()
    config.load(...readSources(line, { ...surroundings, environment }))
    return config
  }

  test('flags are stronger than the environment, that than the standard input, that than the file', () => {
    const { values } = start(['x.conf', '-', '--port', '4'])
    expect([values.port, values.hz, values.timeout, values.databases]).toEqual([4, 3, 2, 1])
  })

  test('what is not asked for is not read', () => {
    expect(start([]).values.timeout).toBe(0)
  })

  test.each<[string[], Record<string, string>, string]>([
    [['--prot', '1'], {}, "--prot: unknown setting 'prot'"],
    [['--port'], {}, "--port: bad value for 'port': wrong number of arguments"],
    [[], { LATCHKEY_PROT: '1' }, "LATCHKEY_PROT: unknown setting 'prot'"],
    [
      [],
      { LATCHKEY_HZ: 'x' },
      "LATCHKEY_HZ: bad value for 'hz': argument couldn't be parsed into an integer",
    ],
  ])('%j with %j does not start', (words, environment, reason) => {
    expect(() => start(words, environment)).toThrow(new ConfigError(reason))
  })
})
