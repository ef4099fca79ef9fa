import { describe, expect, it } from 'vitest'
import { DEFAULT_METADATA_OPTIONS } from '../../../cluster/metadata/options.ts'
import { Watch } from '../../../cluster/metadata/watch.ts'
import { foundingTopology } from '../../../cluster/topology/topology.ts'
import { introduction, join, nodeId } from '../topology/fixtures.ts'

const { heartbeatMs, leaseMs, nodeTimeoutMs } = DEFAULT_METADATA_OPTIONS
const A = nodeId(1)
const B = nodeId(2)
const C = nodeId(3)
const { members } = join(join(foundingTopology(introduction(1)), 2), 3)
const START = 10_000

/** Looks every 10 ms; these are heard with every heartbeat. Who fails, and when. */
function failures(watch: Watch, heard: readonly string[], ms: number) {
  const failed = new Map<string, number>()
  for (let now = START; now <= START + ms; now += 10) {
    if ((now - START) % heartbeatMs === 0) for (const id of heard) watch.heard(id, now)
    for (const { id } of watch.look(members, now)) if (!failed.has(id)) failed.set(id, now - START)
  }
  return failed
}

describe('The watch', () => {
  it('takes for dead who says nothing for the node timeout, counted from its beginning', () => {
    const watch = new Watch(DEFAULT_METADATA_OPTIONS, undefined, START)
    expect([...failures(watch, [A, B], 3_000)]).toEqual([[C, nodeTimeoutMs]])
  })

  it('counts from the last word', () => {
    const watch = new Watch(DEFAULT_METADATA_OPTIONS, undefined, START)
    watch.heard(C, START + 50)
    expect(failures(watch, [A, B], 3_000).get(C)).toBe(nodeTimeoutMs + 50)
  })

  it('takes those along that fell silent with it, but nobody whose lease may last', () => {
    const watch = new Watch(DEFAULT_METADATA_OPTIONS, undefined, START)
    watch.heard(B, START + 140)
    expect(failures(watch, [A], 900)).toEqual(
      new Map([
        [B, nodeTimeoutMs],
        [C, nodeTimeoutMs],
      ]),
    )
    const other = new Watch(DEFAULT_METADATA_OPTIONS, undefined, START)
    other.heard(B, START + nodeTimeoutMs - leaseMs)
    expect(failures(other, [A], nodeTimeoutMs + 10)).toEqual(new Map([[C, nodeTimeoutMs]]))
  })

  it('gives the leader of the term before a moment to show that it lives', () => {
    const watch = new Watch(DEFAULT_METADATA_OPTIONS, C, START)
    expect([...failures(watch, [A, B], 500)]).toEqual([[C, heartbeatMs]])
    const heard = new Watch(DEFAULT_METADATA_OPTIONS, C, START)
    heard.heard(C, START + 20)
    expect(failures(heard, [A, B], 500).size).toBe(0)
    expect(failures(heard, [A, B], 3_000).get(C)).toBe(nodeTimeoutMs + 20)
  })

  it('begins anew when it stood still, also with the leader of the term before', () => {
    const watch = new Watch(DEFAULT_METADATA_OPTIONS, C, START)
    const late = START + 5_000
    expect(watch.look(members, late)).toEqual([])
    for (let now = late; now < late + nodeTimeoutMs; now += 10) {
      expect(watch.look(members, now)).toEqual([])
    }
    expect(watch.look(members, late + nodeTimeoutMs)).toHaveLength(3)
  })
})
