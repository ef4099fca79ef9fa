// memory.ts — MEMORY: what the data costs.

import type { Call } from '../src/call.ts'
import { type CommandSpec, keyAt } from '../src/command.ts'
import { errors } from '../src/errors.ts'
import { replyHelp } from '../src/help.ts'
import { memoryReport } from '../src/info/memory.ts'

function memoryUsage(call: Call): void {
  for (let i = 3; i < call.count; i += 2) {
    if (!call.is(i, 'SAMPLES') || i + 1 >= call.count) throw errors.syntax
    // Sizes are kept exactly, so nothing needs to be sampled; the number is checked all the same.
    if (call.integer(i + 1) < 0) throw errors.syntax
  }
  const entry = call.peek(2)
  if (entry === 0) call.reply.null()
  else call.reply.integer(call.db.memory(entry))
}

function memoryStats(call: Call): void {
  const { reply, server } = call
  const report = memoryReport(server)
  const databases = server.keyspace.databases.filter(db => db.size > 0)
  const numbers: [string, number][] = [
    ['peak.allocated', report.peak],
    ['total.allocated', report.used],
    ['startup.allocated', report.startup],
    ['replication.backlog', 0],
    ['clients.slaves', 0],
    ['clients.normal', report.clients],
    ['cluster.links', 0],
    ['aof.buffer', 0],
    ['lua.caches', server.scripts.cacheMemory],
    ['functions.caches', server.functions.codeMemory],
  ]
  const totals: [string, number][] = [
    ['overhead.total', report.overhead],
    ['keys.count', report.keys],
    [
      'keys.bytes-per-key',
      report.keys === 0 ? 0 : Math.floor((report.used - report.startup) / report.keys),
    ],
    ['dataset.bytes', report.dataset],
  ]
  const ratios: [string, number][] = [
    ['dataset.percentage', report.datasetPercentage],
    ['peak.percentage', report.peak === 0 ? 100 : (report.used / report.peak) * 100],
  ]
  const allocator: [string, number][] = [
    ['allocator.allocated', report.allocated],
    ['allocator.active', report.active],
    ['allocator.resident', report.rss],
  ]
  reply.map(
    numbers.length + databases.length + totals.length + ratios.length + allocator.length + 8,
  )
  const integers = (facts: readonly (readonly [string, number])[]) => {
    for (const [name, value] of facts) {
      reply.bulk(name)
      reply.integer(value)
    }
  }
  const doubles = (facts: readonly (readonly [string, number])[]) => {
    for (const [name, value] of facts) {
      reply.bulk(name)
      reply.double(value)
    }
  }
  integers(numbers)
  for (const db of databases) {
    reply.bulk(`db.${db.index}`)
    reply.map(3)
    integers([
      ['overhead.hashtable.main', db.indexBytes],
      ['overhead.hashtable.expires', db.expiries.indexBytes],
      ['overhead.hashtable.slot-to-keys', 0],
    ])
  }
  integers(totals)
  doubles(ratios)
  integers(allocator)
  doubles([['allocator-fragmentation.ratio', report.active / Math.max(1, report.allocated)]])
  integers([['allocator-fragmentation.bytes', report.active - report.allocated]])
  doubles([['allocator-rss.ratio', report.rss / Math.max(1, report.active)]])
  integers([['allocator-rss.bytes', report.rss - report.active]])
  doubles([['rss-overhead.ratio', 1]])
  integers([['rss-overhead.bytes', 0]])
  doubles([['fragmentation', report.rss / Math.max(1, report.used)]])
  integers([['fragmentation.bytes', report.rss - report.used]])
}

/** Below this there is nothing to say about fragmentation: the process itself weighs more. */
const SMALL_BYTES = 5 * 1024 * 1024

function memoryDoctor(call: Call): void {
  const report = memoryReport(call.server)
  const problems: string[] = []
  if (report.used - report.startup < SMALL_BYTES) {
    call.reply.verbatim('There is too little data to judge: fill the server, and ask again.\n')
    return
  }
  if (report.peak > report.used * 1.5) {
    problems.push(
      'Peak: more than half as much again as now was used once. Pages of that time may be ' +
        'partly filled; MEMORY PURGE gives back those that are empty.',
    )
  }
  if (report.active > report.allocated * 1.4) {
    problems.push(
      'Fragmentation: pages hold much room that is not used, since values of one size were ' +
        'replaced by values of another. It is used again by values of the old size.',
    )
  }
  if (report.clients > report.dataset / 2) {
    problems.push(
      'Clients: their buffers take more than half as much as the data. See CLIENT LIST.',
    )
  }
  call.reply.verbatim(
    problems.length === 0
      ? 'No problem was found in how the memory is used.\n'
      : `${problems.map((problem, i) => `${i + 1}. ${problem}`).join('\n')}\n`,
  )
}

function memoryMallocStats(call: Call): void {
  const report = memoryReport(call.server)
  call.reply.verbatim(
    `Pages: ${report.active} bytes, of which records use ${report.allocated}.\n` +
      `Tables: ${report.index} bytes. Objects: ${report.objects} bytes.\n`,
  )
}

function memoryPurge(call: Call): void {
  call.server.keyspace.arena.dropSpares()
  call.reply.ok()
}

const memoryHelp = replyHelp

export const memoryCommands: readonly CommandSpec[] = [
  {
    name: 'memory',
    arity: -2,
    flags: [],
    group: 'server',
    since: '4.0.0',
    complexity: 'Depends on the subcommand',
    summary: 'Tells where the memory goes.',
    subcommands: [
      {
        name: 'doctor',
        arity: 2,
        flags: [],
        group: 'server',
        since: '4.0.0',
        complexity: 'O(1)',
        summary: 'Explains in words what wastes memory.',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        handler: memoryDoctor,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'server',
        since: '4.0.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: memoryHelp,
      },
      {
        name: 'malloc-stats',
        arity: 2,
        flags: [],
        group: 'server',
        since: '4.0.0',
        complexity: 'Depends on how much memory is allocated',
        summary: 'Reports the internal counters of the allocator.',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        handler: memoryMallocStats,
      },
      {
        name: 'purge',
        arity: 2,
        flags: [],
        group: 'server',
        since: '4.0.0',
        complexity: 'Depends on how much memory is allocated',
        summary: 'Asks the allocator to give unused memory back.',
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        handler: memoryPurge,
      },
      {
        name: 'stats',
        arity: 2,
        flags: [],
        group: 'server',
        since: '4.0.0',
        complexity: 'O(1)',
        summary: 'Reports how the memory is used.',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        handler: memoryStats,
      },
      {
        name: 'usage',
        arity: -3,
        flags: ['readonly'],
        keys: [keyAt(2, 'RO')],
        group: 'server',
        since: '4.0.0',
        complexity: 'O(N) for N samples',
        summary: 'Estimates the memory that a key and its value take.',
        syntax: 'key [SAMPLES count]',
        handler: memoryUsage,
      },
    ],
  },
]
