// copies.ts — What a node knows of the copies of its data that others keep. A node alone has none.

import type { Client } from './client.ts'

/** Another node that keeps copies of what this one serves. */
export interface CopyHolder {
  readonly host: string
  readonly port: number
  /** Whether everything it keeps of ours counts for commits. */
  readonly isInSync: boolean
  /** Entries of the log that it has not acknowledged. */
  readonly lag: number
}

export interface Copies {
  /** How many others have what the client wrote last, or everything if it wrote nothing. */
  acknowledged(client: Client): number
  readonly holders: readonly CopyHolder[]
}
