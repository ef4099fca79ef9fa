// What a measuring process is asked to do, and what it says of it.
//
// Orders and reports cross a process boundary as JSON, so they are plain data.

/** What all contestants hold a lock for at most: none ever does for so long. */
export const LEASE_MS = 10_000

/** What every order says besides its task. */
export interface Target {
  readonly port: number
  /** Of the server, for its CPU time. */
  readonly pid: number
  readonly seconds: number
}

/** Locks and releases through a library, as an application does. */
export interface LockTask {
  readonly task: 'lock'
  readonly system: string
  readonly contenders: number
  /** Of all contenders together, or of each. */
  readonly connection: 'shared' | 'own'
  /**
   * `free`: each contender has a lock of its own. `loop`: one lock for all, and whoever released it asks
   * again at once. `rounds`: one lock for all, and nobody asks again before all have had it.
   */
  readonly lock: 'free' | 'loop' | 'rounds'
}

/** What a library sends for one pair, recorded once, and then sent pipelined and without the library. */
export interface ReplayTask {
  readonly task: 'replay'
  readonly system: string
  readonly connections: number
  readonly pipeline: number
}

/** Fills something, if need be, and then sends one command over and over, pipelined. */
export interface CommandTask {
  readonly task: 'command'
  readonly command: 'counter' | 'multimap'
  readonly connections: number
  readonly pipeline: number
}

/** Opens a latch for so many who wait, again and again. */
export interface LatchTask {
  readonly task: 'latch'
  readonly awaiters: number
  readonly rounds: number
}

export type Task = LockTask | ReplayTask | CommandTask | LatchTask
export type Order<T extends Task = Task> = T & Target

export interface Report {
  /** Pairs of acquire and release, or commands, in the time measured. */
  readonly operations: number
  readonly seconds: number
  readonly serverCpuSeconds: number
  /** Of the measuring process, with the library in it. */
  readonly clientCpuSeconds: number
  /** From the call that gives the lock up until somebody else has it, or to the last release of a latch. */
  readonly handOvers: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** The longest that one contender waited for the lock. */
  readonly longestWaitMs: number
  /** How often a library gave up. */
  readonly failures: number
}
