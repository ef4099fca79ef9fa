// entries.ts — Rows of the effect log that make a key what it is elsewhere; see `src/transfer/entry-state.ts`.

import type { Call } from '../src/call.ts'
import { type CommandSpec, type Handler, keyAt } from '../src/command.ts'
import type { CoordinationType } from '../src/coordination.ts'
import type { ObjectValue } from '../src/keyspace/database.ts'
import {
  FIRST_COORDINATION_TYPE,
  HASH,
  LIST,
  OBJECT,
  SET,
  STREAM,
  TYPE_NAMES,
  type TypeName,
} from '../src/keyspace/record.ts'
import { addCollectionPart, type Collection } from '../src/transfer/collection-parts.ts'
import {
  addCoordinationPart,
  beginCoordination,
  type Coordinating,
} from '../src/transfer/coordination-parts.ts'
import { Hash } from '../src/values/hash.ts'
import { List } from '../src/values/list.ts'
import { MemberSet } from '../src/values/member-set.ts'
import { Stream } from '../src/values/stream.ts'
import { Zset } from '../src/values/zset.ts'
import { setPacked } from './packed.ts'

/** entry.begun key type encoding expires-at access part */
function begun(call: Call): void {
  const { db } = call
  const type = TYPE_NAMES.indexOf(call.text(2) as TypeName)
  const encoding = call.integer(3)
  // The last times of 64 bits are no integers when they are printed from a double.
  const expiresAt = Number(call.text(4))
  call.delete(1)
  const entry = begin(call, type, encoding)
  if (expiresAt >= 0) db.setExpiry(entry, expiresAt)
  db.setAccess(entry, call.integer(5))
}

/** Makes key 1 hold what the first part says; its entry. */
function begin(call: Call, type: number, encoding: number): number {
  const { coordination, monotonic } = call.server
  const part = call.view(6)
  if (encoding !== OBJECT) return setPacked(call, 1, type, encoding, part)
  if (type < FIRST_COORDINATION_TYPE) {
    const value = emptyCollection(call, type)
    addCollectionPart(value, part)
    return call.setObject(1, type, value)
  }
  const kind = type as CoordinationType
  coordination.save(call, 1, kind, beginCoordination(kind, part, monotonic))
  return call.peek(1)
}

function emptyCollection({ server }: Call, type: number): Collection & ObjectValue {
  switch (type) {
    case LIST:
      return new List(server.config.values['list-max-listpack-size'])
    case SET:
      return new MemberSet()
    case HASH:
      return new Hash()
    case STREAM:
      return new Stream()
    default:
      return new Zset()
  }
}

/** entry.continued key part */
function continued(call: Call): void {
  const { db, server } = call
  const entry = call.peek(1)
  const part = call.view(2)
  if (db.encoding(entry) !== OBJECT) {
    append(call, entry, part)
    return
  }
  const type = db.type(entry)
  if (type < FIRST_COORDINATION_TYPE) {
    addCollectionPart(db.object(entry) as unknown as Collection, part)
    db.changed(entry)
    return
  }
  const value = db.object(entry) as Coordinating
  const kind = type as CoordinationType
  addCoordinationPart(kind, value, part, server.monotonic)
  server.coordination.save(call, 1, kind, value)
}

function append({ db }: Call, entry: number, part: Buffer): void {
  const length = db.valueLength(entry)
  const grown = db.resizeValue(entry, length + part.length)
  part.copy(db.page(grown), db.valueStart(grown) + length)
  db.changed(grown)
}

function row(name: string, arity: number, summary: string, handler: Handler): CommandSpec {
  return {
    name,
    arity,
    flags: ['write'],
    keys: [keyAt(1, 'OW', 'update')],
    group: 'generic',
    since: '0.1.0',
    complexity: 'O(N) for N elements',
    summary,
    internal: true,
    handler,
  }
}

export const entryEffects: readonly CommandSpec[] = [
  row('entry.begun', 7, 'A key holds this, or the first part of it.', begun),
  row('entry.continued', 3, 'A key holds this too.', continued),
]
