// latency-monitor.ts — Spikes by event, as LATENCY LATEST, HISTORY and DOCTOR show them.

/** As in Redis: one sample a second at most, so many of them. */
const SAMPLES_MAX = 160

export interface LatencySample {
  /** Seconds since the epoch. */
  readonly at: number
  milliseconds: number
}

export interface LatencyEvent {
  /** Oldest first. */
  readonly samples: LatencySample[]
  max: number
}

export class LatencyMonitor {
  readonly events = new Map<string, LatencyEvent>()

  /** Keeps a duration if it reaches the threshold (ms; 0 for off). */
  offer(event: string, milliseconds: number, threshold: number, now: number): void {
    if (threshold === 0 || milliseconds < threshold) return
    const at = Math.floor(now / 1000)
    const rounded = Math.floor(milliseconds)
    let entry = this.events.get(event)
    if (entry === undefined) {
      entry = { samples: [], max: 0 }
      this.events.set(event, entry)
    }
    entry.max = Math.max(entry.max, rounded)
    const last = entry.samples.at(-1)
    if (last !== undefined && last.at === at) {
      last.milliseconds = Math.max(last.milliseconds, rounded)
      return
    }
    entry.samples.push({ at, milliseconds: rounded })
    if (entry.samples.length > SAMPLES_MAX) entry.samples.shift()
  }

  /** Forgets some events, or all; answers how many there were. */
  reset(names: readonly string[]): number {
    if (names.length === 0) {
      const count = this.events.size
      this.events.clear()
      return count
    }
    return names.filter(name => this.events.delete(name)).length
  }
}
