// push.ts — Commands that add elements at the ends of a list.

import type { Call } from '../../src/call.ts'
import { LIST } from '../../src/keyspace/record.ts'
import { finishPush, listLength, pushArguments } from './stored-list.ts'

export function lPush(call: Call): void {
  push(call, call.writeType(1, LIST), true)
}

export function rPush(call: Call): void {
  push(call, call.writeType(1, LIST), false)
}

export function lPushX(call: Call): void {
  pushIfPresent(call, true)
}

export function rPushX(call: Call): void {
  pushIfPresent(call, false)
}

function pushIfPresent(call: Call, atHead: boolean): void {
  const entry = call.writeType(1, LIST)
  if (entry === 0) call.reply.integer(0)
  else push(call, entry, atHead)
}

function push(call: Call, entry: number, atHead: boolean): void {
  const grown = pushArguments(call, 1, entry, 2, call.count - 1, atHead)
  finishPush(call, 1, grown, atHead ? 'lpush' : 'rpush')
  call.reply.integer(listLength(call.db, grown))
}
