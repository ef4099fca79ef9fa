// bitfield.ts — BITFIELD and BITFIELD_RO: several reads and writes of integers inside a string.
//
// All operations are read before the first is done, and the string is grown once, to the end of the
// furthest write, even where that write then fails for overflow.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, type KeyFlag, keyAt } from '../../src/command.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { STRING } from '../../src/keyspace/record.ts'
import type { KeyArguments } from '../../src/keyspecs.ts'
import {
  bytesForField,
  type FieldType,
  incrementField,
  type Overflow,
  parseFieldType,
  readField,
  setField,
} from '../../src/values/bitfield.ts'
import { editable } from '../strings/editable.ts'
import { readBitOffset } from './offsets.ts'

const NOTHING = Buffer.alloc(0)

const notType = new ReplyError(
  'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
)
const notOverflow = new ReplyError('ERR Invalid OVERFLOW type specified')
const readOnly = new ReplyError('ERR BITFIELD_RO only supports the GET subcommand')

interface FieldOperation {
  readonly kind: 'get' | 'set' | 'incrby'
  readonly type: FieldType
  /** In bits. */
  readonly offset: number
  /** What is set or added; 0 for reads. */
  readonly amount: bigint
  readonly overflow: Overflow
}

function bitField(call: Call): void {
  const operations = readOperations(call)
  if (operations.every(operation => operation.kind === 'get')) readFields(call, operations)
  else writeFields(call, operations)
}

function bitFieldRo(call: Call): void {
  const operations = readOperations(call)
  if (operations.some(operation => operation.kind !== 'get')) throw readOnly
  readFields(call, operations)
}

function readOperations(call: Call): FieldOperation[] {
  const operations: FieldOperation[] = []
  let overflow: Overflow = 'wrap'
  for (let i = 2; i < call.count; ) {
    const left = call.count - i - 1
    if (call.is(i, 'OVERFLOW') && left >= 1) {
      overflow = readOverflow(call, i + 1)
      i += 2
      continue
    }
    const kind = readKind(call, i)
    const size = kind === 'get' ? 2 : 3
    if (left < size) throw errors.syntax
    const type = parseFieldType(call.text(i + 1))
    if (type === undefined) throw notType
    const offset = readBitOffset(call, i + 2, type.bits)
    const amount = kind === 'get' ? 0n : call.int64(i + 3)
    operations.push({ kind, type, offset, amount, overflow })
    i += size + 1
  }
  return operations
}

function readKind(call: Call, i: number): FieldOperation['kind'] {
  if (call.is(i, 'GET')) return 'get'
  if (call.is(i, 'SET')) return 'set'
  if (call.is(i, 'INCRBY')) return 'incrby'
  throw errors.syntax
}

function readOverflow(call: Call, i: number): Overflow {
  if (call.is(i, 'WRAP')) return 'wrap'
  if (call.is(i, 'SAT')) return 'sat'
  if (call.is(i, 'FAIL')) return 'fail'
  throw notOverflow
}

function readFields(call: Call, operations: readonly FieldOperation[]): void {
  const entry = call.readType(1, STRING)
  const bytes = entry === 0 ? NOTHING : call.db.value(entry)
  call.reply.array(operations.length)
  for (const { offset, type } of operations) replyField(call, readField(bytes, offset, type))
}

function writeFields(call: Call, operations: readonly FieldOperation[]): void {
  const entry = call.writeType(1, STRING)
  const { db } = call
  let length = 0
  for (const { kind, offset, type } of operations) {
    if (kind !== 'get') length = Math.max(length, bytesForField(offset, type))
  }
  const grows = entry === 0 || length > db.valueLength(entry)
  const edited = editable(call, entry, length)
  const bytes = db.value(edited)
  let changes = 0
  call.reply.array(operations.length)
  for (const operation of operations) {
    const before = readField(bytes, operation.offset, operation.type)
    const replied = apply(bytes, operation)
    if (replied === undefined) {
      call.reply.null()
      continue
    }
    replyField(call, replied)
    if (operation.kind === 'get') continue
    if (grows || before !== readField(bytes, operation.offset, operation.type)) changes++
  }
  if (grows || changes > 0) db.changed(edited)
  if (changes === 0) return
  call.notify('$', 'setbit', 1)
  call.signal(1)
}

/** Does one operation; undefined where it overflows and is to fail. */
function apply(
  bytes: Buffer,
  { kind, type, offset, amount, overflow }: FieldOperation,
): number | bigint | undefined {
  if (kind === 'get') return readField(bytes, offset, type)
  const small = Number(amount)
  const exact = Number.isSafeInteger(small) ? small : amount
  if (kind === 'set') return setField(bytes, offset, type, exact, overflow)
  return incrementField(bytes, offset, type, exact, overflow)
}

function replyField({ reply }: Call, value: number | bigint): void {
  if (typeof value === 'number') reply.integer(value)
  else reply.bigint(value)
}

const READ: readonly KeyFlag[] = ['RO', 'access']
const READ_AND_WRITTEN: readonly KeyFlag[] = ['RW', 'access', 'update']

/** BITFIELD that only gets reads its key and no more. */
function bitFieldKeyFlags(args: KeyArguments): readonly KeyFlag[] {
  for (let i = 2; i < args.count; i++) {
    const word = args.text(i).toUpperCase()
    if (word === 'SET' || word === 'INCRBY') return READ_AND_WRITTEN
  }
  return READ
}

export const bitfieldCommands: readonly CommandSpec[] = [
  {
    name: 'bitfield',
    arity: -2,
    flags: ['write', 'denyoom'],
    acl: ['bitmap'],
    keys: [keyAt(1, 'RW', 'access', 'update', 'variable_flags')],
    keyFlagsOf: bitFieldKeyFlags,
    group: 'bitmap',
    since: '3.2.0',
    complexity: 'O(1) for each operation',
    summary: 'Reads and changes integers of any width inside a string.',
    syntax:
      'key [operation=(GET (encoding offset)|write=([OVERFLOW (WRAP|SAT|FAIL)] ' +
      'write_operation=(SET (encoding offset value:integer)' +
      '|INCRBY (encoding offset increment)))) ...]',
    handler: bitField,
  },
  {
    name: 'bitfield_ro',
    arity: -2,
    flags: ['readonly', 'fast'],
    acl: ['bitmap'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'bitmap',
    since: '6.0.0',
    complexity: 'O(1) for each operation',
    summary: 'Reads integers of any width inside a string.',
    syntax: 'key [GET (encoding offset) [GET encoding offset ...]]',
    handler: bitFieldRo,
  },
]
