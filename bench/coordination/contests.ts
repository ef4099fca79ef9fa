// What is measured, and who takes part.
//
// The first entry of a contest is ours, and all ratios of the contest refer to it.
import { FIELD_VALUES } from './commands.ts'
import type { LockTask, Task } from './orders.ts'
import { systems } from './systems.ts'

const CONTENDERS = 50
const PIPELINE = 16
const LATCH_AWAITERS = 1000
const LATCH_OPENINGS = 10

export interface Entry {
  readonly label: string
  readonly server: 'latchkey' | 'redis'
  readonly task: Task
}

export interface Contest {
  readonly title: string
  /** Of what there are so many a second. */
  readonly unit: string
  /** Whether a lock passes from one to another, so that there are hand-overs to time. */
  readonly isContended: boolean
  readonly entries: readonly Entry[]
}

function lockContest(title: string, how: Omit<LockTask, 'task' | 'system'>): Contest {
  const entries = systems.map(({ name, label, server }) => {
    return { label, server, task: { task: 'lock', system: name, ...how } as const }
  })
  return { title, unit: 'pairs/s', isContended: how.lock !== 'free', entries }
}

/** Those of which each sends something else; that a library polls faster changes nothing here. */
const REPLAYED = new Set(['commands', 'redlock', 'semaphore'])

const replays: readonly Entry[] = systems
  .filter(({ name }) => REPLAYED.has(name))
  .map(({ name, label, server }) => ({
    label,
    server,
    task: { task: 'replay', system: name, connections: CONTENDERS, pipeline: PIPELINE },
  }))

export const contests: readonly Contest[] = [
  lockContest('One task, a lock that nobody else wants', {
    contenders: 1,
    connection: 'own',
    lock: 'free',
  }),
  lockContest(`${CONTENDERS} tasks over one connection, a lock for each`, {
    contenders: CONTENDERS,
    connection: 'shared',
    lock: 'free',
  }),
  lockContest(`${CONTENDERS} tasks with a connection each, a lock for each`, {
    contenders: CONTENDERS,
    connection: 'own',
    lock: 'free',
  }),
  lockContest(`${CONTENDERS} contenders for one lock, each once a round`, {
    contenders: CONTENDERS,
    connection: 'own',
    lock: 'rounds',
  }),
  lockContest(`${CONTENDERS} contenders for one lock, each again at once`, {
    contenders: CONTENDERS,
    connection: 'own',
    lock: 'loop',
  }),
  {
    title: 'The same requests, pipelined, without the libraries',
    unit: 'pairs/s',
    isContended: false,
    entries: replays,
  },
  {
    title: 'COUNTER.ADD, strong',
    unit: 'adds/s',
    isContended: false,
    entries: [commandEntry('counter')],
  },
  {
    title: `MULTIMAP.PUT beside ${FIELD_VALUES} values, and MULTIMAP.REMOVE`,
    unit: 'pairs/s',
    isContended: false,
    entries: [commandEntry('multimap')],
  },
  {
    title: `A latch with ${LATCH_AWAITERS} who wait`,
    unit: 'releases/s',
    isContended: true,
    entries: [
      {
        label: 'Latchkey, latchkey/client',
        server: 'latchkey',
        task: { task: 'latch', awaiters: LATCH_AWAITERS, rounds: LATCH_OPENINGS },
      },
    ],
  },
]

function commandEntry(command: 'counter' | 'multimap'): Entry {
  const load = { connections: CONTENDERS, pipeline: PIPELINE }
  return { label: 'Latchkey', server: 'latchkey', task: { task: 'command', command, ...load } }
}
