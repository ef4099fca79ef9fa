import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/directive.ts'
import { type Files, readConfigFile } from '../../src/config/file.ts'

function disk(contents: Readonly<Record<string, string>>): Files {
  const files = new Map(Object.entries(contents))
  return {
    read(path) {
      const text = files.get(path)
      if (text === undefined) throw new Error('no such file')
      return Buffer.from(text, 'utf8')
    },
    list(directory) {
      const names = [...files.keys()].filter(path => path.startsWith(`${directory}/`))
      if (names.length === 0) throw new Error('no such directory')
      return names.map(path => path.slice(directory.length + 1))
    },
  }
}

function read(contents: Readonly<Record<string, string>>) {
  return readConfigFile('a.conf', disk(contents))
}

function words(contents: Readonly<Record<string, string>>) {
  return read(contents).map(({ name, words }) => [name, ...words])
}

describe('a configuration file', () => {
  test('is lines of a name and words, with comments and blank lines between', () => {
    expect(words({ 'a.conf': '# x\r\n\n  port 1\r\n\t# y\nsave  900 1 \n' })).toEqual([
      ['port', '1'],
      ['save', '900', '1'],
    ])
  })

  test('quotes words with spaces, escapes and other bytes', () => {
    expect(words({ 'a.conf': String.raw`requirepass "a b\x00\n\"" 'it\'s' ""` })).toEqual([
      ['requirepass', 'a b\0\n"', "it's", ''],
    ])
  })

  test('keeps bytes as they are, also those that look like spaces elsewhere', () => {
    expect(words({ 'a.conf': 'requirepass caffà' })).toEqual([['requirepass', 'caff\xc3\xa0']])
  })

  test('a hash within a line is no comment', () => {
    expect(words({ 'a.conf': 'requirepass #secret' })).toEqual([['requirepass', '#secret']])
  })

  test('includes others in place, and every line knows where it was read', () => {
    const found = read({ 'a.conf': 'port 1\ninclude b.conf\nport 3', 'b.conf': '\nport 2' })
    expect(found.map(({ words, origin }) => `${words} ${origin}`)).toEqual([
      '1 a.conf:1',
      '2 b.conf:2',
      '3 a.conf:3',
    ])
  })

  test('includes all files that match a pattern, by name', () => {
    const files = {
      'a.conf': 'INCLUDE d/*.conf',
      'd/2.conf': 'hz 2',
      'd/1.conf': 'hz 1',
      'd/x': 'y',
    }
    expect(words(files)).toEqual([
      ['hz', '1'],
      ['hz', '2'],
    ])
  })

  test.each<[Record<string, string>, string]>([
    [{}, 'a.conf: cannot read a.conf: no such file'],
    [{ 'a.conf': 'hz 1\ninclude b' }, 'a.conf:2: cannot read b: no such file'],
    [{ 'a.conf': 'include d/*' }, 'a.conf:1: cannot list d: no such directory'],
    [{ 'a.conf': 'include' }, 'a.conf:1: include takes one path'],
    [{ 'a.conf': 'include a.conf' }, 'a.conf:1: more than 16 files include each other'],
    [{ 'a.conf': 'hz "1' }, 'a.conf:1: quotes do not match up, or there is a NUL byte'],
    [{ 'a.conf': 'hz 1\0' }, 'a.conf:1: quotes do not match up, or there is a NUL byte'],
  ])('%j is refused by line', (contents, reason) => {
    expect(() => read(contents)).toThrow(new ConfigError(reason))
  })
})
