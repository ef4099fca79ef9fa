// What the two threads of a node send each other. The lease and signs of life go another way
// (shared-state.ts).

import type { TopologyEntry } from '../topology/entry.ts'
import type { Ending } from './event.ts'
import type { Identity } from './identity.ts'
import type { LogLevel } from './log.ts'
import type { Policy } from './options.ts'
import type { HandOverOrder } from './port.ts'
import type { ShellOptions, ShellStatus } from './shell.ts'
import type { TopologyDelta } from './topology-delta.ts'

/** What the worker is started with. */
export interface WorkerStart {
  readonly options: ShellOptions
  /** Of SharedState. */
  readonly shared: SharedArrayBuffer
}

export type ToWorker =
  | { readonly kind: 'propose'; readonly entries: readonly TopologyEntry[] }
  | { readonly kind: 'policy'; readonly policy: Policy }
  | { readonly kind: 'stop' }

export type FromWorker =
  /** It could not start, for a reason that is an operator's to mend. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Since the last that was told; all of it at first. */
  | { readonly kind: 'topology'; readonly delta: TopologyDelta; readonly identity: Identity }
  | { readonly kind: 'orders'; readonly orders: readonly HandOverOrder[] }
  | { readonly kind: 'status'; readonly status: ShellStatus }
  | { readonly kind: 'ended'; readonly ending: Ending }
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly facts: Readonly<Record<string, unknown>>
      readonly text: string
    }
