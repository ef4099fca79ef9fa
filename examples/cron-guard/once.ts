// once.ts — Runs a job once for each time of its timetable, though several instances try.
//
// All queue for one lock. Whoever gets it looks whether the run is done; if not, does it, and notes
// that. If the one at work dies, its lease ends, and the next in the queue finds the run not done.
// If it is only paused for longer than its lease, it may go on while the next one works: then its
// `signal` aborts, and whatever it still sends through `store`, the note too, is refused.

import type { Grid, HeldLock } from 'latchkey/client'

/** `due` is the time of the timetable as an ISO string, so that later ones sort behind. */
export function once(
  grid: Grid,
  job: string,
  due: string,
  lease: number,
  work: (held: HeldLock) => Promise<void>,
): Promise<'ran' | 'done already'> {
  // The braces put lock and note into one slot of a cluster, as `store` needs.
  const name = `{cron:${job}}`
  return grid.lock(`${name}:lock`).using({ lease }, async held => {
    const last = await held.store.get(`${name}:done`)
    if (last !== null && last >= due) return 'done already'
    await work(held)
    await held.store.set(`${name}:done`, due)
    return 'ran'
  })
}
