import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReplyError } from '../src/errors.ts'
import { compileGlob } from '../src/glob.ts'
import { describeWithRedis } from './harness/redis-server.ts'
import { Reference } from './reference.ts'

const SCALE = Number(process.env['TEST_SCALE'] ?? 1)

describe('a glob', () => {
  const cases: [pattern: string, matching: string[], others: string[]][] = [
    ['', [''], ['a']],
    ['*', ['a', 'anything'], ['']],
    ['**', ['a'], ['']],
    ['a*', ['a', 'abc'], ['', 'b', 'ba']],
    ['*a', ['a', 'ba'], ['ab']],
    ['a?c', ['abc', 'a?c'], ['ac', 'abbc']],
    ['a\\*', ['a*'], ['ab', 'a\\*']],
    ['a\\', ['a\\'], ['a']],
    ['[a-c]', ['a', 'b', 'c'], ['d', '-']],
    ['[c-a]', ['a', 'b', 'c'], ['d', '-']],
    ['[^a]', ['b', '^'], ['a', '']],
    ['[ab', ['a', 'b'], ['[ab', 'c']],
    ['[', [], ['[', 'a']],
    ['[^', ['a', '^'], ['']],
    ['[]', [], [']', 'a']],
    ['[a-]', ['a', ']', '^'], ['-']],
    ['[\\]]', [']'], ['\\', '\\]']],
    ['[\\a-z]', ['a', '-', 'z'], ['b']],
    ['[\x01-\xff]', ['\xff', '\x00'], ['a', '\x80']],
    ['h*llo*w?r[lL]d', ['hello world', 'hllo w\xffrLd'], ['hello worl']],
  ]
  test.each(cases)(
    'the pattern %j matches what it matches in Redis',
    (pattern, matching, others) => {
      const glob = compileGlob(pattern)
      for (const text of matching) expect(glob.matches(text), JSON.stringify(text)).toBe(true)
      for (const text of others) expect(glob.matches(text), JSON.stringify(text)).toBe(false)
    },
  )

  test('tells a bare star from other patterns', () => {
    expect(compileGlob('*').all).toBe(true)
    expect(compileGlob('*', { nocase: true }).all).toBe(true)
    for (const pattern of ['', '**', 'a', 'a*', '?', '\\*'])
      expect(compileGlob(pattern).all).toBe(false)
  })

  test('ignores case where asked to, but not of escaped bytes in a set', () => {
    const matches = (pattern: string, text: string) =>
      compileGlob(pattern, { nocase: true }).matches(text)
    expect(matches('get*', 'GETRANGE')).toBe(true)
    expect(matches('GET', 'get')).toBe(true)
    expect(matches('[G]et', 'get')).toBe(true)
    expect(matches('[F-H]et', 'get')).toBe(true)
    expect(matches('[\\G]et', 'get')).toBe(false)
    expect(matches('\xc0', '\xe0')).toBe(false)
  })

  test('without wildcards matches itself only', () => {
    const letters = fc.array(
      fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)),
    )
    const text = letters.map(chars => chars.filter(char => !'*?[\\'.includes(char)).join(''))
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(compileGlob(a).matches(a)).toBe(true)
        expect(compileGlob(a).matches(b)).toBe(a === b)
      }),
    )
  })

  // A matcher that retries earlier stars needs longer than the universe is old for these.
  test('answers patterns of many stars', () => {
    const text = 'a'.repeat(20_000)
    expect(compileGlob(`${'a*'.repeat(60)}b`).matches(text)).toBe(false)
    expect(compileGlob(`${'*a?'.repeat(60)}b`).matches(text)).toBe(false)
    expect(compileGlob(`${'*[a-b]'.repeat(60)}`, { nocase: true }).matches(text)).toBe(true)
  })

  test('compiles patterns of a megabyte, and refuses longer ones', () => {
    expect(compileGlob('[a]'.repeat(340_000)).matches('a'.repeat(340_000))).toBe(true)
    expect(compileGlob(`${'a'.repeat(1_000_000)}*`).matches('a'.repeat(1_000_001))).toBe(true)
    expect(() => compileGlob('a'.repeat(2_000_000))).toThrow(ReplyError)
  })
})

describeWithRedis('globs beside redis-server', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start()
  })
  afterAll(() => redis?.stop())

  const randomPattern = (alphabet: string[], maxLength: number) =>
    fc.array(fc.constantFrom(...alphabet), { maxLength }).map(parts => parts.join(''))

  test('KEYS selects the same keys', async () => {
    const letters = ['a', 'b', ']', '-', '\\', '^', '\x80', '\xff']
    const keys = ['', 'A', '[', '*', '?', '\x00', 'abab', 'aaaabbbb', 'ab-]\\^ab']
    for (const one of letters) {
      keys.push(one)
      for (const two of letters) {
        keys.push(one + two)
        for (const three of letters) keys.push(one + two + three)
      }
    }
    await redis.calls(keys.map(key => ['SET', key, '']))
    const pattern = randomPattern(
      [...letters, '[', '[', '[^', '*', '*', '?', 'a-', '-b', '\x00'],
      8,
    )
    const patterns = fc.sample(pattern, 4000 * SCALE)
    const replies = await redis.calls(patterns.map(text => ['KEYS', text]))
    patterns.forEach((text, i) => {
      const glob = compileGlob(text)
      const mine = keys.filter(key => glob.all || glob.matches(key))
      expect((replies[i] as string[]).sort(), JSON.stringify(text)).toEqual(mine.sort())
    })
  })

  test('COMMAND LIST FILTERBY PATTERN, which ignores case, selects the same names', async () => {
    const names = (await redis.call('COMMAND', 'LIST')) as string[]
    const letters = [...'sSeEtTgGaZ|-^\\]', '[', '[^', 'a-', 'Z-', '-t', '*', '*', '*', '*', '?']
    const patterns = fc.sample(randomPattern(letters, 7), 2000 * SCALE)
    const replies = await redis.calls(
      patterns.map(text => ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', text]),
    )
    patterns.forEach((text, i) => {
      const glob = compileGlob(text, { nocase: true })
      const mine = names.filter(name => glob.matches(name))
      expect((replies[i] as string[]).sort(), JSON.stringify(text)).toEqual(mine.sort())
    })
  })
})
