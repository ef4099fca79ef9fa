// blocking.ts — Commands that wait for an element where there is none.
//
// A call is parked under its keys and run again when one of them is pushed to, so each handler is
// written as if it ran once: it pops, or waits. What it popped is logged as the command that does not
// wait. Inside MULTI nobody waits, and the answer is that of a wait that was in vain.

import type { Call } from '../../src/call.ts'
import type { Reply } from '../../src/wire/reply.ts'
import { readTimeout } from '../timeout.ts'
import { move } from './move.ts'
import { popFirst, popOne, readEnd, readPopRequest, writeAwaited } from './pop.ts'

export function blPop(call: Call): void {
  popOrWait(call, true)
}

export function brPop(call: Call): void {
  popOrWait(call, false)
}

function popOrWait(call: Call, atHead: boolean): void {
  const deadline = readTimeout(call, call.count - 1)
  for (let i = 1; i < call.count - 1; i++) {
    const entry = writeAwaited(call, i)
    if (entry === 0) continue
    call.effect(atHead ? 'LPOP' : 'RPOP', call.copy(i))
    call.reply.array(2)
    call.reply.bulkBytes(call.bytes, call.start(i), call.end(i))
    popOne(call, i, entry, atHead)
    return
  }
  wait(call, 1, call.count - 2, deadline)
}

export function blmPop(call: Call): void {
  const request = readPopRequest(call, 2)
  const deadline = readTimeout(call, 1)
  if (popFirst(call, request)) return
  wait(call, request.firstKey, request.keyCount, deadline)
}

export function blMove(call: Call): void {
  const fromHead = readEnd(call, 3)
  const toHead = readEnd(call, 4)
  moveOrWait(call, fromHead, toHead, readTimeout(call, 5))
}

export function brPopLPush(call: Call): void {
  moveOrWait(call, false, true, readTimeout(call, 3))
}

function moveOrWait(call: Call, fromHead: boolean, toHead: boolean, deadline: number): void {
  const source = writeAwaited(call, 1)
  if (source !== 0) move(call, source, fromHead, toHead)
  else if (!call.mayBlock) call.reply.null()
  else wait(call, 1, 1, deadline)
}

function wait(call: Call, firstKey: number, keyCount: number, deadline: number): void {
  const keys: string[] = []
  for (let i = firstKey; i < firstKey + keyCount; i++) keys.push(call.text(i))
  call.server.dispatch.park(call, { keys, deadline, topic: 'list', onTimeout: replyNothing })
}

/** As in Redis, in RESP2 a null array, even to BLMOVE, which is answered with one element. */
function replyNothing(reply: Reply): void {
  reply.nullArray()
}
