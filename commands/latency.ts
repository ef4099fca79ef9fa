// latency.ts — LATENCY: how long commands take, and which events took too long.

import type { Call } from '../src/call.ts'
import type { Command, CommandSpec } from '../src/command.ts'
import { ReplyError } from '../src/errors.ts'
import { replyHelp } from '../src/help.ts'
import type { LatencyEvent } from '../src/latency-monitor.ts'
import { drawSparkline } from '../src/sparkline.ts'

function latencyLatest(call: Call): void {
  const { events } = call.server.latencyMonitor
  call.reply.array(events.size)
  for (const [name, event] of events) {
    const last = event.samples.at(-1)!
    call.reply.array(4)
    call.reply.bulk(name)
    call.reply.integer(last.at)
    call.reply.integer(last.milliseconds)
    call.reply.integer(event.max)
  }
}

function latencyHistory(call: Call): void {
  const samples = call.server.latencyMonitor.events.get(call.text(2))?.samples ?? []
  call.reply.array(samples.length)
  for (const sample of samples) {
    call.reply.array(2)
    call.reply.integer(sample.at)
    call.reply.integer(sample.milliseconds)
  }
}

function latencyReset(call: Call): void {
  const names: string[] = []
  for (let i = 2; i < call.count; i++) names.push(call.text(i))
  call.reply.integer(call.server.latencyMonitor.reset(names))
}

function latencyGraph(call: Call): void {
  const name = call.text(2)
  const event = call.server.latencyMonitor.events.get(name)
  if (event === undefined) throw new ReplyError(`ERR No samples available for event '${name}'`)
  const values = event.samples.map(sample => sample.milliseconds)
  const low = Math.min(...values)
  call.reply.verbatim(
    `${name} - high ${Math.max(...values)} ms, low ${low} ms (all time high ${event.max} ms)\n` +
      `${'-'.repeat(80)}\n${drawSparkline(values)}`,
  )
}

function latencyHistogram(call: Call): void {
  const timed = timedCommands(call)
  call.reply.map(timed.length)
  for (const each of timed) {
    const lines = each.latency!.lines()
    call.reply.bulk(each.fullName)
    call.reply.map(2)
    call.reply.bulk('calls')
    call.reply.integer(each.latency!.count)
    call.reply.bulk('histogram_usec')
    call.reply.map(lines.length)
    for (const line of lines) {
      call.reply.integer(line.microseconds)
      call.reply.integer(line.count)
    }
  }
}

/** The commands that were asked for, containers with all their subcommands, if they ever ran. */
function timedCommands(call: Call): Command[] {
  const { registry } = call.server
  call.server.dispatch.settle()
  if (call.count === 2) return registry.all.filter(each => each.latency !== undefined)
  const found = new Set<Command>()
  for (let i = 2; i < call.count; i++) {
    const named = registry.named(call.text(i).toLowerCase())
    if (named === undefined) continue
    for (const each of [named, ...(named.subcommands?.values() ?? [])]) {
      if (each.latency !== undefined) found.add(each)
    }
  }
  return [...found]
}

function latencyDoctor(call: Call): void {
  const threshold = call.server.config.values['latency-monitor-threshold']
  if (threshold === 0) {
    call.reply.verbatim(
      'Latency monitoring is off. Turn it on with ' +
        '"CONFIG SET latency-monitor-threshold <milliseconds>" and ask again later.\n',
    )
    return
  }
  const { events } = call.server.latencyMonitor
  if (events.size === 0) {
    call.reply.verbatim(`No event has taken ${threshold} ms or more since monitoring began.\n`)
    return
  }
  let text = `Events of ${threshold} ms or more:\n\n`
  let number = 1
  for (const [name, event] of events) text += `${number++}. ${describe(name, event)}\n`
  call.reply.verbatim(`${text}\n${advice(events)}`)
}

function describe(name: string, event: LatencyEvent): string {
  const values = event.samples.map(sample => sample.milliseconds)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return (
    `${name}: ${values.length} spikes, ${mean.toFixed(0)} ms on average, ` +
    `${event.max} ms at worst.`
  )
}

function advice(events: ReadonlyMap<string, LatencyEvent>): string {
  if (!events.has('command') && !events.has('fast-command')) return ''
  return (
    'Commands ran long. SLOWLOG GET tells which. One thread runs all commands, so a command\n' +
    'that looks at many elements makes the others wait: prefer the *SCAN family, smaller\n' +
    'ranges, and UNLINK.\n'
  )
}

const latencyHelp = replyHelp

export const latencyCommands: readonly CommandSpec[] = [
  {
    name: 'latency',
    arity: -2,
    flags: [],
    group: 'server',
    since: '2.8.13',
    complexity: 'Depends on the subcommand',
    summary: 'Tells where the server has been slow.',
    subcommands: [
      {
        name: 'doctor',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '2.8.13',
        complexity: 'O(N) for N samples',
        summary: 'Explains in words what has been slow and what may help.',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        handler: latencyDoctor,
      },
      {
        name: 'graph',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '2.8.13',
        complexity: 'O(N) for N samples',
        summary: 'Draws the latency of an event over time.',
        syntax: 'event',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        handler: latencyGraph,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'server',
        since: '2.8.13',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: latencyHelp,
      },
      {
        name: 'histogram',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '7.0.0',
        complexity: 'O(N) for N commands',
        summary: 'Returns how long commands took, as cumulative distributions.',
        syntax: '[command [command ...]]',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        handler: latencyHistogram,
      },
      {
        name: 'history',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '2.8.13',
        complexity: 'O(N) for N samples',
        summary: 'Returns the latency of an event over time.',
        syntax: 'event',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        handler: latencyHistory,
      },
      {
        name: 'latest',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '2.8.13',
        complexity: 'O(N) for N events',
        summary: 'Returns the latest and the worst latency of each event.',
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        handler: latencyLatest,
      },
      {
        name: 'reset',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '2.8.13',
        complexity: 'O(N) for N events',
        summary: 'Forgets the latency of some events, or of all.',
        syntax: '[event [event ...]]',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        handler: latencyReset,
      },
    ],
  },
]
