// several.ts — MGET, MSET, MSETNX: several strings at once.
//
// All or nothing: whatever may refuse a key is asked before the first is set. MSET is in every
// benchmark and allocates nothing.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyRange } from '../../src/command.ts'
import { wrongArity } from '../../src/errors.ts'
import { STRING } from '../../src/keyspace/record.ts'
import { checkReplaceable } from '../keys/refusal.ts'

function mget(call: Call): void {
  const { db, reply } = call
  reply.array(call.count - 1)
  for (let i = 1; i < call.count; i++) {
    const entry = call.read(i)
    if (entry === 0 || db.type(entry) !== STRING) reply.null()
    else call.replyString(entry)
  }
}

function mset(call: Call): void {
  checkPairs(call)
  // Where there are no objects at all, none is in the way.
  if (call.server.keyspace.valueMemory.objects.length > 0) {
    for (let i = 1; i < call.count; i += 2) checkReplaceable(call.db, call.peek(i))
  }
  setPairs(call)
  call.reply.ok()
}

function msetNx(call: Call): void {
  checkPairs(call)
  for (let i = 1; i < call.count; i += 2) {
    if (call.write(i) !== 0) {
      call.reply.integer(0)
      return
    }
  }
  setPairs(call)
  call.reply.integer(1)
}

function checkPairs(call: Call): void {
  if (call.count % 2 === 0) throw wrongArity(call.command.fullName)
}

function setPairs(call: Call): void {
  for (let i = 1; i < call.count; i += 2) {
    call.setString(i, i + 1, false)
    call.notify('$', 'set', i)
    call.signal(i)
  }
}

export const severalCommands: readonly CommandSpec[] = [
  {
    name: 'mget',
    arity: -2,
    flags: ['readonly', 'fast'],
    acl: ['string'],
    keys: [keyRange(1, -1, 1, 'RO', 'access')],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(N) for N keys',
    summary: 'Returns the strings that several keys hold.',
    syntax: 'key [key ...]',
    tips: ['request_policy:multi_shard'],
    handler: mget,
  },
  {
    name: 'mset',
    arity: -3,
    flags: ['write', 'denyoom'],
    acl: ['string'],
    keys: [keyRange(1, -1, 2, 'OW', 'update')],
    group: 'string',
    since: '1.0.1',
    complexity: 'O(N) for N keys',
    summary: 'Sets several keys to strings, all at once.',
    syntax: 'key value [key value ...]',
    tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
    handler: mset,
  },
  {
    name: 'msetnx',
    arity: -3,
    flags: ['write', 'denyoom'],
    acl: ['string'],
    keys: [keyRange(1, -1, 2, 'OW', 'insert')],
    group: 'string',
    since: '1.0.1',
    complexity: 'O(N) for N keys',
    summary: 'Sets several keys to strings if none of them exists.',
    syntax: 'key value [key value ...]',
    tips: ['request_policy:multi_shard', 'response_policy:agg_min'],
    handler: msetNx,
  },
]
