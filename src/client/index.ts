// index.ts — latchkey/client: locks, semaphores, counters and the rest, typed.
//
// A thin client over the application's own Redis client. It shares no code with the server; what
// it says and understands is the protocol.

export type { HoldOptions, WaitOptions } from './core.ts'
export {
  type ClientErrorCode,
  LatchkeyError,
  type LatchkeyErrorCode,
  type ServerErrorCode,
} from './errors.ts'
export { Grid, type GridOptions, latchkey } from './grid.ts'
export { FencedHold, Held } from './held.ts'
export * from './lock.ts'
export type {
  AnyRedis,
  IoredisClient,
  IoredisCluster,
  NodeRedisClient,
  NodeRedisCluster,
} from './redis.ts'
export type { Store, StoreArgument } from './store.ts'
