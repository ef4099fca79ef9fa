// remove.ts — ZREM and ZREMRANGEBY…: members go, by name or by range.

import type { Call } from '../../src/call.ts'
import { Element } from '../../src/values/element.ts'
import { readElement } from '../elements.ts'
import { lexRange, scoreRange } from './bounds.ts'
import { opened, openSortedSet } from './entry.ts'
import type { SortedSet } from './sorted-set.ts'

export function zRem(call: Call): void {
  const set = openSortedSet(call, 1)
  let removed = 0
  if (set !== undefined) {
    for (let i = 2; i < call.count && set.size > 0; i++) {
      if (set.remove(readElement(call, i, member))) removed++
    }
  }
  finish(call, removed, 'zrem')
}

export function zRemRangeByRank(call: Call): void {
  const start = call.integer(2)
  const stop = call.integer(3)
  const set = openSortedSet(call, 1)
  const from = start < 0 && set !== undefined ? set.size + start : start
  const last = stop < 0 && set !== undefined ? set.size + stop : stop
  removeRanks(call, set, Math.max(0, from), last + 1, 'zremrangebyrank')
}

export function zRemRangeByScore(call: Call): void {
  const range = scoreRange.read(call, 2, 3)
  const set = openSortedSet(call, 1)
  const ranks = set && range.ranks(set)
  removeRanks(call, set, ranks?.from ?? 0, ranks?.to ?? 0, 'zremrangebyscore')
}

export function zRemRangeByLex(call: Call): void {
  const range = lexRange.read(call, 2, 3)
  const set = openSortedSet(call, 1)
  const ranks = set && range.ranks(set)
  removeRanks(call, set, ranks?.from ?? 0, ranks?.to ?? 0, 'zremrangebylex')
}

function removeRanks(
  call: Call,
  set: SortedSet | undefined,
  from: number,
  to: number,
  event: string,
): void {
  finish(call, set === undefined ? 0 : set.removeRanks(from, to), event)
}

function finish(call: Call, removed: number, event: string): void {
  if (removed > 0) {
    call.notify('z', event, 1)
    opened.close()
  }
  call.reply.integer(removed)
}

const member = new Element()
