// coordination-parts.ts — Values that coordinate in parts: what they are, then who holds or fills them.
//
// Leases and lifetimes travel as what is left of them, so that they end at the same time on both nodes. The
// connections of holds are those of the node that serves; see `Coordination.takeOver`.
//
// A part is JSON in latin1, in which all strings here are written: these values are small, and their
// snapshots are plain. The first part says what the value is; each has items.

import type { CoordinationType, ValueOf } from '../coordination.ts'
import {
  BARRIER,
  COUNTER,
  FENCE,
  LATCH,
  LEADER,
  LIMITER,
  LOCK,
  MULTIMAP,
  SEMAPHORE,
} from '../keyspace/record.ts'
import { Barrier, type BarrierSnapshot } from '../values/barrier.ts'
import { Counter, type CounterSnapshot } from '../values/counter.ts'
import { Fence, type FenceSnapshot } from '../values/fence.ts'
import { FixedWindow, type FixedWindowSnapshot } from '../values/fixed-window.ts'
import type { HoldState, HoldView } from '../values/hold.ts'
import { Latch, type LatchSnapshot } from '../values/latch.ts'
import { Leader } from '../values/leader.ts'
import type { Limiter } from '../values/limiter.ts'
import { Lock } from '../values/lock.ts'
import { Multimap, type MultimapSnapshot } from '../values/multimap.ts'
import { Semaphore, type SemaphoreSnapshot } from '../values/semaphore.ts'
import { SlidingWindow, type SlidingWindowSnapshot } from '../values/sliding-window.ts'
import { Throttle, type ThrottleSnapshot } from '../values/throttle.ts'
import { WeakCounter, type WeakCounterSnapshot } from '../values/weak-counter.ts'
import type { PartLimits, Parts } from './part.ts'

export type Coordinating = ValueOf[CoordinationType]

/** A hold, and what is left of its lease; 0 if it has none. */
type HoldItem = readonly [hold: HoldState, leftMs: number]
/** A field with some of its values; `leftMs` 0 if it has no lifetime. */
type FieldItem = readonly [name: string, leftMs: number, values: readonly string[]]
/** Somebody who has counted a latch down, with data, or up. */
type ParticipantItem = readonly [participant: string, data: string | null]
type Item = HoldItem | FieldItem | ParticipantItem

interface LatchHead extends Omit<LatchSnapshot, 'downs' | 'ups'> {
  /** What is left of the time at hand; null for ever. */
  readonly leftMs: number | null
}
type CounterHead =
  | { readonly strength: 'strong'; readonly snapshot: CounterSnapshot }
  | { readonly strength: 'weak'; readonly snapshot: WeakCounterSnapshot }
type LimiterHead =
  | { readonly algorithm: 'throttle'; readonly snapshot: ThrottleSnapshot }
  | { readonly algorithm: 'fixed'; readonly snapshot: FixedWindowSnapshot }
  | { readonly algorithm: 'sliding'; readonly snapshot: SlidingWindowSnapshot }

/** What the first part says of a value of each type. */
interface HeadOf {
  [LOCK]: null
  [LEADER]: null
  [SEMAPHORE]: Omit<SemaphoreSnapshot, 'holds'>
  [BARRIER]: Omit<BarrierSnapshot, 'participants'>
  [LATCH]: LatchHead
  [COUNTER]: CounterHead
  [MULTIMAP]: Omit<MultimapSnapshot, 'fields'>
  [LIMITER]: LimiterHead
  [FENCE]: FenceSnapshot
}

interface JsonPart {
  readonly head: HeadOf[CoordinationType] | undefined
  readonly items: readonly Item[]
}

/** The parts of a value, as it is at `now` on this node's monotonic clock. */
export function coordinationParts(
  type: CoordinationType,
  value: Coordinating,
  now: number,
  limits: PartLimits,
): Parts {
  return jsonParts(headOf(type, value, now), itemsOf(type, value, now, limits), limits)
}

function* jsonParts(
  head: HeadOf[CoordinationType],
  items: Iterable<Item>,
  limits: PartLimits,
): Parts {
  let part: { head?: HeadOf[CoordinationType]; items: Item[] } = { head, items: [] }
  let bytes = 0
  for (const item of items) {
    if (part.items.length >= limits.elements || bytes >= limits.bytes) {
      yield encode(part)
      part = { items: [] }
      bytes = 0
    }
    part.items.push(item)
    bytes += bytesOf(item)
  }
  return encode(part)
}

function encode(part: object): Buffer {
  return Buffer.from(JSON.stringify(part), 'latin1')
}

function decode(bytes: Buffer): JsonPart {
  return JSON.parse(bytes.latin1Slice()) as JsonPart
}

/** About what the strings of an item take. */
function bytesOf([first, second, third]: Item): number {
  if (typeof first !== 'string') return first.owner.length + first.meta.length
  let bytes = first.length + (typeof second === 'string' ? second.length : 0)
  for (const value of third ?? []) bytes += value.length
  return bytes
}

function headOf(
  type: CoordinationType,
  value: Coordinating,
  now: number,
): HeadOf[CoordinationType] {
  switch (type) {
    case LOCK:
    case LEADER:
      return null
    case SEMAPHORE: {
      const { limit, configured } = value as Semaphore
      return { limit, configured }
    }
    case BARRIER: {
      const { parties, generation, phase } = value as Barrier
      return { parties, generation, phase }
    }
    case LATCH:
      return latchHead(value as Latch, now)
    case COUNTER:
      return value instanceof WeakCounter
        ? { strength: 'weak', snapshot: value.snapshot() }
        : { strength: 'strong', snapshot: (value as Counter).snapshot() }
    case MULTIMAP: {
      const { mode, configured } = value as Multimap
      return { mode, configured }
    }
    case LIMITER:
      return limiterHead(value as Limiter, now)
    case FENCE:
      return (value as Fence).snapshot()
  }
}

function latchHead(latch: Latch, now: number): LatchHead {
  const { downs, ups, ...head } = latch.snapshot()
  const endsAt = latch.nextExpiry()
  return { ...head, leftMs: endsAt === Number.POSITIVE_INFINITY ? null : endsAt - now }
}

function limiterHead(limiter: Limiter, now: number): LimiterHead {
  switch (limiter.algorithm) {
    case 'throttle':
      return { algorithm: 'throttle', snapshot: limiter.snapshot(now) }
    case 'fixed':
      return { algorithm: 'fixed', snapshot: limiter.snapshot(now) }
    case 'sliding':
      return { algorithm: 'sliding', snapshot: limiter.snapshot(now) }
  }
}

function* itemsOf(
  type: CoordinationType,
  value: Coordinating,
  now: number,
  limits: PartLimits,
): Generator<Item> {
  switch (type) {
    case LOCK:
    case SEMAPHORE:
      for (const hold of (value as Lock | Semaphore).holders()) yield holdItem(hold, now)
      return
    case LEADER: {
      const { current } = value as Leader
      if (current !== undefined) yield holdItem(current, now)
      return
    }
    case BARRIER:
      for (const hold of (value as Barrier).participants()) yield holdItem(hold, now)
      return
    case LATCH:
      yield* (value as Latch).results
      for (const participant of (value as Latch).raisers) yield [participant, null]
      return
    case MULTIMAP:
      for (const { name, leftMs, values } of (value as Multimap).fields(now)) {
        const count = Math.min(VALUES_PER_ITEM, limits.elements)
        for (let i = 0; i < values.length; i += count) {
          yield [name, leftMs, values.slice(i, i + count)]
        }
      }
  }
}

/** A field of a multimap may have any number of values. */
const VALUES_PER_ITEM = 256

function holdItem(hold: HoldView, now: number): HoldItem {
  return [hold.state(), hold.leaseMs === 0 ? 0 : hold.expiresAt - now]
}

/** A value from its first part. */
export function beginCoordination(
  type: CoordinationType,
  bytes: Buffer,
  now: number,
): Coordinating {
  const { head, items } = decode(bytes)
  const value = make(type, head!, now)
  addItems(type, value, items, now)
  return value
}

/** Adds a part behind those before it. */
export function addCoordinationPart(
  type: CoordinationType,
  value: Coordinating,
  bytes: Buffer,
  now: number,
): void {
  addItems(type, value, decode(bytes).items, now)
}

function make(type: CoordinationType, head: HeadOf[CoordinationType], now: number): Coordinating {
  switch (type) {
    case LOCK:
      return new Lock()
    case LEADER:
      return new Leader()
    case SEMAPHORE: {
      const { limit, configured } = head as HeadOf[typeof SEMAPHORE]
      return new Semaphore(limit, configured)
    }
    case BARRIER:
      return Barrier.restore({ ...(head as HeadOf[typeof BARRIER]), participants: [] }, now)
    case LATCH:
      return makeLatch(head as LatchHead, now)
    case COUNTER: {
      const { strength, snapshot } = head as CounterHead
      return strength === 'weak' ? WeakCounter.restore(snapshot) : Counter.restore(snapshot)
    }
    case MULTIMAP: {
      const { mode, configured } = head as HeadOf[typeof MULTIMAP]
      return new Multimap(mode, configured)
    }
    case LIMITER:
      return makeLimiter(head as LimiterHead, now)
    case FENCE:
      return Fence.restore(head as FenceSnapshot)
  }
}

function makeLatch({ leftMs, ...head }: LatchHead, now: number): Latch {
  const { lifetimeMs, lingerMs } = head.config
  const fullMs = head.state === 'closed' ? lifetimeMs : lingerMs
  // It starts its time at full length: as if that had been so long ago that as much is left.
  const since = leftMs === null ? now : now + leftMs - fullMs
  return Latch.restore({ ...head, downs: [], ups: [] }, since)
}

function makeLimiter(head: LimiterHead, now: number): Limiter {
  switch (head.algorithm) {
    case 'throttle':
      return Throttle.restore(head.snapshot, now)
    case 'fixed':
      return FixedWindow.restore(head.snapshot, now)
    case 'sliding':
      return SlidingWindow.restore(head.snapshot, now)
  }
}

function addItems(
  type: CoordinationType,
  value: Coordinating,
  items: readonly Item[],
  now: number,
): void {
  switch (type) {
    case LOCK:
    case SEMAPHORE:
    case LEADER:
    case BARRIER:
      for (const [hold, leftMs] of items as readonly HoldItem[]) {
        // The lease starts at full length, as if it had been granted when it was.
        const since = hold.leaseMs === 0 ? now : now + leftMs - hold.leaseMs
        ;(value as Lock | Semaphore | Leader | Barrier).grant(hold, since)
      }
      return
    case LATCH:
      for (const [participant, data] of items as readonly ParticipantItem[]) {
        if (data === null) (value as Latch).rememberUp(participant)
        else (value as Latch).rememberDown(participant, data)
      }
      return
    case MULTIMAP:
      for (const [name, leftMs, values] of items as readonly FieldItem[]) {
        for (const each of values) (value as Multimap).put(name, each)
        if (leftMs !== 0) (value as Multimap).expireField(name, leftMs, now)
      }
  }
}
