import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandSpec } from '../src/command.ts'
import { type Argument, type ArgumentType, parseSyntax, usage } from '../src/syntax.ts'
import { describeWithRedis } from './harness/redis-server.ts'
import type { RespValue } from './harness/resp-value.ts'
import { Reference } from './reference.ts'

describe('parseSyntax', () => {
  test('tells an argument’s type from its name, unless it is written', () => {
    expect(parseSyntax('key pattern seconds unix-time-seconds score member')).toEqual([
      { name: 'key', type: 'key', key_spec_index: 0 },
      { name: 'pattern', type: 'pattern' },
      { name: 'seconds', type: 'integer' },
      { name: 'unix-time-seconds', type: 'unix-time' },
      { name: 'score', type: 'double' },
      { name: 'member', type: 'string' },
    ])
    expect(parseSyntax('key:string member:integer')).toEqual([
      { name: 'key', type: 'string' },
      { name: 'member', type: 'integer' },
    ])
  })

  test('takes a colon for part of the name where no type follows it', () => {
    expect(parseSyntax('ip:port yes/no')).toEqual([
      { name: 'ip:port', type: 'string' },
      { name: 'yes/no', type: 'string' },
    ])
  })

  test('gives a token to the argument or group after it, and makes it an argument elsewhere', () => {
    expect(parseSyntax('EX seconds [GET] LIMIT (offset count) NO ONE')).toEqual([
      { name: 'seconds', type: 'integer', token: 'EX' },
      { name: 'get', type: 'pure-token', token: 'GET', flags: ['optional'] },
      {
        name: 'offset_count',
        type: 'block',
        token: 'LIMIT',
        arguments: [
          { name: 'offset', type: 'integer' },
          { name: 'count', type: 'integer' },
        ],
      },
      { name: 'no', type: 'pure-token', token: 'NO' },
      { name: 'one', type: 'pure-token', token: 'ONE' },
    ])
  })

  test('names literals that are not words', () => {
    expect(parseSyntax('equal== auto_id=* empty_string=""')).toEqual([
      { name: 'equal', type: 'pure-token', token: '=' },
      { name: 'auto_id', type: 'pure-token', token: '*' },
      { name: 'empty_string', type: 'pure-token', token: '' },
    ])
  })

  test('names a group after what is in it, unless it has a name', () => {
    const nx = { name: 'nx', type: 'pure-token', token: 'NX' }
    const xx = { name: 'xx', type: 'pure-token', token: 'XX' }
    expect(parseSyntax('[condition=(NX|XX)]')).toEqual([
      { name: 'condition', type: 'oneof', flags: ['optional'], arguments: [nx, xx] },
    ])
    expect(parseSyntax('[NX|XX]')).toEqual([
      { name: 'nx_xx', type: 'oneof', flags: ['optional'], arguments: [nx, xx] },
    ])
    expect(parseSyntax('(a b|c)')).toEqual([
      {
        name: 'a_b_c',
        type: 'oneof',
        arguments: [
          {
            name: 'a_b',
            type: 'block',
            arguments: [
              { name: 'a', type: 'string' },
              { name: 'b', type: 'string' },
            ],
          },
          { name: 'c', type: 'string' },
        ],
      },
    ])
  })

  test('takes a bracket that says the same words again for the sign of repetition', () => {
    expect(parseSyntax('key [key ...]')).toEqual([
      { name: 'key', type: 'key', key_spec_index: 0, flags: ['multiple'] },
    ])
    expect(parseSyntax('[arg [arg ...]]')).toEqual([
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ])
    expect(parseSyntax('key [arg ...]')).toEqual([
      { name: 'key', type: 'key', key_spec_index: 0 },
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ])
  })

  test('tells a token that repeats from one that stands once', () => {
    expect(parseSyntax('[WEIGHTS weight [weight ...]]')).toEqual([
      { name: 'weight', type: 'integer', token: 'WEIGHTS', flags: ['optional', 'multiple'] },
    ])
    expect(parseSyntax('[GET pattern [GET pattern ...]]')).toEqual([
      {
        name: 'pattern',
        type: 'pattern',
        token: 'GET',
        flags: ['optional', 'multiple', 'multiple_token'],
      },
    ])
  })

  test('makes a block of several arguments that repeat together', () => {
    const key = { name: 'key', type: 'key', key_spec_index: 0 }
    const value = { name: 'value', type: 'string' }
    const block = { name: 'key_value', type: 'block', flags: ['multiple'], arguments: [key, value] }
    expect(parseSyntax('key value [key value ...]')).toEqual([block])
    expect(parseSyntax('data=(key value) [key value ...]')).toEqual([{ ...block, name: 'data' }])
    expect(parseSyntax('data=(key value) ...')).toEqual([{ ...block, name: 'data' }])
    expect(parseSyntax('operation [key value ...]')).toEqual([
      { name: 'operation', type: 'string' },
      { ...block, flags: ['optional', 'multiple'] },
    ])
  })

  test('numbers the key specs in order, and not the keys that only say that others repeat', () => {
    const specs = (syntax: string) => parseSyntax(syntax).map(argument => argument.key_spec_index)
    expect(specs('destination numkeys key [key ...] STORE key')).toEqual([0, undefined, 1, 2])
    expect(specs('key1 key2#0')).toEqual([0, 0])
    expect(specs('key [BY pattern#1] [GET pattern#1] [STORE destination]')).toEqual([0, 1, 1, 2])
  })

  test('reads since when there is an option, and until when it was advised', () => {
    expect(parseSyntax('[GET@6.2.0] [EX seconds@2.6.12] ip:port@..2.8.12 (A|B)@1.0..2.0')).toEqual([
      { name: 'get', type: 'pure-token', token: 'GET', since: '6.2.0', flags: ['optional'] },
      { name: 'seconds', type: 'integer', token: 'EX', since: '2.6.12', flags: ['optional'] },
      { name: 'ip:port', type: 'string', deprecated_since: '2.8.12' },
      {
        name: 'a_b',
        type: 'oneof',
        since: '1.0',
        deprecated_since: '2.0',
        arguments: [
          { name: 'a', type: 'pure-token', token: 'A' },
          { name: 'b', type: 'pure-token', token: 'B' },
        ],
      },
    ])
  })

  test('reads nothing as no arguments', () => {
    expect(parseSyntax('')).toEqual([])
  })

  test.each([
    ['[key', 'is missing'],
    ['(a|b', 'is missing'],
    ['key]', 'nothing is open'],
    ['a|b', 'nothing is open'],
    ['[]', 'is empty'],
    ['(a|)', 'is empty'],
    ['...', 'nothing precedes'],
    ['[a|b ...]', 'after an alternative'],
    ['key...', 'neither'],
    ['name=', 'neither'],
    ['@6.2.0', 'neither'],
    ['GET@new', 'no versions'],
    ['(a b)@', 'no versions'],
    ['EX seconds=SECONDS', 'cannot have a token'],
  ])('refuses "%s"', (syntax, reason) => {
    expect(() => parseSyntax(syntax)).toThrow(reason)
  })

  test('reads every tree that can be written', () => {
    fc.assert(
      fc.property(trees, tree => {
        expect(parseSyntax(notate(tree))).toEqual(tree)
      }),
    )
  })
})

describe('usage', () => {
  const row = (name: string, syntax?: string): CommandSpec => ({
    name,
    arity: -1,
    flags: [],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'A command.',
    ...(syntax !== undefined && { syntax }),
  })

  test.each([
    [
      'set',
      'key value [condition=(NX|XX)] [GET@6.2.0] [expiration=(EX seconds|KEEPTTL)]',
      'SET key value [NX | XX] [GET] [EX seconds | KEEPTTL]',
    ],
    ['lmove', 'source wherefrom=(LEFT|RIGHT)', 'LMOVE source <LEFT | RIGHT>'],
    [
      'zunion',
      'numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE aggregate=(SUM|MIN)]',
      'ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN>]',
    ],
    [
      'sort',
      '[LIMIT (offset count)] [GET pattern#1 [GET pattern ...]]',
      'SORT [LIMIT offset count] [GET pattern [GET pattern ...]]',
    ],
    ['mset', 'key value [key value ...]', 'MSET key value [key value ...]'],
    ['op', '[(A|B) ...]', 'OP [<A | B> [<A | B> ...]]'],
    ['migrate', '(key|empty_string="")', 'MIGRATE <key | "">'],
    ['ping', undefined, 'PING'],
  ])('prints %s for people', (name, syntax, line) => {
    expect(usage(row(name, syntax))).toBe(line)
  })

  test('puts the container before a subcommand', () => {
    expect(usage(row('setname', 'connection-name'), row('client'))).toBe(
      'CLIENT SETNAME connection-name',
    )
  })
})

describeWithRedis('the syntax notation, beside Redis', () => {
  let reference: Reference
  beforeAll(async () => {
    reference = await Reference.start()
  })
  afterAll(() => reference.stop())

  test('can say what COMMAND DOCS says of every command’s arguments', async () => {
    await reference.call('HELLO', 3)
    const docs = (await reference.call('COMMAND', 'DOCS')) as Documentation
    let commands = 0
    const compare = (name: string, entry: Map<string, RespValue>): void => {
      const tree = ((entry.get('arguments') ?? []) as RespValue[]).map(argument)
      // As text, since the order of the properties is that of the reply.
      const text = (of: readonly Argument[]) => JSON.stringify(of, null, 1)
      expect(text(parseSyntax(notate(tree))), name).toBe(text(tree))
      commands++
      for (const [sub, of] of (entry.get('subcommands') ?? new Map()) as Documentation) {
        compare(sub, of)
      }
    }
    for (const [name, entry] of docs) compare(name, entry)
    expect(commands).toBeGreaterThan(300)
  })
})

type Documentation = Map<string, Map<string, RespValue>>

/** An argument of a COMMAND DOCS reply in RESP3. */
function argument(reply: RespValue): Argument {
  const fields = new Map(reply as Map<string, RespValue>)
  if (fields.has('flags')) fields.set('flags', [...(fields.get('flags') as Set<RespValue>)])
  if (fields.has('arguments')) {
    fields.set('arguments', (fields.get('arguments') as RespValue[]).map(argument) as never)
  }
  return Object.fromEntries(fields) as unknown as Argument
}

/** A tree written in the notation, in one of the ways in which it can be. */
function notate(tree: readonly Argument[]): string {
  let nextKeySpec = 0

  const sequence = (nodes: readonly Argument[]): string => nodes.map(item).join(' ')

  const item = (node: Argument): string => {
    const optional = node.flags?.includes('optional') === true
    const isGroup = node.arguments !== undefined
    const token = node.type === 'pure-token' || node.token === undefined ? '' : `${node.token} `
    const once = token + (isGroup ? group(node) : word(node)) + versions(node)
    const again = node.flags?.includes('multiple_token') ? token + words(node) : words(node)
    let written = once
    if (node.flags?.includes('multiple')) {
      const spelled = node.type !== 'oneof' && node.type !== 'pure-token'
      written += spelled ? ` [${again} ...]` : ' ...'
    }
    return optional ? `[${written}]` : written
  }

  const group = (node: Argument): string =>
    node.type === 'oneof'
      ? `${node.name}=(${node.arguments!.map(item).join('|')})`
      : `${node.name}=(${sequence(node.arguments!)})`

  const word = (node: Argument): string => {
    if (node.type === 'pure-token') return `${node.name}=${node.token === '' ? '""' : node.token}`
    const defaultType = parseSyntax(node.name)[0]!.type
    const type = node.type === defaultType ? '' : `:${node.type}`
    const keySpec = node.key_spec_index
    if (keySpec === undefined) return node.name + type
    const follows = node.type === 'key' && keySpec === nextKeySpec
    nextKeySpec = Math.max(nextKeySpec, keySpec + 1)
    return node.name + type + (follows ? '' : `#${keySpec}`)
  }

  const versions = (node: Argument): string => {
    const until = node.deprecated_since === undefined ? '' : `..${node.deprecated_since}`
    return node.since === undefined && until === '' ? '' : `@${node.since ?? ''}${until}`
  }

  /** What a bracket has to say again so that it stands for repetition. */
  const words = (node: Argument): string =>
    node.arguments === undefined ? node.name : sequence(node.arguments)

  return sequence(tree)
}

const LEAF_TYPES = ['string', 'integer', 'double', 'key', 'pattern', 'unix-time'] as const

/** Trees of all shapes that have a meaning; names are unique, as within every command. */
const trees: fc.Arbitrary<readonly Argument[]> = fc
  .array(shapes(3), { minLength: 1, maxLength: 4 })
  .map(tree => {
    let names = 0
    let keySpecs = 0
    const finish = (node: Shape): Argument => ({
      name: `n${names++}`,
      type: node.type,
      ...(node.type === 'key' && { key_spec_index: keySpecs++ }),
      ...(node.token !== undefined && { token: node.token }),
      ...(node.since !== undefined && { since: node.since }),
      ...(node.flags.length > 0 && { flags: node.flags }),
      ...(node.children !== undefined && { arguments: node.children.map(finish) }),
    })
    return tree.map(finish)
  })

interface Shape {
  readonly type: ArgumentType
  readonly token: string | undefined
  readonly since: string | undefined
  readonly flags: NonNullable<Argument['flags']>
  readonly children: readonly Shape[] | undefined
}

function shapes(depth: number): fc.Arbitrary<Shape> {
  const token = fc.constantFrom('TOKEN', 'WITH-DASH', 'A1')
  const since = fc.option(fc.constantFrom('1.0.0', '6.2'), { nil: undefined })
  const flags = fc.constantFrom<Shape['flags'][]>(
    [],
    ['optional'],
    ['optional', 'multiple'],
    ['multiple'],
  )
  const leaf = fc.record({
    type: fc.constantFrom<ArgumentType[]>(...LEAF_TYPES),
    token: fc.option(token, { nil: undefined }),
    since,
    flags,
    children: fc.constant(undefined),
  })
  const literal = fc.record({
    type: fc.constant<ArgumentType>('pure-token'),
    token: fc.constantFrom('TOKEN', '*', '~', '=', ''),
    since,
    flags: fc.constantFrom<Shape['flags'][]>([], ['optional']),
    children: fc.constant(undefined),
  })
  if (depth === 0) return fc.oneof(leaf, literal)
  const group = (type: ArgumentType, minLength: number) =>
    fc.record({
      type: fc.constant(type),
      token: fc.option(token, { nil: undefined }),
      since,
      flags,
      children: fc.array(shapes(depth - 1), { minLength, maxLength: 3 }),
    })
  const repeatedToken = fc.record({
    type: fc.constant<ArgumentType>('string'),
    token,
    since,
    flags: fc.constant<Shape['flags']>(['multiple', 'multiple_token']),
    children: fc.constant(undefined),
  })
  return fc.oneof(leaf, literal, repeatedToken, group('block', 1), group('oneof', 2))
}
