// tracking.ts — Client-side caching: who has read what, and must hear when it changes.

import type { Call } from './call.ts'
import type { Client } from './client.ts'
import type { Server } from './server.ts'

export interface Tracking {
  readonly broadcast: boolean
}

export class TrackingTable {
  isActive = false
  memory = 0
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
  }

  /** Before a tracked client's command runs. */
  noteCommand(_call: Call): void {}

  /** A key was changed, by this client if any. */
  changed(_key: string, _by: Client | undefined): void {}

  /** Everything was deleted, by this client if any. */
  flushed(_by: Client | undefined): void {}

  clientCount = 0
  keyCount = 0
  itemCount = 0
  prefixCount = 0

  disable(_client: Client): void {}

  cron(): void {}
}
