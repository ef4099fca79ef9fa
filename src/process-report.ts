// process-report.ts — What INFO tells of the process and the machine: facts that only the host knows.

export interface ProcessReport {
  readonly pid: number
  readonly executable: string
  readonly os: string
  readonly nodeVersion: string
  /** Resident bytes. */
  readonly rss: number
  /** Bytes of live and dead JavaScript objects. */
  readonly heapUsed: number
  readonly totalMemory: number
  /** Seconds of processor time. */
  readonly cpuUser: number
  readonly cpuSystem: number
  readonly port: number
}
