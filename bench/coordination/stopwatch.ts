// What a measurement has taken since it began: time, and CPU time on either side.
import { cpuSeconds } from '../process-clock.ts'

export interface Taken {
  readonly seconds: number
  readonly serverCpuSeconds: number
  readonly clientCpuSeconds: number
}

export class Stopwatch {
  readonly #pid: number
  readonly #start = performance.now()
  readonly #serverCpu: number
  readonly #clientCpu = process.cpuUsage()

  /** `pid` is the server's. */
  constructor(pid: number) {
    this.#pid = pid
    this.#serverCpu = cpuSeconds(pid)
  }

  taken(): Taken {
    const { user, system } = process.cpuUsage(this.#clientCpu)
    return {
      seconds: (performance.now() - this.#start) / 1000,
      serverCpuSeconds: cpuSeconds(this.#pid) - this.#serverCpu,
      clientCpuSeconds: (user + system) / 1e6,
    }
  }
}
