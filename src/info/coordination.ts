// coordination.ts — The section of INFO about locks and their kin: what there is, and what happened.
//
// Values of a database that was flushed count no more, though their memory is freed bit by bit.

import {
  BARRIER,
  COUNTER,
  FENCE,
  LATCH,
  LEADER,
  LIMITER,
  LOCK,
  MULTIMAP,
  SEMAPHORE,
} from '../keyspace/record.ts'
import type { Server } from '../server.ts'
import type { Fact } from './sections.ts'

export function coordinationFacts(server: Server): Fact[] {
  const { coordination, stats } = server
  const { leases, requests } = coordination
  return [
    ['coordination_locks', coordination.count(LOCK)],
    ['coordination_semaphores', coordination.count(SEMAPHORE)],
    ['coordination_latches', coordination.count(LATCH)],
    ['coordination_barriers', coordination.count(BARRIER)],
    ['coordination_counters', coordination.count(COUNTER)],
    ['coordination_multimaps', coordination.count(MULTIMAP)],
    ['coordination_leaders', coordination.count(LEADER)],
    ['coordination_limiters', coordination.count(LIMITER)],
    ['coordination_fences', coordination.count(FENCE)],
    ['coordination_holders', leases.holders],
    ['coordination_leases', leases.count],
    ['coordination_waiters', waiters(server)],
    ['coordination_requests', requests.size],
    ['coordination_grants', stats.holdsGranted],
    ['coordination_releases', stats.holdsReleased],
    ['coordination_expirations', stats.holdsExpired],
    ['coordination_disconnections', stats.holdsDisconnected],
    ['coordination_grants_undone', stats.grantsUndone],
    ['coordination_stalls', stats.stalls],
  ]
}

function waiters(server: Server): number {
  let count = 0
  for (const { parked } of server.clients.values()) {
    if (parked?.command.spec.group === 'coordination') count++
  }
  return count
}
