// What WAIT, ROLE and INFO tell of the copies that other nodes keep of what this one serves.

import type { Client } from '../../src/client.ts'
import type { Copies, CopyHolder } from '../../src/copies.ts'
import { NO_SEGMENT } from '../../src/effects.ts'
import { Entry } from '../replication/entry.ts'
import type { Replication } from '../replication/replication.ts'
import { findMember, SEGMENT_COUNT } from '../topology/topology.ts'

export class GridCopies implements Copies {
  readonly #replication: Replication

  constructor(replication: Replication) {
    this.#replication = replication
  }

  acknowledged({ wrote, wroteIn }: Client): number {
    if (wroteIn !== NO_SEGMENT) return this.#acknowledgedIn(wroteIn, wrote)
    let least = Number.POSITIVE_INFINITY
    for (let segment = 0; segment < SEGMENT_COUNT; segment++) {
      const leading = this.#replication.leadingOf(segment)
      if (leading !== undefined) least = Math.min(least, leading.voters.length)
    }
    return least === Number.POSITIVE_INFINITY ? 0 : least
  }

  #acknowledgedIn(segment: number, wrote: unknown): number {
    const voters = this.#replication.leadingOf(segment)?.voters ?? []
    const isOpen = wrote instanceof Entry && wrote.isCommitted === undefined
    if (!isOpen) return voters.length
    return voters.filter(({ acked }) => acked >= wrote.sequence).length
  }

  get holders(): readonly CopyHolder[] {
    const lags = new Map<string, { isInSync: boolean; lag: number }>()
    for (let segment = 0; segment < SEGMENT_COUNT; segment++) {
      const leading = this.#replication.leadingOf(segment)
      for (const { id, counts, acked } of leading?.followers.values() ?? []) {
        const before = lags.get(id) ?? { isInSync: true, lag: 0 }
        const lag = before.lag + Math.max(0, leading!.sequence - acked)
        lags.set(id, { isInSync: before.isInSync && counts, lag })
      }
    }
    return [...lags].flatMap(([id, { isInSync, lag }]) => {
      const member = findMember(this.#replication.topology, id)
      return member === undefined ? [] : [{ host: member.host, port: member.port, isInSync, lag }]
    })
  }
}
