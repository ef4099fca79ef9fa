// Times one small piece of the hot path: nanoseconds and bytes of heap per operation.
//
// The time is the median of samples long enough for the clock, taken after the compiler has settled. The
// bytes are what the heap grows by when nothing is collected meanwhile: a full collection comes before,
// and no sample allocates more than the young generation holds. That needs `node --expose-gc`.
import { median } from '../statistics.ts'

const SAMPLE_NS = 30e6
const SAMPLES = 9
const WARM_UP_SAMPLES = 4
/** The young generation starts at 1 MiB; what measuring itself allocates is a few hundred bytes. */
const HEAP_SAMPLE_BYTES_MAX = 256 * 2 ** 10
const HEAP_CALLS_MAX = 20_000

export interface MicroCase {
  readonly name: string
  /** How many operations one call of `run` performs. */
  readonly operations: number
  readonly run: () => void
}

export interface MicroResult {
  readonly name: string
  readonly nsPerOperation: number
  readonly heapBytesPerOperation: number
}

export function measureCase({ name, operations, run }: MicroCase): MicroResult {
  const calls = callsPerSample(run)
  for (let i = 0; i < WARM_UP_SAMPLES; i += 1) timeCalls(run, calls)
  const samples = Array.from({ length: SAMPLES }, () => timeCalls(run, calls))
  return {
    name,
    nsPerOperation: median(samples) / (calls * operations),
    heapBytesPerOperation: heapBytesPerCall(run) / operations,
  }
}

function callsPerSample(run: () => void): number {
  let calls = 1
  while (timeCalls(run, calls) < SAMPLE_NS / 2) calls *= 2
  return calls
}

function timeCalls(run: () => void, calls: number): number {
  // CPU time, for what else runs on the machine takes only time.
  const start = process.cpuUsage()
  for (let i = 0; i < calls; i += 1) run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) * 1000
}

function heapBytesPerCall(run: () => void): number {
  const one = heapGrowth(run, 64) / 64
  const affordable = Math.floor(HEAP_SAMPLE_BYTES_MAX / Math.max(one, 1))
  const calls = Math.max(Math.min(affordable, HEAP_CALLS_MAX), 1)
  return median(Array.from({ length: SAMPLES }, () => heapGrowth(run, calls))) / calls
}

function heapGrowth(run: () => void, calls: number): number {
  if (globalThis.gc === undefined) throw new Error('node must be started with --expose-gc')
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < calls; i += 1) run()
  return Math.max(process.memoryUsage().heapUsed - before, 0)
}
