// lcs.ts — LCS: the longest common subsequence of two strings.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyRange } from '../../src/command.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { STRING } from '../../src/keyspace/record.ts'
import { type CommonRange, lcs as findLcs, lcsLength, lcsTableBytes } from '../../src/values/lcs.ts'

const NOTHING = new Uint8Array(0)

const notStrings = new ReplyError('ERR The specified keys must contain string values')
const lengthAndIndexes = new ReplyError(
  'ERR If you want both the length and indexes, please just use IDX.',
)
const tooLarge = new ReplyError(
  'ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len',
)

interface LcsOptions {
  readonly lengthOnly: boolean
  readonly ranges: boolean
  readonly rangeLengths: boolean
  readonly rangeLengthMin: number
}

function lcs(call: Call): void {
  const a = readString(call, 1)
  const b = readString(call, 2)
  const options = readOptions(call)
  if (lcsTableBytes(a.length, b.length) > call.server.config.values['proto-max-bulk-len']) {
    throw tooLarge
  }
  const { reply } = call
  if (options.lengthOnly) {
    reply.integer(lcsLength(a, b))
    return
  }
  const { bytes, ranges } = findLcs(a, b, options.rangeLengthMin)
  if (options.ranges) {
    reply.map(2)
    reply.bulk('matches')
    reply.array(ranges.length)
    for (const range of ranges) replyRange(call, range, options.rangeLengths)
    reply.bulk('len')
    reply.integer(bytes.length)
  } else {
    reply.bulkBytes(bytes, 0, bytes.length)
  }
}

function readString(call: Call, i: number): Uint8Array {
  const entry = call.read(i)
  if (entry === 0) return NOTHING
  if (call.db.type(entry) !== STRING) throw notStrings
  return call.db.value(entry)
}

function readOptions(call: Call): LcsOptions {
  let lengthOnly = false
  let ranges = false
  let rangeLengths = false
  let rangeLengthMin = 0
  for (let i = 3; i < call.count; i++) {
    if (call.is(i, 'LEN')) lengthOnly = true
    else if (call.is(i, 'IDX')) ranges = true
    else if (call.is(i, 'WITHMATCHLEN')) rangeLengths = true
    else if (call.is(i, 'MINMATCHLEN') && i + 1 < call.count) rangeLengthMin = call.integer(++i)
    else throw errors.syntax
  }
  if (lengthOnly && ranges) throw lengthAndIndexes
  return { lengthOnly, ranges, rangeLengths, rangeLengthMin }
}

function replyRange({ reply }: Call, range: CommonRange, withLength: boolean): void {
  reply.array(withLength ? 3 : 2)
  reply.array(2)
  reply.integer(range.aStart)
  reply.integer(range.aEnd)
  reply.array(2)
  reply.integer(range.bStart)
  reply.integer(range.bEnd)
  if (withLength) reply.integer(range.length)
}

export const lcsCommands: readonly CommandSpec[] = [
  {
    name: 'lcs',
    arity: -3,
    flags: ['readonly'],
    acl: ['string'],
    keys: [keyRange(1, 1, 1, 'RO', 'access')],
    group: 'string',
    since: '7.0.0',
    complexity: 'O(N*M) for strings of N and M bytes',
    summary: 'Finds the longest subsequence that two strings share.',
    syntax: 'key1 key2#0 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]',
    handler: lcs,
  },
]
