// introspection.ts — Rows of the command table as COMMAND INFO and COMMAND DOCS print them.
//
// Go's client accepts rows of ten elements only, so there are always ten. Flags, key flags and
// categories stand in the order of Redis's bits; `may_replicate` is for the server itself and is
// not printed.

import {
  ACL_CATEGORIES,
  type Command,
  type CommandSpec,
  type Flag,
  type KeyFlag,
  type KeySpec,
} from './command.ts'
import { joinKeySpecs } from './keyspecs.ts'
import { type Argument, parseSyntax } from './syntax.ts'
import type { Reply } from './wire/reply.ts'

const FLAG_ORDER: readonly (Flag | 'movablekeys')[] = [
  'write',
  'readonly',
  'denyoom',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'no_mandatory_keys',
  'movablekeys',
  'no_async_loading',
  'no_multi',
  'allow_busy',
]

const KEY_FLAG_ORDER: readonly KeyFlag[] = [
  'RO',
  'RW',
  'OW',
  'RM',
  'access',
  'update',
  'insert',
  'delete',
  'not_key',
  'incomplete',
  'variable_flags',
]

export function replyCommandInfo(reply: Reply, command: Command): void {
  const { spec } = command
  const range = joinKeySpecs(spec.keys)
  const flags = new Set<string>(spec.flags)
  if (range.movable) flags.add('movablekeys')
  reply.array(10)
  reply.bulk(command.fullName)
  reply.integer(spec.arity)
  replyStatuses(
    reply,
    FLAG_ORDER.filter(flag => flags.has(flag)),
  )
  reply.integer(range.first)
  reply.integer(range.last)
  reply.integer(range.step)
  const { categories } = command
  replyStatuses(
    reply,
    ACL_CATEGORIES.filter(category => categories.has(category)).map(category => `@${category}`),
  )
  reply.set(spec.tips?.length ?? 0)
  for (const tip of spec.tips ?? []) reply.bulk(tip)
  reply.set(spec.keys?.length ?? 0)
  for (const key of spec.keys ?? []) replyKeySpec(reply, key)
  const subcommands = [...(command.subcommands?.values() ?? [])]
  reply.set(subcommands.length)
  for (const sub of subcommands) replyCommandInfo(reply, sub)
}

function replyStatuses(reply: Reply, words: readonly string[]): void {
  reply.set(words.length)
  for (const word of words) reply.status(word)
}

export function sortedKeyFlags(flags: readonly KeyFlag[]): KeyFlag[] {
  return KEY_FLAG_ORDER.filter(flag => flags.includes(flag))
}

function replyKeySpec(reply: Reply, key: KeySpec): void {
  reply.map(key.notes === undefined ? 3 : 4)
  if (key.notes !== undefined) {
    reply.bulk('notes')
    reply.bulk(key.notes)
  }
  reply.bulk('flags')
  replyStatuses(reply, sortedKeyFlags(key.flags))
  reply.bulk('begin_search')
  replyBegin(reply, key.begin)
  reply.bulk('find_keys')
  replyFind(reply, key.find)
}

function replySearch(
  reply: Reply,
  type: string,
  facts: readonly (readonly [string, string | number])[],
): void {
  reply.map(2)
  reply.bulk('type')
  reply.bulk(type)
  reply.bulk('spec')
  reply.map(facts.length)
  for (const [name, value] of facts) {
    reply.bulk(name)
    if (typeof value === 'number') reply.integer(value)
    else reply.bulk(value)
  }
}

function replyBegin(reply: Reply, begin: KeySpec['begin']): void {
  switch (begin.kind) {
    case 'index':
      return replySearch(reply, 'index', [['index', begin.index]])
    case 'keyword':
      return replySearch(reply, 'keyword', [
        ['keyword', begin.keyword],
        ['startfrom', begin.from],
      ])
    case 'unknown':
      return replySearch(reply, 'unknown', [])
  }
}

function replyFind(reply: Reply, find: KeySpec['find']): void {
  switch (find.kind) {
    case 'range':
      return replySearch(reply, 'range', [
        ['lastkey', find.last],
        ['keystep', find.step],
        ['limit', find.limit],
      ])
    case 'keynum':
      return replySearch(reply, 'keynum', [
        ['keynumidx', find.countIndex],
        ['firstkey', find.firstKey],
        ['keystep', find.step],
      ])
    case 'unknown':
      return replySearch(reply, 'unknown', [])
  }
}

/** A value of a documentation map. */
type Fact = string | number | (() => void)

export function replyCommandDocs(reply: Reply, command: Command): void {
  const { spec } = command
  const facts: [string, Fact][] = [
    ['summary', spec.summary],
    ['since', spec.since],
    ['group', spec.group],
    ['complexity', spec.complexity],
  ]
  if (spec.docFlags !== undefined) {
    facts.push(['doc_flags', () => replyStatuses(reply, spec.docFlags!)])
  }
  if (spec.deprecated !== undefined) {
    facts.push(['deprecated_since', spec.deprecated.since])
    facts.push(['replaced_by', spec.deprecated.replacedBy])
  }
  if (spec.history !== undefined) facts.push(['history', () => replyHistory(reply, spec)])
  const args = parseSyntax(spec.syntax ?? '')
  if (args.length > 0) facts.push(['arguments', () => replyArguments(reply, args)])
  const subcommands = [...(command.subcommands?.values() ?? [])]
  if (subcommands.length > 0) {
    facts.push([
      'subcommands',
      () => {
        reply.map(subcommands.length)
        for (const sub of subcommands) {
          reply.bulk(sub.fullName)
          replyCommandDocs(reply, sub)
        }
      },
    ])
  }
  replyFacts(reply, facts)
}

function replyFacts(reply: Reply, facts: readonly (readonly [string, Fact])[]): void {
  reply.map(facts.length)
  for (const [name, value] of facts) {
    reply.bulk(name)
    if (typeof value === 'function') value()
    else if (typeof value === 'number') reply.integer(value)
    else reply.text(value)
  }
}

function replyHistory(reply: Reply, spec: CommandSpec): void {
  reply.set(spec.history!.length)
  for (const [since, change] of spec.history!) {
    reply.array(2)
    reply.bulk(since)
    reply.text(change)
  }
}

function replyArguments(reply: Reply, args: readonly Argument[]): void {
  reply.array(args.length)
  for (const { flags, arguments: children, ...rest } of args) {
    const facts: [string, Fact][] = Object.entries(rest)
    if (flags !== undefined) facts.push(['flags', () => replyStatuses(reply, flags)])
    if (children !== undefined) facts.push(['arguments', () => replyArguments(reply, children)])
    replyFacts(reply, facts)
  }
}
