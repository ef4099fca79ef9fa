// The simulation is only worth what it can catch: each classic mistake, planted into a copy of the
// machine's source, must be found by the safety properties within a bounded number of seeds.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RaftOptions } from '../../../cluster/raft/options.ts'
import { Raft } from '../../../cluster/raft/raft.ts'
import { type Chaos, unleash } from './chaos.ts'
import { isCaught } from './safety.ts'
import { type Faults, SimulatedCluster } from './simulated-cluster.ts'

interface Setting {
  readonly chaos: Chaos
  readonly faults: Faults
  readonly options: Partial<RaftOptions>
  /** Any of these many voters. */
  readonly voters: readonly number[]
  readonly spares: number
}

interface Bug {
  readonly title: string
  readonly setting: Setting
  readonly file: string
  readonly right: string
  readonly wrong: string
  /** Where the search begins, if earlier seeds were seen to find nothing. */
  readonly seed?: number
}

const SOURCE = path.resolve(import.meta.dirname, '../../../cluster/raft')
const SEEDS_MAX = 1_000
const RUN_MS = 3_000
const CONTROL_SEEDS = Number(process.env['RAFT_SEEDS'] ?? 10)

/** Leaders come and go as fast as they can. */
const elections: Setting = {
  voters: [3, 5],
  spares: 0,
  faults: {
    lossRate: 0.1,
    duplicationRate: 0.05,
    delayMsMax: 12,
    writeMsMax: 8,
    clockDrift: 0.02,
  },
  options: {
    electionTimeoutMs: 20,
    electionJitterMs: 30,
    heartbeatMs: 5,
    leaseMs: 18,
    appendEntriesMax: 1,
    inflightAppendsMax: 1,
  },
  chaos: {
    proposals: 100,
    partitions: 20,
    heals: 20,
    crashes: 5,
    leaderCrashes: 80,
    restarts: 60,
    pauses: 10,
    resumes: 40,
    changes: 0,
    transfers: 1,
  },
}

/** The network is much faster than the disk. */
const disks: Setting = {
  ...elections,
  faults: { ...elections.faults, delayMsMax: 2, writeMsMax: 40 },
  options: { ...elections.options, electionTimeoutMs: 60, leaseMs: 50 },
  chaos: { ...elections.chaos, proposals: 200, leaderCrashes: 20 },
}

/** Leaders get lost while they hold a lease, and others are ready to follow them at once. */
const leases: Setting = {
  voters: [3, 5],
  spares: 0,
  faults: {
    lossRate: 0,
    duplicationRate: 0,
    delayMsMax: 2,
    writeMsMax: 2,
    clockDrift: 0,
  },
  options: {
    electionTimeoutMs: 100,
    electionJitterMs: 5,
    heartbeatMs: 10,
    leaseMs: 99,
  },
  chaos: {
    ...elections.chaos,
    // Few, so that the log of a node that does not hear the leader is still up to date.
    proposals: 1,
    partitions: 6,
    heals: 3,
    crashes: 6,
    leaderCrashes: 0,
    pauses: 2,
    transfers: 2,
  },
}

/** Members come and go all the time. */
const changes: Setting = {
  ...elections,
  voters: [4],
  spares: 1,
  chaos: { ...elections.chaos, leaderCrashes: 20, changes: 200 },
}

/** The log is so short that followers are sent snapshots. */
const snapshots: Setting = {
  ...elections,
  options: {
    ...elections.options,
    electionTimeoutMs: 60,
    leaseMs: 50,
    compactAfterEntries: 8,
    keepEntries: 0,
    snapshotChunkBytesMax: 3,
  },
  chaos: { ...elections.chaos, proposals: 400, leaderCrashes: 10 },
}

const bugs: readonly Bug[] = [
  {
    title: 'a vote that is not persisted',
    setting: elections,
    file: 'raft.ts',
    right: 'this.#disk.keepHardState({ term, vote })',
    wrong: 'this.#disk.keepHardState({ term, vote: undefined })',
    seed: 90,
  },
  {
    title: 'entries of older terms committed by counting',
    setting: elections,
    file: 'raft.ts',
    right: 'if (index <= this.#log.committed || this.#log.term(index) !== this.#term) return',
    wrong: 'if (index <= this.#log.committed) return',
    seed: 50,
  },
  {
    title: 'messages of older terms taken for current ones',
    setting: elections,
    file: 'raft.ts',
    right: 'if (message.term < this.#term) {',
    wrong: 'if (message.term < 0) {',
    seed: 20,
  },
  {
    title: 'a vote told before it is durable',
    setting: elections,
    file: 'raft.ts',
    right: "    case 'timeout-now':\n      return false",
    wrong: "    case 'timeout-now':\n    case 'vote-reply':\n      return false",
  },
  {
    title: 'an acknowledgement sent before the entry is durable',
    setting: elections,
    file: 'raft.ts',
    right: "    case 'timeout-now':\n      return false",
    wrong: "    case 'timeout-now':\n    case 'append-accepted':\n      return false",
    seed: 60,
  },
  {
    title: 'a leader that counts what it has not written',
    setting: disks,
    file: 'raft.ts',
    right: 'this.#leadership.committable(this.#disk.durable)',
    wrong: 'this.#leadership.committable(this.#log.lastIndex)',
    seed: 250,
  },
  {
    title: 'a vote for a candidate whose log is behind',
    setting: elections,
    file: 'raft.ts',
    right: 'return lastIndex >= this.#log.lastIndex',
    wrong: 'return true',
  },
  {
    title: 'an append taken without a look at the entry before it',
    setting: elections,
    file: 'log.ts',
    right: 'this.term(agreesAt) !== append.previousTerm',
    wrong: 'this.term(agreesAt) === undefined',
  },
  {
    title: 'an old append that cuts off what a later one brought',
    setting: elections,
    file: 'log.ts',
    right: 'if (term !== entry.term) {',
    wrong: 'if (true) {',
  },
  {
    title: 'chunks of a snapshot put together in any order',
    setting: snapshots,
    file: 'snapshot.ts',
    right: 'if (chunk.offset === this.#received) {',
    wrong: 'if (chunk.offset <= this.#received + 3) {',
  },
  {
    title: 'two changes of configuration at once',
    setting: changes,
    file: 'raft.ts',
    right: 'if (this.#log.hasUncommittedConfiguration || !leadership.hasCommittedInTerm) {',
    wrong: 'if (!leadership.hasCommittedInTerm) {',
  },
  {
    title: 'a change of configuration before the term has committed',
    setting: changes,
    file: 'raft.ts',
    right: 'if (this.#log.hasUncommittedConfiguration || !leadership.hasCommittedInTerm) {',
    wrong: 'if (this.#log.hasUncommittedConfiguration) {',
    seed: 510,
  },
  {
    title: 'a voter that forgets its leader at once',
    setting: leases,
    file: 'raft.ts',
    right:
      'this.#promisedUntil = Math.max(this.#promisedUntil, this.#now + this.#options.electionTimeoutMs)',
    wrong: '',
  },
  {
    title: 'a voter that forgets its leader by a restart',
    setting: leases,
    file: 'raft.ts',
    right: 'this.#promisedUntil = now + options.electionTimeoutMs',
    wrong: 'this.#promisedUntil = 0',
    seed: 220,
  },
  {
    title: 'a lease that outlives the promises it stands on',
    setting: leases,
    file: 'leadership.ts',
    right: 'this.confirmedAt(now) + this.#options.leaseMs',
    wrong: 'this.confirmedAt(now) + 2 * this.#options.leaseMs',
  },
  {
    title: 'a lease kept after the election of another was asked for',
    setting: leases,
    file: 'leadership.ts',
    right: 'this.#isLeaseGivenUp = true',
    wrong: '',
  },
  {
    title: 'a lease before the state of earlier terms is settled',
    setting: elections,
    file: 'leadership.ts',
    right: 'if (this.#isLeaseGivenUp || this.#log.applied < this.#firstIndex) return 0',
    wrong: 'if (this.#isLeaseGivenUp) return 0',
  },
]

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'raft-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

/** The machine with one piece of its source replaced. */
async function mutant(bug: Bug): Promise<typeof Raft> {
  const copy = await mkdtemp(path.join(folder, 'copy-'))
  for (const file of await readdir(SOURCE)) {
    let text = await readFile(path.join(SOURCE, file), 'utf8')
    if (file === bug.file) {
      // Else the bug is no longer planted, and the test would prove nothing.
      expect(text.split(bug.right), `the source contains once: ${bug.right}`).toHaveLength(2)
      text = text.replace(bug.right, () => bug.wrong)
    }
    await writeFile(path.join(copy, file), text)
  }
  const module: { Raft: typeof Raft } = await import(path.join(copy, 'raft.ts'))
  return module.Raft
}

function run(setting: Setting, seed: number, machine: typeof Raft): void {
  const { faults, options, voters, spares, chaos } = setting
  const shape = { voters: voters[seed % voters.length]!, spares, tickMs: 2 }
  unleash(new SimulatedCluster({ seed, ...shape, options, faults, machine }), chaos, RUN_MS)
}

/** Whether one of the seeds breaks the machine. */
function isFound({ setting, seed = 1 }: Bug, machine: typeof Raft): boolean {
  for (let tried = 0; tried < SEEDS_MAX; tried++) {
    try {
      run(setting, seed + tried, machine)
    } catch (error) {
      if (isCaught(error)) return true
      throw error
    }
  }
  return false
}

describe('The Raft simulation', () => {
  it.each(bugs)('catches $title', async bug => {
    expect(isFound(bug, await mutant(bug))).toBe(true)
  })

  it.each(Object.entries({ elections, disks, leases, changes, snapshots }))(
    'finds nothing in the machine as it is, in the setting for %s',
    (_, setting) => {
      for (let seed = 1; seed <= CONTROL_SEEDS; seed++) run(setting, seed, Raft)
    },
  )
})
