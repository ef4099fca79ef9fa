// slot-keys.ts — CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT: the keys of one slot in the client's database.

import type { Call } from '../../src/call.ts'
import { ReplyError } from '../../src/errors.ts'
import { SEGMENT_SHIFT, SLOTS } from '../../src/keyspace/slot.ts'
import { clusterOf } from './cluster-of.ts'

const invalidSlot = new ReplyError('ERR Invalid slot')
const invalidSlotOrCount = new ReplyError('ERR Invalid slot or number of keys')

export function clusterCountKeysInSlot(call: Call): void {
  clusterOf(call)
  const slot = call.integer(2)
  if (slot < 0 || slot >= SLOTS) throw invalidSlot
  call.reply.integer(entriesOf(call, slot, Number.POSITIVE_INFINITY).length)
}

export function clusterGetKeysInSlot(call: Call): void {
  clusterOf(call)
  const slot = call.integer(2)
  const count = call.integer(3)
  if (slot < 0 || slot >= SLOTS || count < 0) throw invalidSlotOrCount
  const entries = entriesOf(call, slot, count)
  call.reply.bulks(
    entries.map(entry => call.db.key(entry)),
    entries.length,
  )
}

/** Up to `limit` entries of a slot; its segment has those of its neighbours too. */
function entriesOf({ db }: Call, slot: number, limit: number): number[] {
  const segment = db.segments[slot >>> SEGMENT_SHIFT]
  const entries: number[] = []
  if (segment === undefined) return entries
  for (let i = 0; i < segment.count && entries.length < limit; i++) {
    const entry = segment.dense[i]!
    if (db.slot(entry) === slot) entries.push(entry)
  }
  return entries
}
