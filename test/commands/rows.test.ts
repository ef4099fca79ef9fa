// Every row that Redis has too says what Redis's own table says.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { families } from '../../commands/index.ts'
import { Command, type CommandSpec, type KeySpec } from '../../src/command.ts'
import { joinKeySpecs } from '../../src/keyspecs.ts'
import { parseSyntax } from '../../src/syntax.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import type { RespValue } from '../harness/resp-value.ts'
import { Reference } from '../reference.ts'

/** Rows that say more than Redis 7.0.15, with which we compare, because a later version does. */
const LATER = new Set([
  // WITHSCORE, 7.2.
  'zrank',
  'zrevrank',
  // NOVALUES, 7.4.
  'hscan',
])

describeWithRedis('the rows of Redis, beside Redis', () => {
  let reference: Reference
  const rows = families.flat()
  const infos = new Map<string, RespValue[]>()
  const docs = new Map<string, Map<string, RespValue>>()
  beforeAll(async () => {
    reference = await Reference.start()
    await reference.call('HELLO', 3)
    const index = (info: RespValue) => {
      infos.set((info as [string])[0], info as RespValue[])
      for (const sub of (info as RespValue[])[9] as Set<RespValue>) index(sub)
    }
    for (const info of (await reference.call('COMMAND')) as RespValue[]) index(info)
    const enter = (entries: Map<string, Map<string, RespValue>>) => {
      for (const [name, entry] of entries) {
        docs.set(name, entry)
        enter((entry.get('subcommands') ?? new Map()) as typeof entries)
      }
    }
    enter((await reference.call('COMMAND', 'DOCS')) as Map<string, Map<string, RespValue>>)
  })
  afterAll(() => reference.stop())

  test('say what COMMAND INFO says', () => {
    let id = 0
    let compared = 0
    const compare = (command: Command) => {
      const info = infos.get(command.fullName)
      if (info !== undefined && !LATER.has(command.fullName)) {
        compared++
        expect(describeCommand(command), command.fullName).toEqual({
          arity: info[1],
          flags: info[2],
          keys: info.slice(3, 6),
          categories: info[6],
          tips: info[7],
          specs: [...(info[8] as Set<Map<string, RespValue>>)].map(withoutNotes),
        })
      }
      for (const sub of command.subcommands?.values() ?? []) compare(sub)
    }
    for (const row of rows) compare(new Command(row, () => id++))
    expect(compared).toBeGreaterThan(0)
  })

  test('say what COMMAND DOCS says of arguments, group and versions', () => {
    const compare = (row: CommandSpec, container = '') => {
      const name = container + row.name
      const entry = docs.get(name)
      if (entry !== undefined && !LATER.has(name)) {
        const tree = ((entry.get('arguments') ?? []) as RespValue[]).map(plain)
        expect(parseSyntax(row.syntax ?? ''), name).toEqual(tree)
        expect([row.group, row.since], name).toEqual([entry.get('group'), entry.get('since')])
        expect(row.deprecated?.since, name).toBe(entry.get('deprecated_since'))
      }
      for (const sub of row.subcommands ?? []) compare(sub, `${name}|`)
    }
    for (const row of rows) compare(row)
  })
})

function describeCommand(command: Command) {
  const { first, last, step, movable } = joinKeySpecs(command.spec.keys)
  const flags = new Set<string>(command.spec.flags)
  // Redis keeps this one to itself.
  flags.delete('may_replicate')
  if (movable) flags.add('movablekeys')
  return {
    arity: command.arity,
    flags,
    keys: [first, last, step],
    categories: new Set([...command.categories].map(category => `@${category}`)),
    tips: new Set(command.spec.tips),
    specs: (command.spec.keys ?? []).map(describeKeySpec),
  }
}

function describeKeySpec({ flags, begin, find }: KeySpec): unknown {
  const beginSpec =
    begin.kind === 'index'
      ? { index: begin.index }
      : begin.kind === 'keyword'
        ? { keyword: begin.keyword, startfrom: begin.from }
        : {}
  const findSpec =
    find.kind === 'range'
      ? { lastkey: find.last, keystep: find.step, limit: find.limit }
      : find.kind === 'keynum'
        ? { keynumidx: find.countIndex, firstkey: find.firstKey, keystep: find.step }
        : {}
  return {
    flags: [...flags],
    begin_search: { type: begin.kind, spec: beginSpec },
    find_keys: { type: find.kind, spec: findSpec },
  }
}

function withoutNotes(reply: Map<string, RespValue>): unknown {
  const fields = new Map(reply)
  fields.delete('notes')
  return plain(fields)
}

/** Maps as objects, sets as arrays. */
function plain(reply: RespValue): unknown {
  if (reply instanceof Map) {
    return Object.fromEntries([...reply].map(([name, value]) => [name, plain(value)]))
  }
  if (reply instanceof Set || Array.isArray(reply)) return [...reply].map(plain)
  return reply
}
