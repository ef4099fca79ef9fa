import { describe, expect, it } from 'vitest'
import { Membership } from '../../../cluster/metadata/membership.ts'
import type { Address, Body, Recipient } from '../../../cluster/metadata/message.ts'
import { DEFAULT_METADATA_OPTIONS } from '../../../cluster/metadata/options.ts'
import type { Standing } from '../../../cluster/raft/event.ts'
import { foundingTopology, type Topology } from '../../../cluster/topology/topology.ts'
import { fail, introduction, join, nodeId } from '../topology/fixtures.ts'

const { heartbeatMs, leaseMs } = DEFAULT_METADATA_OPTIONS
const COORDINATOR = nodeId(1)
const grid = join(join(foundingTopology(introduction(1)), 2), 3)

/** Node 2, whose coordinator is node 1; the test speaks for everybody else. */
class Lone {
  topology: Topology | undefined = grid
  standing: Standing = { role: 'follower', term: 5, leader: COORDINATOR }
  sent: { readonly to: Recipient; readonly body: Body }[] = []
  readonly membership: Membership

  constructor(seeds: readonly Address[] = []) {
    const self = introduction(2)
    const send = (to: Recipient, body: Body) => this.sent.push({ to, body })
    this.membership = new Membership(self, seeds, DEFAULT_METADATA_OPTIONS, this, send)
  }

  take() {
    const { sent } = this
    this.sent = []
    return sent
  }

  grant(sentAt: number, now: number, changes: { incarnation?: number; leaseMs?: number } = {}) {
    this.membership.onGrant({ kind: 'grant', incarnation: 1, sentAt, leaseMs, ...changes }, now)
  }
}

describe('A member', () => {
  it('sends a heartbeat in every interval, with what it acts on', () => {
    const lone = new Lone()
    for (let now = 1_000; now < 2_000; now += 10) lone.membership.tick(now)
    const sent = lone.take().filter(({ to }) => to === COORDINATOR)
    expect(sent).toHaveLength(1_000 / heartbeatMs)
    const body = { kind: 'beat', incarnation: 1, sentAt: 1_000, epoch: grid.epoch }
    expect(sent[0]).toEqual({ to: COORDINATOR, body })
  })

  it('counts its lease from the moment the heartbeat left, however late the answer comes', () => {
    const lone = new Lone()
    lone.grant(1_000, 1_550)
    expect(lone.membership.leaseUntil).toBe(1_000 + leaseMs)
    lone.grant(900, 1_560)
    expect(lone.membership.leaseUntil).toBe(1_000 + leaseMs)
  })

  it('takes no more than its own setting says, and nothing from the future or another life', () => {
    const lone = new Lone()
    lone.grant(1_000, 1_001, { leaseMs: 10 * leaseMs })
    expect(lone.membership.leaseUntil).toBe(1_000 + leaseMs)
    lone.grant(2_000, 1_001)
    lone.grant(1_001, 1_001, { incarnation: 2 })
    lone.grant(1_001, 1_001, { leaseMs: Number.NaN })
    lone.grant(Number.NaN, 1_001)
    expect(lone.membership.leaseUntil).toBe(1_000 + leaseMs)
  })

  it('that leads has what its leadership gives it, and nothing it was granted before', () => {
    const lone = new Lone()
    lone.grant(1_000, 1_001)
    lone.membership.beginLeading()
    expect(lone.membership.leaseUntil).toBe(0)
    lone.grant(1_100, 1_101)
    expect(lone.membership.leaseUntil).toBe(0)
    // Also not when the grant comes after it has led: its successor may have failed it by then.
    lone.membership.endLeading(1_200)
    lone.grant(1_100, 1_201)
    expect(lone.membership.leaseUntil).toBe(0)
    lone.grant(1_200, 1_202)
    expect(lone.membership.leaseUntil).toBe(1_200 + leaseMs)
  })

  it('asks to join when it is not a member, was taken for dead, or lives anew', () => {
    const lone = new Lone()
    for (const topology of [undefined, fail(grid, 2), join(grid, 2, { incarnation: 2 })]) {
      lone.topology = topology
      lone.membership.beat(1_000)
      expect(lone.take()[0]).toMatchObject({ to: COORDINATOR, body: { kind: 'join' } })
    }
    lone.topology = grid
    lone.membership.onNotUp(COORDINATOR)
    expect(lone.take()).toMatchObject([{ to: COORDINATOR, body: { kind: 'join' } }])
  })

  it('follows a redirect at once, unless it is older than what it knows', () => {
    const lone = new Lone()
    const address = { host: 'h', port: 9 }
    const redirect = { kind: 'redirect', coordinator: nodeId(3), address } as const
    lone.membership.beat(1_000)
    lone.take()
    lone.membership.onRedirect({ ...redirect, term: 4 }, 1_001)
    expect(lone.take()).toEqual([])
    lone.membership.onRedirect({ ...redirect, term: 6 }, 1_001)
    expect(lone.take()).toMatchObject([{ to: address, body: { kind: 'beat' } }])
    lone.membership.beat(1_100)
    expect(lone.take()).toMatchObject([{ to: address }])
    lone.standing = { role: 'follower', term: 6, leader: nodeId(3) }
    lone.membership.beat(1_200)
    expect(lone.take()).toMatchObject([{ to: nodeId(3) }])
  })

  it('follows a bounded number of redirects until its next heartbeat', () => {
    const lone = new Lone()
    const address = { host: 'h', port: 9 }
    lone.membership.beat(1_000)
    lone.take()
    for (let term = 6; term < 100; term++) {
      lone.membership.onRedirect({ kind: 'redirect', term, coordinator: nodeId(3), address }, 1_001)
    }
    expect(lone.take().length).toBeLessThan(5)
  })

  it('asks everybody it knows, one after the other, while nobody answers', () => {
    const seed = { host: 'seed', port: 1 }
    const lone = new Lone([seed])
    for (let beat = 0; beat < 12; beat++) lone.membership.beat(1_000 + 100 * beat)
    const asked = new Set(lone.take().map(({ to }) => to))
    expect(asked).toEqual(new Set([seed, COORDINATOR, nodeId(3)]))
    lone.grant(2_100, 2_101)
    lone.membership.beat(2_200)
    expect(lone.take().map(({ to }) => to)).toEqual([COORDINATOR])
  })
})
