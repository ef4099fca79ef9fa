// stats.ts — The counters that INFO prints and CONFIG RESETSTAT sets to zero.

export class Stats {
  connectionsReceived = 0
  commandsProcessed = 0
  rejectedConnections = 0
  netInputBytes = 0
  netOutputBytes = 0
  keyspaceHits = 0
  keyspaceMisses = 0
  expiredKeys = 0
  expiredFields = 0
  evictedKeys = 0
  evictedClients = 0
  /** Changes of holder of locks and their kin, and how holds ended. */
  holdsGranted = 0
  holdsReleased = 0
  holdsExpired = 0
  holdsDisconnected = 0
  /** Grants that nobody saw, since the connection ended before the reply left. */
  grantsUndone = 0
  /** Times that the event loop stood still, and leases were extended. */
  stalls = 0
  totalErrorReplies = 0
  unexpectedErrorReplies = 0
  clientQueryBufferLimitDisconnections = 0
  clientOutputBufferLimitDisconnections = 0
  totalReads = 0
  totalWrites = 0
  aclDeniedAuth = 0
  aclDeniedCommand = 0
  aclDeniedKey = 0
  aclDeniedChannel = 0
  /** Errors by their first word. */
  readonly errors = new Map<string, number>()

  countError(text: string): void {
    this.totalErrorReplies++
    const end = text.indexOf(' ')
    const code = end < 0 ? text : text.slice(0, end)
    // Codes are ours except where a script makes one up; a script cannot grow the table for ever.
    if (this.errors.size < ERROR_CODES_MAX || this.errors.has(code)) {
      this.errors.set(code, (this.errors.get(code) ?? 0) + 1)
    }
  }

  reset(): void {
    const fresh = new Stats()
    this.errors.clear()
    for (const name of Object.keys(fresh) as (keyof Stats)[]) {
      if (typeof fresh[name] === 'number') (this as Record<string, unknown>)[name] = 0
    }
  }
}

const ERROR_CODES_MAX = 128
