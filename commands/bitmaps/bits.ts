// bits.ts — Strings as arrays of bits: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt, keyRange } from '../../src/command.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { RAW, STRING } from '../../src/keyspace/record.ts'
import {
  type BitOperation,
  type BitUnit,
  bitAt,
  bitOperation,
  bitPosition,
  bitCount as countBits,
  setBit as putBit,
} from '../../src/values/bits.ts'
import { checkReplaceable } from '../keys/refusal.ts'
import { isReversed } from '../ranges.ts'
import { editable } from '../strings/editable.ts'
import { readBitOffset } from './offsets.ts'

const NOTHING = new Uint8Array(0)

const notBit = new ReplyError('ERR bit is not an integer or out of range')
const notZeroOrOne = new ReplyError('ERR The bit argument must be 1 or 0.')
const notOneSource = new ReplyError('ERR BITOP NOT must be called with a single source key.')

const OPERATIONS = new Map<string, BitOperation>([
  ['AND', 'and'],
  ['OR', 'or'],
  ['XOR', 'xor'],
  ['NOT', 'not'],
])

function setBit(call: Call): void {
  const offset = readBitOffset(call, 2)
  const bit = call.integerIn(3, 0, 1, notBit)
  const entry = call.writeType(1, STRING)
  const { db } = call
  const length = Math.floor(offset / 8) + 1
  const grows = entry === 0 || length > db.valueLength(entry)
  const edited = editable(call, entry, length)
  const page = db.page(edited)
  // The bit's place in the page: no view is made of the string.
  const place = db.valueStart(edited) * 8 + offset
  const old = bitAt(page, place)
  if (grows || old !== bit) {
    putBit(page, place, bit)
    db.changed(edited)
    call.notify('$', 'setbit', 1)
    call.signal(1)
  }
  call.reply.integer(old)
}

function getBit(call: Call): void {
  const offset = readBitOffset(call, 2)
  const entry = call.readType(1, STRING)
  const { db } = call
  const within = entry !== 0 && Math.floor(offset / 8) < db.valueLength(entry)
  call.reply.integer(within ? bitAt(db.page(entry), db.valueStart(entry) * 8 + offset) : 0)
}

/** The string at key 1, undefined where there is none. */
function readString(call: Call): Uint8Array | undefined {
  const entry = call.readType(1, STRING)
  return entry === 0 ? undefined : call.db.value(entry)
}

function readUnit(call: Call, i: number): BitUnit {
  if (call.is(i, 'BYTE')) return 'byte'
  if (call.is(i, 'BIT')) return 'bit'
  throw errors.syntax
}

function bitCount(call: Call): void {
  // As in Redis, what follows is not looked at where there is nothing to count.
  const bytes = readString(call)
  if (bytes === undefined) {
    call.reply.integer(0)
    return
  }
  if (call.count === 2) {
    call.reply.integer(countBits(bytes))
    return
  }
  if (call.count !== 4 && call.count !== 5) throw errors.syntax
  const start = call.integer(2)
  const end = call.integer(3)
  // Empty already, whatever the unit may be.
  if (isReversed(call, 2, 3)) {
    call.reply.integer(0)
    return
  }
  const unit = call.count === 5 ? readUnit(call, 4) : 'byte'
  call.reply.integer(countBits(bytes, start, end, unit))
}

function bitPos(call: Call): void {
  const bit = call.integer(2)
  if (bit !== 0 && bit !== 1) throw notZeroOrOne
  const bytes = readString(call)
  if (bytes === undefined) {
    call.reply.integer(bit === 1 ? -1 : 0)
    return
  }
  if (call.count > 6) throw errors.syntax
  const start = call.count > 3 ? call.integer(3) : 0
  const unit = call.count > 5 ? readUnit(call, 5) : 'byte'
  const end = call.count > 4 ? call.integer(4) : undefined
  call.reply.integer(bitPosition(bytes, bit, start, end, unit))
}

function bitOp(call: Call): void {
  const operation = OPERATIONS.get(call.text(1).toUpperCase())
  if (operation === undefined) throw errors.syntax
  if (operation === 'not' && call.count !== 4) throw notOneSource
  const inputs: Uint8Array[] = []
  for (let i = 3; i < call.count; i++) {
    const entry = call.readType(i, STRING)
    inputs.push(entry === 0 ? NOTHING : call.db.value(entry))
  }
  checkReplaceable(call.db, call.peek(2))
  const result = bitOperation(operation, inputs)
  if (result.length > 0) {
    const entry = call.setBytes(2, result, false)
    call.db.setKind(entry, STRING, RAW)
    call.notify('$', 'set', 2)
    call.signal(2)
  } else if (call.delete(2)) {
    call.notify('g', 'del', 2)
    call.signal(2)
  }
  call.reply.integer(result.length)
}

export const bitCommands: readonly CommandSpec[] = [
  {
    name: 'bitcount',
    arity: -2,
    flags: ['readonly'],
    acl: ['bitmap'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.6.0',
    complexity: 'O(N) for N bytes',
    summary: 'Counts the bits of a string that are set.',
    syntax: 'key [index=(start end [index_unit=(BYTE|BIT)@7.0.0])]',
    handler: bitCount,
  },
  {
    name: 'bitop',
    arity: -4,
    flags: ['write', 'denyoom'],
    acl: ['bitmap'],
    keys: [keyAt(2, 'OW', 'update'), keyRange(3, -1, 1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.6.0',
    complexity: 'O(N) for N bytes of the longest string',
    summary: 'Combines strings bit by bit and stores the result.',
    syntax: 'operation destkey key [key ...]',
    handler: bitOp,
  },
  {
    name: 'bitpos',
    arity: -3,
    flags: ['readonly'],
    acl: ['bitmap'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.8.7',
    complexity: 'O(N) for N bytes',
    summary: 'Finds the first bit of a string that is set, or that is clear.',
    syntax: 'key bit [index=(start [end_index=(end [index_unit=(BYTE|BIT)@7.0.0])])]',
    handler: bitPos,
  },
  {
    name: 'getbit',
    arity: 3,
    flags: ['readonly', 'fast'],
    acl: ['bitmap'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Returns one bit of a string.',
    syntax: 'key offset',
    handler: getBit,
  },
  {
    name: 'setbit',
    arity: 4,
    flags: ['write', 'denyoom'],
    acl: ['bitmap'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'bitmap',
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Sets or clears one bit of a string, and returns what it was.',
    syntax: 'key offset value:integer',
    handler: setBit,
  },
]
