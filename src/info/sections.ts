// sections.ts — The sections of INFO: names and values as Redis prints them.
//
// Only what is true is printed. Fields that clients and tools are known to read are all there, also
// where their value can only be zero.

import { PARKED } from '../client.ts'
import type { Command } from '../command.ts'
import type { Server } from '../server.ts'
import { VERSION } from '../version.ts'
import { coordinationFacts } from './coordination.ts'
import { memoryReport } from './memory.ts'

export type Fact = readonly [name: string, value: string | number]

export interface Section {
  readonly name: string
  /** Printed by a bare INFO. */
  readonly byDefault: boolean
  facts(server: Server): Fact[]
}

const SECONDS_PER_DAY = 86_400

function serverFacts(server: Server): Fact[] {
  const report = server.host.report()
  const uptime = Math.floor((server.now - server.startedAt) / 1000)
  return [
    ['redis_version', server.version],
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', '0'],
    ['redis_mode', server.mode],
    ['latchkey_version', VERSION],
    ['node_version', report.nodeVersion],
    ['os', report.os],
    ['arch_bits', 64],
    ['monotonic_clock', 'performance.now'],
    ['multiplexing_api', 'libuv'],
    ['process_id', report.pid],
    ['process_supervised', 'no'],
    ['run_id', server.runId],
    ['tcp_port', report.port],
    ['server_time_usec', server.now * 1000],
    ['uptime_in_seconds', uptime],
    ['uptime_in_days', Math.floor(uptime / SECONDS_PER_DAY)],
    ['hz', server.config.values.hz],
    ['configured_hz', server.config.values.hz],
    ['lru_clock', server.access.clock],
    ['executable', report.executable],
    ['config_file', server.configFile ?? ''],
    ['io_threads_active', 0],
  ]
}

function clientFacts(server: Server): Fact[] {
  let blocked = 0
  let inputMax = 0
  let outputMax = 0
  for (const client of server.clients.values()) {
    if (client.is(PARKED)) blocked++
    inputMax = Math.max(inputMax, client.pending.bytes.length)
    outputMax = Math.max(outputMax, client.outputBytes)
  }
  return [
    ['connected_clients', server.clients.size],
    ['cluster_connections', 0],
    ['maxclients', server.config.values.maxclients],
    ['client_recent_max_input_buffer', inputMax],
    ['client_recent_max_output_buffer', outputMax],
    ['blocked_clients', blocked],
    ['tracking_clients', server.tracking.clientCount],
    ['pubsub_clients', [...server.clients.values()].filter(each => each.subscriptions > 0).length],
    [
      'watching_clients',
      [...server.clients.values()].filter(each => each.watched.length > 0).length,
    ],
    ['clients_in_timeout_table', server.waiting.size],
    ['total_watched_keys', server.watches.keyCount],
    ['total_blocking_keys', server.waiting.keyCount],
    ['total_blocking_keys_on_nokey', 0],
  ]
}

function memoryFacts(server: Server): Fact[] {
  const report = memoryReport(server)
  const limit = server.config.values.maxmemory
  return [
    ...withHuman('used_memory', report.used),
    ...withHuman('used_memory_rss', report.rss),
    ...withHuman('used_memory_peak', report.peak),
    ['used_memory_peak_perc', percent(report.used / report.peak)],
    ['used_memory_overhead', report.overhead],
    ['used_memory_startup', report.startup],
    ['used_memory_dataset', report.dataset],
    ['used_memory_dataset_perc', percent(report.datasetPercentage / 100)],
    ['allocator_allocated', report.allocated],
    ['allocator_active', report.active],
    ['allocator_resident', report.rss],
    ...withHuman('total_system_memory', server.host.report().totalMemory),
    ...scriptingFacts(server),
    ...withHuman('maxmemory', limit),
    ['maxmemory_policy', server.config.values['maxmemory-policy']],
    ['allocator_frag_ratio', ratio(report.active, report.allocated)],
    ['allocator_frag_bytes', report.active - report.allocated],
    ['mem_fragmentation_ratio', ratio(report.rss, report.used)],
    ['mem_fragmentation_bytes', report.rss - report.used],
    ['mem_not_counted_for_evict', 0],
    ['mem_clients_slaves', 0],
    ['mem_clients_normal', report.clients],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'pages'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', server.keyspace.isReclaiming ? 1 : 0],
    ['javascript_heap_used', server.host.report().heapUsed],
  ]
}

export function scriptingFacts({ scripts, functions }: Server): Fact[] {
  const interpreters = scripts.engineMemory + functions.engineMemory
  return [
    ...withHuman('used_memory_lua', scripts.engineMemory),
    ['used_memory_vm_eval', scripts.engineMemory],
    ['used_memory_scripts_eval', scripts.cacheMemory],
    ['number_of_cached_scripts', scripts.size],
    ['number_of_functions', functions.size],
    ['number_of_libraries', functions.libraries.size],
    ['used_memory_vm_functions', functions.engineMemory],
    ...withHuman('used_memory_vm_total', interpreters),
    ['used_memory_functions', functions.codeMemory],
    ...withHuman('used_memory_scripts', scripts.cacheMemory + functions.codeMemory),
  ]
}

function persistenceFacts(server: Server): Fact[] {
  return [
    ['loading', 0],
    ['async_loading', 0],
    ['rdb_changes_since_last_save', server.keyspace.dirty],
    ['rdb_bgsave_in_progress', 0],
    ['rdb_last_save_time', Math.floor(server.startedAt / 1000)],
    ['rdb_last_bgsave_status', 'ok'],
    ['rdb_last_bgsave_time_sec', -1],
    ['rdb_current_bgsave_time_sec', -1],
    ['rdb_saves', 0],
    ['aof_enabled', 0],
    ['aof_rewrite_in_progress', 0],
    ['aof_rewrite_scheduled', 0],
    ['aof_last_rewrite_time_sec', -1],
    ['aof_current_rewrite_time_sec', -1],
    ['aof_last_bgrewrite_status', 'ok'],
    ['aof_last_write_status', 'ok'],
  ]
}

function statsFacts(server: Server): Fact[] {
  const { stats, pubsub, tracking, rates } = server
  return [
    ['total_connections_received', stats.connectionsReceived],
    ['total_commands_processed', stats.commandsProcessed],
    ['instantaneous_ops_per_sec', Math.round(rates.commands)],
    ['total_net_input_bytes', stats.netInputBytes],
    ['total_net_output_bytes', stats.netOutputBytes],
    ['total_net_repl_input_bytes', 0],
    ['total_net_repl_output_bytes', 0],
    ['instantaneous_input_kbps', (rates.inputBytes / 1024).toFixed(2)],
    ['instantaneous_output_kbps', (rates.outputBytes / 1024).toFixed(2)],
    ['rejected_connections', stats.rejectedConnections],
    ['sync_full', 0],
    ['sync_partial_ok', 0],
    ['sync_partial_err', 0],
    ['expired_keys', stats.expiredKeys],
    ['expired_subkeys', stats.expiredFields],
    ['expired_stale_perc', '0.00'],
    ['expired_time_cap_reached_count', 0],
    ['evicted_keys', stats.evictedKeys],
    ['evicted_clients', stats.evictedClients],
    ['evicted_scripts', server.scripts.evictedCount],
    ['keyspace_hits', stats.keyspaceHits],
    ['keyspace_misses', stats.keyspaceMisses],
    ['pubsub_channels', pubsub.channels.size],
    ['pubsub_patterns', pubsub.patterns.size],
    ['pubsubshard_channels', pubsub.shardChannels.size],
    ['latest_fork_usec', 0],
    ['total_forks', 0],
    ['tracking_total_keys', tracking.keyCount],
    ['tracking_total_items', tracking.itemCount],
    ['tracking_total_prefixes', tracking.prefixCount],
    ['unexpected_error_replies', stats.unexpectedErrorReplies],
    ['total_error_replies', stats.totalErrorReplies],
    ['total_reads_processed', stats.totalReads],
    ['total_writes_processed', stats.totalWrites],
    ['acl_access_denied_auth', stats.aclDeniedAuth],
    ['acl_access_denied_cmd', stats.aclDeniedCommand],
    ['acl_access_denied_key', stats.aclDeniedKey],
    ['acl_access_denied_channel', stats.aclDeniedChannel],
    ['client_query_buffer_limit_disconnections', stats.clientQueryBufferLimitDisconnections],
    ['client_output_buffer_limit_disconnections', stats.clientOutputBufferLimitDisconnections],
  ]
}

/** Offsets count entries of the log, not bytes. */
function replicationFacts(server: Server): Fact[] {
  const holders = server.copies?.holders ?? []
  return [
    ['role', 'master'],
    ['connected_slaves', holders.length],
    ...holders.map(({ host, port, isInSync, lag }, i): Fact => {
      const state = isInSync ? 'online' : 'send_bulk'
      const offset = Math.max(0, server.effects.lsn - lag)
      return [`slave${i}`, `ip=${host},port=${port},state=${state},offset=${offset},lag=${lag}`]
    }),
    ['master_failover_state', 'no-failover'],
    ['master_replid', server.runId],
    ['master_replid2', '0'.repeat(40)],
    ['master_repl_offset', server.effects.lsn],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', 0],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ]
}

function cpuFacts(server: Server): Fact[] {
  const { cpuSystem, cpuUser } = server.host.report()
  return [
    ['used_cpu_sys', cpuSystem.toFixed(6)],
    ['used_cpu_user', cpuUser.toFixed(6)],
    ['used_cpu_sys_children', '0.000000'],
    ['used_cpu_user_children', '0.000000'],
    ['used_cpu_sys_main_thread', cpuSystem.toFixed(6)],
    ['used_cpu_user_main_thread', cpuUser.toFixed(6)],
  ]
}

function commandstatsFacts(server: Server): Fact[] {
  const facts: Fact[] = []
  for (const command of server.registry.all) {
    if (command.calls === 0 && command.rejected === 0 && command.failed === 0) continue
    const each = command.calls === 0 ? 0 : command.microseconds / command.calls
    facts.push([
      `cmdstat_${command.fullName}`,
      `calls=${command.calls},usec=${Math.round(command.microseconds)},` +
        `usec_per_call=${each.toFixed(2)},rejected_calls=${command.rejected},` +
        `failed_calls=${command.failed}`,
    ])
  }
  return facts
}

function latencystatsFacts(server: Server): Fact[] {
  const { values } = server.config
  if (!values['latency-tracking']) return []
  const facts: Fact[] = []
  for (const command of server.registry.all) {
    if (command.latency === undefined) continue
    facts.push([
      `latency_percentiles_usec_${command.fullName}`,
      percentilesOf(command, values['latency-tracking-info-percentiles']),
    ])
  }
  return facts
}

function percentilesOf(command: Command, percentiles: readonly number[]): string {
  return percentiles
    .map(each => `p${each}=${command.latency!.percentile(each).toFixed(3)}`)
    .join(',')
}

function errorstatsFacts(server: Server): Fact[] {
  return [...server.stats.errors].map(([code, count]) => [`errorstat_${code}`, `count=${count}`])
}

function keyspaceFacts(server: Server): Fact[] {
  const facts: Fact[] = []
  for (const db of server.keyspace.databases) {
    if (db.size === 0) continue
    facts.push([
      `db${db.index}`,
      `keys=${db.size},expires=${db.expiries.count},avg_ttl=${db.expiries.meanTtl(server.now)}`,
    ])
  }
  return facts
}

export const sections: readonly Section[] = [
  { name: 'Server', byDefault: true, facts: serverFacts },
  { name: 'Clients', byDefault: true, facts: clientFacts },
  { name: 'Memory', byDefault: true, facts: memoryFacts },
  { name: 'Persistence', byDefault: true, facts: persistenceFacts },
  { name: 'Stats', byDefault: true, facts: statsFacts },
  { name: 'Replication', byDefault: true, facts: replicationFacts },
  { name: 'CPU', byDefault: true, facts: cpuFacts },
  { name: 'Modules', byDefault: true, facts: () => [] },
  { name: 'Commandstats', byDefault: false, facts: commandstatsFacts },
  { name: 'Errorstats', byDefault: true, facts: errorstatsFacts },
  { name: 'Latencystats', byDefault: false, facts: latencystatsFacts },
  {
    name: 'Cluster',
    byDefault: true,
    facts: server => [
      ['cluster_enabled', server.mode === 'cluster' ? 1 : 0],
      ...(server.cluster?.facts() ?? []),
    ],
  },
  { name: 'Coordination', byDefault: true, facts: coordinationFacts },
  { name: 'Keyspace', byDefault: true, facts: keyspaceFacts },
]

/** The text of INFO for some section names; none, `default`, `all` and `everything` as in Redis. */
export function infoText(server: Server, names: readonly string[]): string {
  const wanted = new Set(names.map(name => name.toLowerCase()))
  const all = wanted.has('all') || wanted.has('everything')
  const byDefault = wanted.size === 0 || wanted.has('default')
  server.dispatch.settle()
  const texts: string[] = []
  for (const section of sections) {
    const named = wanted.has(section.name.toLowerCase())
    if (!named && !(byDefault && section.byDefault)) {
      if (!all || (section.name === 'Modules' && !wanted.has('everything'))) continue
    }
    let text = `# ${section.name}\r\n`
    for (const [name, value] of section.facts(server)) text += `${name}:${value}\r\n`
    texts.push(text)
  }
  return texts.join('\r\n')
}

function withHuman(name: string, bytes: number): Fact[] {
  return [
    [name, bytes],
    [`${name}_human`, human(bytes)],
  ]
}

function human(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`
  let value = bytes
  for (const unit of ['K', 'M', 'G', 'T']) {
    value /= 1024
    if (value < 1024) return `${value.toFixed(2)}${unit}`
  }
  return `${(value / 1024).toFixed(2)}P`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`
}

function ratio(part: number, whole: number): string {
  return whole === 0 ? '0.00' : (part / whole).toFixed(2)
}
