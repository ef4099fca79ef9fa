// What the commit gate of the server asks: which entries are open, and what to say of a lost one.

import type { CommitLog, Dependency } from '../../src/commit-gate.ts'
import { errors } from '../../src/errors.ts'
import type { Replication } from '../replication/replication.ts'
import { primary } from '../topology/segment.ts'
import { findMember, SEGMENT_COUNT, SLOTS_PER_SEGMENT } from '../topology/topology.ts'

export class GridLog implements CommitLog {
  readonly #replication: Replication

  constructor(replication: Replication) {
    this.#replication = replication
  }

  open(segment: number): Dependency | undefined {
    return this.#replication.openEntry(segment)
  }

  *openAll(): Iterable<Dependency> {
    for (let segment = 0; segment < SEGMENT_COUNT; segment++) {
      const entry = this.#replication.openEntry(segment)
      if (entry !== undefined) yield entry
    }
  }

  refusal(segment: number, isWrite: boolean): string {
    const { topology, self } = this.#replication
    const record = topology.segments[segment]
    const leader = record === undefined ? undefined : primary(record)
    const member = leader === undefined ? undefined : findMember(topology, leader)
    if (isWrite || member === undefined || member.id === self) return errors.inDoubt.text
    // Any slot of the segment will do: they have one primary. The host is that of CLUSTER SLOTS.
    return `MOVED ${segment * SLOTS_PER_SEGMENT} ${member.host}:${member.port}`
  }
}
