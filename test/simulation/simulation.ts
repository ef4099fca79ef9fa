// One seed, from the founding of its cluster to the verdict.
//
// The seed decides how large the cluster is, what its limits are, and what kinds of weather it has.
// Clients work through a storm; then everything is whole again, and within a bound the cluster must
// be as it should be: every segment served, all its owners in sync, all nodes of one mind. Then
// everything is read once more, copies are compared, and the history is checked.

import { DEFAULT_METADATA_OPTIONS } from '../../cluster/metadata/options.ts'
import { DEFAULT_REPLICATION_OPTIONS } from '../../cluster/replication/options.ts'
import { primary } from '../../cluster/topology/segment.ts'
import { findMember } from '../../cluster/topology/topology.ts'
import { Seeded } from '../cluster/raft/seeded.ts'
import { check, explain, type Model } from './checker.ts'
import { CLOCK_DRIFT_MAX } from './clock.ts'
import { Violation } from './invariants.ts'
import { Journal } from './journal.ts'
import { type Input, MODELS, type Output, type Subject } from './objects.ts'
import { PRODUCTION } from './parts.ts'
import { CLEAR, Storm, type Weather } from './storm.ts'
import { type Parts, World, type WorldOptions } from './world.ts'

const STORM_MS = 6_000
const HEAL_MS_MAX = 20_000
const READ_MS_MAX = 5_000
const LOOK_MS = 50
/** Within this the last commits reach the backups, over links that may still be broken. */
const SETTLE_MS_MAX = 10_000

export interface Plan {
  readonly options: WorldOptions
  readonly weather: Weather
}

export interface Outcome {
  readonly world: World
  /** When all was as it should be, counted from the end of the storm. */
  readonly healedMs: number
  /** Operations whose history was too hard to decide about. */
  readonly undecided: number
}

const SUBJECTS: readonly Subject[] = [
  { name: 'register', kind: 'register', segment: 3 },
  { name: 'pair', kind: 'pair', segment: 3 },
  { name: 'counter', kind: 'counter', segment: 100 },
  { name: 'set', kind: 'set', segment: 100 },
  { name: 'lock', kind: 'lock', segment: 200 },
  { name: 'latch', kind: 'latch', segment: 200 },
]

/** Those, and as many others as make a balance worth striving for. */
export const LIVE_SEGMENTS: ReadonlySet<number> = new Set([
  ...SUBJECTS.map(({ segment }) => segment),
  ...Array.from({ length: 13 }, (_, number) => 5 + 19 * number),
])

/** What a seed stands for. */
export function planOf(seed: number): Plan {
  // Apart from the world's own chance, so that a plan can be changed by hand and run again.
  const seeded = new Seeded(seed ^ 0x5eed)
  // One that is alone grows while clients use it.
  const nodeCount = seeded.pick([3, 3, 3, 3, 4, 5, 1])
  const rate = (...rates: readonly number[]) => (seeded.chance(0.4) ? seeded.pick(rates) : 0)
  const isLossy = seeded.chance(0.5)
  const transfersMax = seeded.pick([2, 16, 64])
  const diskLossRate = rate(0.2, 0.5)
  // A node that lost its disk never comes back, and must not be waited for.
  const replaceTimeoutMs = seeded.pick(diskLossRate > 0 ? [500, 3_000] : [500, 3_000, 60_000])
  const plan = { transfersMax: 64, transfersPerNodeMax: 32, handOversMax: 32 }
  const owners = seeded.pick([2, 2, 3])
  const policy = { ...DEFAULT_METADATA_OPTIONS.policy, owners, replaceTimeoutMs, plan }
  const raft = { ...DEFAULT_METADATA_OPTIONS.raft }
  if (seeded.chance(0.5)) Object.assign(raft, { compactAfterEntries: 64, keepEntries: 16 })
  return {
    options: {
      nodeCount,
      spareCount: nodeCount === 1 ? 2 : seeded.pick([0, 0, 1, 2]),
      clientCount: 3,
      thinkMsMax: seeded.pick([30, 30, 100, 5]),
      liveSegments: seeded.chance(0.9) ? LIVE_SEGMENTS : undefined,
      subjects: SUBJECTS,
      clockDrift: seeded.chance(0.5) ? CLOCK_DRIFT_MAX : 0,
      faults: {
        delayMsMax: seeded.pick([1, 5, 20]),
        lateRate: isLossy ? 0.02 : 0,
        lateMsMax: 300,
        lossRate: isLossy ? seeded.pick([0.01, 0.05]) : 0,
        duplicationRate: isLossy ? 0.02 : 0,
      },
      labelsOf: () => ({ site: '', rack: '', machine: '' }),
      metadata: { ...DEFAULT_METADATA_OPTIONS, policy, raft },
      replication: {
        ...DEFAULT_REPLICATION_OPTIONS,
        transfersMax,
        transferWindowBytes: seeded.pick([1, 64]),
        ackTimeoutMs: seeded.pick([300, DEFAULT_REPLICATION_OPTIONS.ackTimeoutMs]),
      },
    },
    weather: {
      ...CLEAR,
      kills: rate(0.3, 1, 2),
      powerLosses: rate(0.3, 1),
      diskLossRate,
      pauses: rate(0.3, 1, 2),
      dataStalls: rate(0.5, 1),
      metadataStalls: rate(0.5, 1),
      partitions: rate(0.5, 1, 2),
      resets: rate(1, 5, 20),
      slowPaths: rate(0.5),
      slowDisks: rate(0.5, 2),
      joins: nodeCount === 1 ? 2 : rate(1),
      leaves: rate(0.3),
    },
  }
}

export function simulate(
  seed: number,
  plan = planOf(seed),
  parts: Parts = PRODUCTION,
  reader?: (line: string) => void,
): Outcome {
  const world = new World(seed, plan.options, parts, new Journal(reader))
  for (const client of world.clients) client.start()
  const storm = new Storm(world, plan.weather)
  world.run(STORM_MS)
  storm.end()
  const healedMs = heal(world)
  for (const client of world.clients) client.stop()
  readAll(world)
  compareCopies(world)
  return { world, healedMs, undecided: checkHistory(world) }
}

/** Waits until the cluster is as it should be. */
export function heal(world: World): number {
  const since = world.timeline.now
  for (;;) {
    const flaw = findFlaw(world)
    const elapsed = world.timeline.now - since
    if (flaw === undefined) return elapsed
    if (elapsed >= HEAL_MS_MAX) throw new Violation(`not healed in ${HEAL_MS_MAX} ms: ${flaw}`)
    world.run(LOOK_MS)
  }
}

/** What is not yet as it should be. */
function findFlaw(world: World): string | undefined {
  const { latest, lost } = world.invariants
  for (const node of world.running) {
    const { topology } = node.process!.data.replication
    if (topology !== latest && topology.epoch !== latest.epoch) {
      return `${node.name} knows topology ${topology.epoch} of ${latest.epoch}`
    }
    const member = findMember(latest, node.id)
    if (member?.state !== 'up' || member.incarnation !== node.incarnation) {
      return `${node.name} is no member`
    }
    if (!node.isLeased) return `${node.name} has no lease`
    if (node.isStalled) return `${node.name} stands still`
  }
  const dead = latest.members.find(
    ({ id, state }) => state === 'up' && world.find(id) === undefined,
  )
  if (dead !== undefined) return `${dead.id} is not missed`
  const able = latest.members.filter(({ state, isLeaving }) => state === 'up' && !isLeaving)
  const copies = Math.min(world.options.metadata.policy.owners, able.length)
  for (let number = 0; number < latest.segments.length; number++) {
    const record = latest.segments[number]!
    const leader = primary(record)
    if (leader === undefined) {
      // It waits for an operator.
      if (isGone(world, number)) continue
      return `segment ${number} has no primary`
    }
    if (lost.has(number)) continue
    if (record.pending.length > 0) return `segment ${number} has pending owners`
    if (record.inSync.length < copies) return `segment ${number} has ${record.inSync.length} copies`
    const serving = world.find(leader)?.process?.data.replication.roleOf(number)
    if (serving !== 'serves') return `segment ${number}: its primary ${serving}`
  }
  return undefined
}

/** The processes that had the last good copies are gone. */
function isGone(world: World, number: number): boolean {
  const { lastInSync } = world.invariants.latest.segments[number]!
  return lastInSync.every(({ id, incarnation }) => world.find(id)?.incarnation !== incarnation)
}

function readAll(world: World): void {
  const { invariants, clients, subjects } = world
  for (const { segment } of subjects) {
    if (primary(invariants.latest.segments[segment]!) === undefined) invariants.lost.add(segment)
  }
  for (const client of clients) client.giveUp(invariants.lost)
  world.runUntil(() => clients.every(client => client.isIdle), READ_MS_MAX, 'clients end')
  let unread = 0
  subjects.forEach((subject, number) => {
    if (invariants.lost.has(subject.segment)) return
    unread++
    clients[number % clients.length]!.readLast(subject, () => {
      unread--
    })
  })
  world.runUntil(() => unread === 0, READ_MS_MAX, 'everything is read')
}

/** Owners in sync come to hold the same. */
function compareCopies(world: World): void {
  const until = world.timeline.now + SETTLE_MS_MAX
  for (let found = findDifference(world); found !== undefined; found = findDifference(world)) {
    if (world.timeline.now >= until) throw new Violation(found)
    world.run(LOOK_MS)
  }
}

function findDifference({ invariants, subjects, find }: World): string | undefined {
  for (const { segment } of subjects) {
    if (invariants.lost.has(segment)) continue
    const { inSync } = invariants.latest.segments[segment]!
    const copies = inSync.map(id => find(id)?.process?.data.store.describe(segment) ?? 'none')
    const other = copies.find(copy => copy !== copies[0])
    if (other !== undefined) return `segment ${segment} has copies ${copies[0]} and ${other}`
  }
  return undefined
}

function checkHistory(world: World): number {
  const { history, subjects, invariants } = world
  let undecided = 0
  const { operations } = history
  for (const { name, kind, segment } of subjects) {
    // What was lost by right may be missing from the history of everything in the segment.
    if (invariants.lost.has(segment)) continue
    const own = operations.filter(operation => operation.key === name)
    const verdict = check(own, MODELS[kind] as Model<unknown, Input, Output>)
    if (verdict.kind === 'undecided') undecided++
    if (verdict.kind === 'illegal') throw new Violation(explain(verdict))
  }
  return undecided
}
