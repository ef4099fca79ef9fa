// What a process has used so far, from /proc: CPU time of all its threads, and resident memory.
import { readFileSync } from 'node:fs'

/** Linux counts CPU time for /proc in hundredths of a second, on every architecture. */
const TICKS_PER_SECOND = 100

/** User and system time, in seconds, of all threads alive or ended. */
export function cpuSeconds(pid: number): number {
  return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}

export function parseCpuSeconds(stat: string): number {
  // The second field is the program's name in brackets, which may itself hold brackets and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  if (Number.isNaN(user) || Number.isNaN(system)) throw new Error(`not a stat line: ${stat}`)
  return (user + system) / TICKS_PER_SECOND
}

export function residentBytes(pid: number): number {
  return parseResidentBytes(readFileSync(`/proc/${pid}/status`, 'latin1'))
}

export function parseResidentBytes(status: string): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kibibytes === undefined) throw new Error('no VmRSS in the status of the process')
  return Number(kibibytes) * 1024
}
