// The tests that redis-benchmark knows, or is told, and the commands each of them needs of a server.
//
// The order is redis-benchmark's own: what pops comes after what pushes, so it finds something to pop.

export interface BenchmarkCase {
  /** For `redis-benchmark -t`, unless it is told the command. */
  readonly name: string
  readonly commands: readonly string[]
  /** The command to repeat, where redis-benchmark has no test of that name. */
  readonly repeats?: readonly string[]
}

export const cases: readonly BenchmarkCase[] = [
  { name: 'ping_inline', commands: ['ping'] },
  { name: 'ping_mbulk', commands: ['ping'] },
  { name: 'set', commands: ['set'] },
  { name: 'get', commands: ['get'] },
  { name: 'incr', commands: ['incr'] },
  { name: 'lpush', commands: ['lpush'] },
  { name: 'rpush', commands: ['rpush'] },
  { name: 'lpop', commands: ['lpop'] },
  { name: 'rpop', commands: ['rpop'] },
  { name: 'sadd', commands: ['sadd'] },
  { name: 'hset', commands: ['hset'] },
  { name: 'spop', commands: ['spop'] },
  { name: 'zadd', commands: ['zadd'] },
  { name: 'zpopmin', commands: ['zpopmin'] },
  { name: 'lrange_100', commands: ['lpush', 'lrange'] },
  { name: 'lrange_300', commands: ['lpush', 'lrange'] },
  { name: 'lrange_500', commands: ['lpush', 'lrange'] },
  { name: 'lrange_600', commands: ['lpush', 'lrange'] },
  { name: 'mset', commands: ['mset'] },
  // As later versions of redis-benchmark have it.
  { name: 'xadd', commands: ['xadd'], repeats: ['XADD', 'mystream', '*', 'myfield', 'xxx'] },
]

export const benchmarkCommands: readonly string[] = [...new Set(cases.flatMap(row => row.commands))]

/** The cases, among those asked for, that a server with these commands can run. */
export function runnableCases(
  wanted: readonly string[] | undefined,
  supported: ReadonlySet<string>,
): BenchmarkCase[] {
  const unknown = wanted?.find(name => !cases.some(row => row.name === name))
  if (unknown !== undefined) throw new Error(`redis-benchmark has no test ${unknown}`)
  return cases.filter(
    row =>
      (wanted?.includes(row.name) ?? true) && row.commands.every(command => supported.has(command)),
  )
}

/** What redis-benchmark is to run, for its command line. */
export function selectionOf(name: string): readonly string[] {
  const repeats = cases.find(row => row.name === name)?.repeats
  return repeats ?? ['-t', name]
}
