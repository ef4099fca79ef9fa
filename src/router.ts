// router.ts — Where the cluster tells a node which commands are its own. A single node has none.

import type { Call } from './call.ts'

export interface Router {
  /** Whether the call may run here. If not, it has been answered, parked or sent elsewhere. */
  admit(call: Call): boolean
}
