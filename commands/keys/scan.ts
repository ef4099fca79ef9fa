// scan.ts — KEYS and SCAN.

import type { Call } from '../../src/call.ts'
import type { CommandSpec } from '../../src/command.ts'
import { compileGlob } from '../../src/glob.ts'
import { TYPE_NAMES } from '../../src/keyspace/record.ts'
import { readCursor, readScanOptions, type ScanOptions } from '../scan-options.ts'

function keys(call: Call): void {
  const { db } = call
  const glob = compileGlob(call.text(1))
  const found: string[] = []
  db.forEach(entry => {
    if (db.isExpired(entry)) return
    const key = db.key(entry)
    if (glob.all || glob.matches(key)) found.push(key)
  })
  call.reply.bulks(found, found.length)
}

function scan(call: Call): void {
  const cursor = readCursor(call, 1)
  const options = readScanOptions(call, 2, 'TYPE')
  const { db } = call
  const visited: string[] = []
  const next = db.scan(cursor, options.count, entry => visited.push(db.key(entry)))
  const found = visited.filter(key => isWanted(call, key, options))
  call.reply.array(2)
  call.reply.bulkInteger(next)
  call.reply.bulks(found, found.length)
}

/** Whether a visited key is to be told of; one past its expiry is deleted here. */
function isWanted({ db }: Call, key: string, { glob, type }: ScanOptions): boolean {
  if (glob !== undefined && !glob.matches(key)) return false
  const bytes = Buffer.from(key, 'latin1')
  const entry = db.find(bytes, 0, bytes.length)
  if (entry === 0) return false
  return type === undefined || TYPE_NAMES[db.type(entry)] === type.toLowerCase()
}

export const scanCommands: readonly CommandSpec[] = [
  {
    name: 'keys',
    arity: 2,
    flags: ['readonly'],
    acl: ['keyspace', 'dangerous'],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(N) for N keys in the database',
    summary: 'Returns all keys that match a pattern.',
    syntax: 'pattern',
    tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
    handler: keys,
  },
  {
    name: 'scan',
    arity: -2,
    flags: ['readonly'],
    acl: ['keyspace'],
    group: 'generic',
    since: '2.8.0',
    complexity: 'O(1) for each call, O(N) for a whole iteration of N keys',
    summary: 'Iterates over the keys of the database.',
    syntax: 'cursor [MATCH pattern] [COUNT count] [TYPE type@6.0.0]',
    tips: ['nondeterministic_output', 'request_policy:special'],
    handler: scan,
  },
]
