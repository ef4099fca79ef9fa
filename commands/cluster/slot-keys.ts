// slot-keys.ts — CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT: the keys of one slot in the client's database.

import type { Call } from '../../src/call.ts'
import { ReplyError } from '../../src/errors.ts'
import { SLOTS } from '../../src/keyspace/slot.ts'
import { clusterOf } from './cluster-of.ts'

const invalidSlot = new ReplyError('ERR Invalid slot')
const invalidSlotOrCount = new ReplyError('ERR Invalid slot or number of keys')

export function clusterCountKeysInSlot(call: Call): void {
  clusterOf(call)
  const slot = call.integer(2)
  if (slot < 0 || slot >= SLOTS) throw invalidSlot
  call.reply.integer(call.db.countInSlot(slot))
}

export function clusterGetKeysInSlot(call: Call): void {
  clusterOf(call)
  const slot = call.integer(2)
  const count = call.integer(3)
  if (slot < 0 || slot >= SLOTS || count < 0) throw invalidSlotOrCount
  const keys = call.db.keysInSlot(slot, count)
  call.reply.bulks(keys, keys.length)
}
