// job.ts — The work, and how coordinator and workers find each other: counting primes in parts.

export const PARTS_LIST = 'primes:parts'

export interface Part {
  /** The latch of the run that it belongs to. */
  readonly run: string
  readonly from: number
  readonly to: number
}

/** The name under which a part counts. A part that was done twice counts once. */
export function participant(part: Part): string {
  return `${part.from}-${part.to}`
}

export function split(run: string, limit: number, parts: number): Part[] {
  const size = Math.ceil(limit / parts)
  const found: Part[] = []
  for (let from = 0; from < limit; from += size) {
    found.push({ run, from, to: Math.min(from + size, limit) })
  }
  return found
}

export function countPrimes({ from, to }: Part): number {
  let count = 0
  for (let candidate = Math.max(from, 2); candidate < to; candidate++) {
    if (isPrime(candidate)) count++
  }
  return count
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor === 0) return false
  }
  return true
}
