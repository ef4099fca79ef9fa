// memory.ts — How the used memory adds up.
//
// It is counted where it is used and not asked of the operating system: records, index tables,
// objects, clients' buffers, and what the process weighed before it held any data.

import type { Server } from '../server.ts'

export interface MemoryReport {
  readonly used: number
  readonly peak: number
  readonly startup: number
  readonly clients: number
  /** All that is not data: process, tables, clients. */
  readonly overhead: number
  readonly dataset: number
  /** Share of the data in what was used since the start, in percent. */
  readonly datasetPercentage: number
  readonly keys: number
  /** Bytes of live records. */
  readonly allocated: number
  /** Bytes of pages. */
  readonly active: number
  readonly index: number
  readonly objects: number
  readonly rss: number
}

export function memoryReport(server: Server): MemoryReport {
  const { keyspace } = server
  const used = server.usedMemory
  const startup = server.baselineBytes
  const dataset = keyspace.arena.liveBytes + keyspace.objectBytes
  return {
    used,
    peak: Math.max(server.peakMemory, used),
    startup,
    clients: server.clientBytes,
    overhead: used - dataset,
    dataset,
    datasetPercentage: used === startup ? 0 : (dataset / (used - startup)) * 100,
    keys: keyspace.size,
    allocated: keyspace.arena.liveBytes,
    active: keyspace.arena.pageBytes,
    index: keyspace.memory - dataset,
    objects: keyspace.objectBytes,
    rss: server.host.report().rss,
  }
}
