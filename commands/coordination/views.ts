// views.ts — Who holds something and who waits for it, as *.HOLDERS and *.QUEUE tell.

import type { Call } from '../../src/call.ts'
import type { HoldView } from '../../src/values/hold.ts'
import { timeLeft } from './holds.ts'

/** Facts about something: a map in RESP3, a flat array in RESP2. */
export type Fact = readonly [name: string, value: string | number | bigint | null]

export function replyFacts({ reply }: Call, facts: readonly Fact[]): void {
  reply.map(facts.length)
  for (const [name, value] of facts) {
    reply.bulk(name)
    if (value === null) reply.null()
    else if (typeof value === 'string') reply.bulk(value)
    else if (typeof value === 'bigint') reply.bigint(value)
    else reply.integer(value)
  }
}

/** What is told of a hold beside its owner, its token and its times. */
export type HoldFacts = (hold: HoldView) => readonly Fact[]

export function replyHolders(call: Call, holds: Iterable<HoldView>, more: HoldFacts): void {
  const all = [...holds]
  const { monotonic } = call.server
  call.reply.array(all.length)
  for (const hold of all) {
    replyFacts(call, [
      ['owner', hold.owner],
      ['token', hold.token],
      ...more(hold),
      ['ttl-ms', timeLeft(call, hold)],
      ['held-ms', Math.floor(monotonic - hold.grantedAt)],
      ['client', hold.connection],
    ])
  }
}

/** Those who wait for a turn at key i, the next one first. */
export function replyQueue(call: Call, i: number): void {
  const { waiting, monotonic } = call.server
  const all = [...waiting.at(call.db, call.text(i), 'turn')]
  call.reply.array(all.length)
  for (const parked of all) {
    replyFacts(call, [
      ['owner', parked.identity ?? ''],
      ['wants', parked.wish],
      ['waiting-ms', Math.floor(monotonic - parked.since)],
      ['client', parked.client.id],
    ])
  }
}
