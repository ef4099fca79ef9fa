// index.ts — latchkey/client: locks, semaphores, counters and the rest, typed.
//
// A thin client over the application's own Redis client. It shares no code with the server; what
// it says and understands is the protocol.

export * from './barrier.ts'
export type { HoldOptions, WaitOptions } from './core.ts'
export * from './counter.ts'
export {
  type ClientErrorCode,
  LatchkeyError,
  type LatchkeyErrorCode,
  type ServerErrorCode,
} from './errors.ts'
export * from './fence.ts'
export { Grid, type GridOptions, latchkey } from './grid.ts'
export { FencedHold, Held } from './held.ts'
export * from './latch.ts'
export * from './leader.ts'
export {
  HeldLock,
  Lock,
  type LockHolder,
  type LockInfo,
  type LockMode,
  type LockOptions,
  type LockWaiter,
} from './lock.ts'
export * from './locks.ts'
export * from './multimap.ts'
export * from './plain-number.ts'
export * from './rate-limiter.ts'
export type {
  AnyRedis,
  IoredisClient,
  IoredisCluster,
  NodeRedisClient,
  NodeRedisCluster,
} from './redis.ts'
export * from './semaphore.ts'
export type { Store, StoreArgument } from './store.ts'
