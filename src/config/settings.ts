// settings.ts — The table of all settings: name, syntax with its limits, default, when it may change, help.
//
// This table is the only copy. The configuration file, LATCHKEY_* variables, --flags, CONFIG GET, SET and
// REWRITE, --help, docs/configuration.md and the TypeScript type of every value are derived from it.
// Names, defaults and syntax are Redis 7.2's where Redis has the setting. What is accepted is honoured;
// the few settings that have no effect say so with `inert`, and a value that would promise what
// Latchkey does not do is refused with the reason.
import { type Setting, setting } from './setting.ts'
import { keyspaceEvents } from './syntax/events.ts'
import { addresses, percentiles, savePoints, users, words } from './syntax/list.ts'
import { outputLimits } from './syntax/output-limits.ts'
import {
  bytes,
  bytesOrPercent,
  clamped,
  integer,
  milliseconds,
  oneOf,
  path,
  permissions,
  seconds,
  text,
  yesNo,
} from './syntax/scalar.ts'
import { only } from './syntax.ts'

const KB = 1024
const MB = 1024 * KB
const GB = 1024 * MB
const INT32_MAX = 2 ** 31 - 1
const PORT_MAX = 65535
const BIND_ADDRESSES_MAX = 16
/** Each database has its own segments, so databases are not free. */
const DATABASES_MAX = 10_000
const HZ_MIN = 1
const HZ_MAX = 500
const CLUSTER_SEEDS_MAX = 256
/** While copies move a segment has owners of before and of after; eight at most. */
const CLUSTER_OWNERS_MAX = 4
const CAPACITY_MAX = 1000
/** Leases are kept by clocks that may run at rates so different. */
const CLOCK_DRIFT_PERCENT = 10

const network = {
  bind: setting(
    words('address ...', BIND_ADDRESSES_MAX, 'Too many bind addresses specified.'),
    ['*', '-::*'],
    'Addresses to listen on; one that starts with - may be missing on this machine, * and ::* are all of IPv4 and IPv6.',
    { change: 'start' },
  ),
  port: setting(integer(0, PORT_MAX), 6379, 'TCP port to listen on; 0 for none.', {
    change: 'start',
  }),
  'tcp-backlog': setting(
    integer(0, INT32_MAX),
    511,
    'Connections that the system queues until they are accepted.',
    { change: 'start' },
  ),
  unixsocket: setting(path, '', 'Path of a unix socket to listen on; empty for none.', {
    change: 'start',
  }),
  unixsocketperm: setting(
    permissions,
    0,
    'Permission bits of the unix socket; 0 leaves them to the umask.',
    { change: 'start' },
  ),
  'protected-mode': setting(
    yesNo,
    true,
    'Refuses clients from other machines while the default user has no password.',
  ),
  'tcp-keepalive': setting(
    seconds(0),
    300,
    'Seconds of silence after which the system probes whether a client is still there; 0 for never.',
  ),
  timeout: setting(
    seconds(0),
    0,
    'Seconds after which an idle client is disconnected; 0 for never.',
  ),
}

const clients = {
  maxclients: setting(integer(1, 2 ** 32 - 1), 10_000, 'Clients connected at a time.'),
  'maxmemory-clients': setting(
    bytesOrPercent,
    0,
    'Memory for all clients together, in bytes or as a share of maxmemory; beyond it the largest are disconnected; 0 for no limit.',
  ),
  'proto-max-bulk-len': setting(
    bytes(MB),
    512 * MB,
    'Longest argument of a command, and longest string value.',
  ),
  'client-query-buffer-limit': setting(
    bytes(MB),
    GB,
    'Bytes of an incomplete request that are kept for one client; beyond it the client is disconnected.',
  ),
  'client-output-buffer-limit': setting(
    outputLimits,
    {
      normal: { hardBytes: 0, softBytes: 0, softSeconds: 0 },
      replica: { hardBytes: 256 * MB, softBytes: 64 * MB, softSeconds: 60 },
      pubsub: { hardBytes: 32 * MB, softBytes: 8 * MB, softSeconds: 60 },
    },
    'Bytes of replies waiting for one client of a class, at which it is disconnected: at once, or when the soft limit is exceeded for so many seconds.',
  ),
  'client-output-backpressure': setting(
    bytes(64 * KB),
    256 * MB,
    'Bytes of replies waiting for one client, after which no more of its commands are read until it takes them.',
  ),
  'tracking-table-max-keys': setting(
    integer(0),
    1_000_000,
    'Keys that CLIENT TRACKING remembers for all clients; beyond it random ones are invalidated; 0 for no limit.',
  ),
}

const general = {
  databases: setting(integer(1, DATABASES_MAX), 16, 'Number of databases.', { change: 'start' }),
  dir: setting(path, '.', 'Working directory: relative paths start there.', {
    change: 'protected',
  }),
  loglevel: setting(
    oneOf('debug', 'verbose', 'notice', 'warning', 'nothing'),
    'notice',
    'The least severe messages that are logged.',
  ),
  logfile: setting(path, '', 'File to log to; empty for the standard output.', {
    change: 'start',
  }),
  pidfile: setting(
    path,
    '',
    'File that holds the process id while the server runs; empty for none.',
    { change: 'start' },
  ),
  hz: setting(
    clamped(integer(0, INT32_MAX), HZ_MIN, HZ_MAX),
    10,
    'How many times a second expiry and other background work run.',
  ),
  'dynamic-hz': setting(
    yesNo,
    true,
    'Runs background work more often while very many clients are connected.',
  ),
  daemonize: setting(
    only(
      yesNo,
      false,
      'Latchkey stays in the foreground; let a service manager put it in the background',
    ),
    false,
    'Whether the server detaches from its terminal.',
    { change: 'start' },
  ),
  supervised: setting(
    only(
      oneOf('upstart', 'systemd', 'auto', 'no'),
      'no',
      'Latchkey does not report to a service manager; use a unit of type simple or exec',
    ),
    'no',
    'How readiness is reported to a service manager.',
    { change: 'start' },
  ),
  'io-threads': setting(
    only(integer(1, 128), 1, 'one process serves with one thread; run a node per core instead'),
    1,
    'Threads that serve clients.',
    { change: 'start' },
  ),
  'enable-debug-command': setting(
    oneOf('no', 'yes', 'local'),
    'no',
    'Who may use DEBUG: nobody, everybody, or clients of this machine.',
    { change: 'start' },
  ),
  'enable-protected-configs': setting(
    oneOf('no', 'yes', 'local'),
    'no',
    'Who may change protected settings with CONFIG SET: nobody, everybody, or clients of this machine.',
    { change: 'start' },
  ),
  'always-show-logo': setting(
    yesNo,
    false,
    'Redis prints its logo at the start; Latchkey has none.',
    { change: 'start', inert: true },
  ),
}

const access = {
  requirepass: setting(text, '', 'Password of the default user; empty for none.', {
    sensitive: true,
  }),
  aclfile: setting(
    path,
    '',
    'File of ACL users; empty if they are defined here, by `user` lines.',
    {
      change: 'start',
    },
  ),
  user: setting(users, [], 'Defines an ACL user by its name and rules; one line for each user.', {
    change: 'start',
    fileOnly: true,
    sensitive: true,
  }),
  'acl-pubsub-default': setting(
    oneOf('allchannels', 'resetchannels'),
    'resetchannels',
    'Channels that a new user may use, before any rule.',
  ),
  'acllog-max-len': setting(integer(0), 128, 'Entries kept for ACL LOG.'),
}

/** What the `lazyfree` settings of Redis would choose between. */
const LAZY = 'Large databases are always freed bit by bit, and large values by the collector.'

const memory = {
  maxmemory: setting(
    bytes(),
    0,
    'Bytes of memory for data, at which keys are evicted or writes refused; 0 for no limit.',
  ),
  'maxmemory-policy': setting(
    oneOf(
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'noeviction',
    ),
    'noeviction',
    'Which keys are evicted at maxmemory: by age, frequency, chance or remaining time, among all keys or those that expire.',
  ),
  'maxmemory-samples': setting(
    integer(1, 64),
    5,
    'Keys compared to find one to evict: more are more exact and cost more.',
  ),
  'maxmemory-eviction-tenacity': setting(
    integer(0, 100),
    10,
    'How long one round of eviction may last, from 0 (briefly) to 100 (until memory is below the limit).',
  ),
  'replica-ignore-maxmemory': setting(
    only(yesNo, true, 'only the primary of a key evicts it'),
    true,
    'Whether copies leave eviction to their primary.',
    { aliases: ['slave-ignore-maxmemory'] },
  ),
  'lfu-log-factor': setting(
    integer(0, INT32_MAX),
    10,
    'How slowly the access counter of LFU saturates.',
  ),
  'lfu-decay-time': setting(
    integer(0, INT32_MAX),
    1,
    'Minutes after which the access counter of LFU is lowered; 0 for never.',
  ),
  'active-expire-effort': setting(
    integer(1, 10),
    1,
    'How much time is spent on finding expired keys that nobody asks for.',
  ),
  'lazyfree-lazy-eviction': setting(yesNo, false, LAZY, { inert: true }),
  'lazyfree-lazy-expire': setting(yesNo, false, LAZY, { inert: true }),
  'lazyfree-lazy-server-del': setting(yesNo, false, LAZY, { inert: true }),
  'lazyfree-lazy-user-del': setting(yesNo, false, LAZY, { inert: true }),
  'lazyfree-lazy-user-flush': setting(yesNo, false, LAZY, { inert: true }),
  activedefrag: setting(
    only(yesNo, false, 'memory is not defragmented: it belongs to a garbage-collected heap'),
    false,
    'Whether memory is defragmented while the server runs.',
  ),
}

const monitoring = {
  'slowlog-log-slower-than': setting(
    integer(-1, Number.MAX_SAFE_INTEGER, 'microseconds'),
    10_000,
    'Commands that take at least as many microseconds enter SLOWLOG; 0 for all, -1 for none.',
  ),
  'slowlog-max-len': setting(integer(0), 128, 'Entries kept for SLOWLOG.'),
  'latency-monitor-threshold': setting(
    milliseconds(0),
    0,
    'Events that last at least as many milliseconds are kept for LATENCY; 0 for none.',
  ),
  'latency-tracking': setting(
    yesNo,
    true,
    'Keeps a histogram of its latency for every command, for INFO and LATENCY HISTOGRAM.',
  ),
  'latency-tracking-info-percentiles': setting(
    percentiles,
    [50, 99, 99.9],
    'Percentiles of latency that INFO latencystats shows.',
  ),
  'notify-keyspace-events': setting(
    keyspaceEvents,
    '',
    'Classes of keyspace events that are published, and whether by key (K) or by event (E).',
  ),
}

const types = {
  'hash-max-listpack-entries': setting(
    integer(0),
    512,
    'Fields of a hash up to which it is kept packed.',
    { aliases: ['hash-max-ziplist-entries'] },
  ),
  'hash-max-listpack-value': setting(
    bytes(),
    64,
    'Length of the longest field or value of a packed hash.',
    { aliases: ['hash-max-ziplist-value'] },
  ),
  'list-max-listpack-size': setting(
    integer(-(2 ** 31), INT32_MAX),
    -2,
    'Elements in one node of a list, or if negative its size: -1 to -5 for 4, 8, 16, 32, 64 KB.',
    { aliases: ['list-max-ziplist-size'] },
  ),
  'list-compress-depth': setting(
    integer(0, INT32_MAX),
    0,
    'Redis compresses the inner nodes of a list; Latchkey compresses none.',
    { inert: true },
  ),
  'set-max-intset-entries': setting(
    integer(0),
    512,
    'Integers of a set up to which it is kept as a sorted array.',
  ),
  'set-max-listpack-entries': setting(
    integer(0),
    128,
    'Members of a set up to which it is kept packed.',
  ),
  'set-max-listpack-value': setting(bytes(), 64, 'Length of the longest member of a packed set.'),
  'zset-max-listpack-entries': setting(
    integer(0),
    128,
    'Members of a sorted set up to which it is kept packed.',
    { aliases: ['zset-max-ziplist-entries'] },
  ),
  'zset-max-listpack-value': setting(
    bytes(),
    64,
    'Length of the longest member of a packed sorted set.',
    { aliases: ['zset-max-ziplist-value'] },
  ),
  'stream-node-max-bytes': setting(bytes(), 4096, 'Size of one node of a stream; 0 for no limit.'),
  'stream-node-max-entries': setting(
    integer(0),
    100,
    'Entries in one node of a stream; 0 for no limit.',
  ),
  'hll-sparse-max-bytes': setting(
    bytes(),
    3000,
    'Size up to which a HyperLogLog is kept in its sparse form.',
  ),
  'busy-reply-threshold': setting(
    milliseconds(0),
    5000,
    'Accepted without effect: nobody is answered while a script runs, see script-time-limit.',
    { aliases: ['lua-time-limit'] },
  ),
  'script-time-limit': setting(
    milliseconds(0),
    5000,
    'Milliseconds after which a script that has not written anything is ended with an error; 0 for never.',
  ),
  'script-write-time-limit': setting(
    milliseconds(0),
    60_000,
    'Milliseconds after which a script that has written is ended half-way, which keeps what it wrote; 0 for never.',
  ),
}

const IN_MEMORY = 'this version keeps data in memory only'

const persistence = {
  save: setting(
    only(savePoints, [], IN_MEMORY),
    [],
    'When snapshots are taken: after so many seconds if there were so many changes.',
  ),
  appendonly: setting(
    only(yesNo, false, IN_MEMORY),
    false,
    'Whether every write is logged to disk.',
  ),
  dbfilename: setting(path, 'dump.rdb', 'Redis names its snapshots so; none is written here.', {
    change: 'protected',
    inert: true,
  }),
}

const NO_REPLICA =
  'a Latchkey does not replicate from or to a Redis; join nodes to a cluster instead'

const replication = {
  replicaof: setting(
    only(words('host port', 2, 'wrong number of arguments'), [], NO_REPLICA),
    [],
    'The server of which this one is a copy.',
    { change: 'start', aliases: ['slaveof'] },
  ),
  'replica-read-only': setting(
    only(yesNo, true, 'backups take writes from their primary only'),
    true,
    'Whether copies refuse writes from clients.',
    { aliases: ['slave-read-only'] },
  ),
  'replica-serve-stale-data': setting(
    yesNo,
    true,
    'Redis says with it what a cut-off replica answers; a backup that is cut off never answers here.',
    { aliases: ['slave-serve-stale-data'], inert: true },
  ),
  'replica-priority': setting(
    integer(0, INT32_MAX),
    100,
    'Redis Sentinel reads it to choose a replica; here the cluster chooses.',
    { aliases: ['slave-priority'], inert: true },
  ),
  'min-replicas-to-write': setting(
    only(integer(0, INT32_MAX), 0, 'use min-insync-owners'),
    0,
    'Replicas without which Redis refuses writes.',
    { aliases: ['min-slaves-to-write'] },
  ),
  'min-replicas-max-lag': setting(
    seconds(0),
    10,
    'Seconds of silence after which Redis no longer counts a replica; here leases decide.',
    { aliases: ['min-slaves-max-lag'], inert: true },
  ),
}

const cluster = {
  'cluster-enabled': setting(yesNo, false, 'Runs the server as a node of a cluster.', {
    change: 'start',
  }),
  'cluster-join': setting(
    addresses('host:port ...', CLUSTER_SEEDS_MAX, 'too many nodes to join'),
    [],
    'Nodes of the cluster to join, by the port of their clients, or host:port@bus-port if that is not 10000 higher; without any, the node forms a cluster of its own.',
    { change: 'start' },
  ),
  'cluster-secret': setting(
    text,
    '',
    'What all nodes of the cluster know and nobody else; without it nodes talk to each other on one machine only, unless protected-mode is off.',
    { change: 'start', sensitive: true },
  ),
  'cluster-port': setting(
    integer(0, PORT_MAX),
    0,
    'TCP port to listen on for other nodes; 0 for 10000 more than port.',
    { change: 'start' },
  ),
  'cluster-announce-ip': setting(
    text,
    '',
    'Address that clients and other nodes are told; empty for one of this machine.',
    { change: 'start' },
  ),
  'cluster-announce-port': setting(
    integer(0, PORT_MAX),
    0,
    'Port that clients and other nodes are told; 0 for the one that is listened on.',
    { change: 'start' },
  ),
  'cluster-announce-bus-port': setting(
    integer(0, PORT_MAX),
    0,
    'Port for other nodes that they are told; 0 for the one that is listened on.',
    { change: 'start' },
  ),
  'cluster-announce-hostname': setting(
    text,
    '',
    'Name that clients are told besides the address; empty for none.',
    { change: 'start' },
  ),
  'cluster-site': setting(
    text,
    '',
    'Where the node is: copies of a key are kept at different sites if they can be.',
    { change: 'start' },
  ),
  'cluster-rack': setting(
    text,
    '',
    'Its rack or zone at the site: copies of a key are kept in different ones if they can be.',
    { change: 'start' },
  ),
  'cluster-machine': setting(
    text,
    '',
    'Its machine in the rack: copies of a key are kept on different ones if they can be.',
    { change: 'start' },
  ),
  'cluster-capacity': setting(
    integer(0, CAPACITY_MAX),
    1,
    'Share of the data that the node takes, in proportion to the others; 0 for none.',
    { change: 'start' },
  ),
  'cluster-voters': setting(integer(1, 5), 5, 'Members that form the metadata quorum, at most.'),
  'cluster-owners': setting(
    integer(1, CLUSTER_OWNERS_MAX),
    2,
    'Copies of each key, the primary counted.',
  ),
  'min-insync-owners': setting(
    integer(1, CLUSTER_OWNERS_MAX),
    1,
    'In-sync copies, the primary counted, below which writes are refused.',
  ),
  'cluster-heartbeat-interval': setting(
    milliseconds(10, 60_000),
    100,
    'Milliseconds between heartbeats of a node to the coordinator.',
    { change: 'start' },
  ),
  'cluster-lease': setting(
    milliseconds(50, 600_000),
    600,
    'Milliseconds after a heartbeat was sent for which a node may serve; the same on all nodes.',
    { change: 'start' },
  ),
  'cluster-node-timeout': setting(
    milliseconds(50),
    800,
    'Milliseconds without a heartbeat after which a node is taken for down; the same on all nodes.',
    { change: 'start' },
  ),
  'cluster-replace-timeout': setting(
    milliseconds(0),
    60_000,
    'Milliseconds for which a node that is down is expected back, before its copies are made elsewhere.',
  ),
  'cluster-stall-timeout': setting(
    milliseconds(100),
    3000,
    'Milliseconds for which one command may stall a node before the node is failed over.',
    { change: 'start' },
  ),
  'cluster-park-timeout': setting(
    milliseconds(0, 60_000),
    2000,
    'Milliseconds for which commands wait for a segment that changes its primary.',
  ),
  'cluster-replication': setting(
    oneOf('sync', 'async'),
    'sync',
    'Whether replies wait until all in-sync copies have what was written; without that a failover may lose acknowledged writes.',
    { change: 'start' },
  ),
  'cluster-ack-timeout': setting(
    milliseconds(100),
    2500,
    'Milliseconds for which writes wait for a copy that does not acknowledge, before it is given up; longer than the longest command.',
    { change: 'start' },
  ),
  'cluster-transfer-rate': setting(
    bytes(64 * 1024),
    128 * 1024 * 1024,
    'Bytes per second that a node sends of segments that move.',
    { change: 'start' },
  ),
  'cluster-drain-timeout': setting(
    milliseconds(0),
    30_000,
    'Milliseconds for which a node that is told to end moves away what it has.',
  ),
  'cluster-routing': setting(
    oneOf('redirect', 'forward'),
    'redirect',
    'What happens to a command whose keys are on another node: the client is redirected, or the node forwards it.',
  ),
  'cluster-advertise-backups': setting(
    yesNo,
    false,
    'Lists backups as replicas in what cluster clients read.',
  ),
  'cluster-lost-segments': setting(
    oneOf('refuse', 'serve-empty'),
    'refuse',
    'What happens to keys whose copies are all gone: commands are refused until one returns, or they start empty.',
  ),
}

const coordination = {
  'lock-default-lease': setting(
    milliseconds(1),
    30_000,
    'Milliseconds for which a lock is held when its holder names neither a lease nor a binding.',
  ),
  'lock-max-holds': setting(
    integer(1, INT32_MAX),
    65_535,
    'How often one owner may enter a lock that it holds already.',
  ),
  'coordination-queue-limit': setting(
    integer(1, INT32_MAX),
    100_000,
    'Commands that may wait for one key at a time; more are refused with QUEUEFULL.',
  ),
  'coordination-reconnect-grace': setting(
    milliseconds(0),
    10_000,
    'Milliseconds in which a holder bound to a connection may return after a failover, before what it held is free.',
  ),
}

export const settings = {
  ...network,
  ...clients,
  ...general,
  ...access,
  ...memory,
  ...monitoring,
  ...types,
  ...persistence,
  ...replication,
  ...cluster,
  ...coordination,
}

type Settings = typeof settings
export type SettingName = keyof Settings
export type SettingValue<Name extends SettingName> =
  Settings[Name] extends Setting<infer Value> ? Value : never

/** The value of every setting, by its name. */
export type Values = { [Name in SettingName]: SettingValue<Name> }

/** In the order of the table. */
export const settingNames = Object.keys(settings) as readonly SettingName[]

/** Headings for readers, in the order of the table. */
export const groups: readonly { readonly title: string; readonly names: readonly SettingName[] }[] =
  [
    group('Network', network),
    group('Clients', clients),
    group('General', general),
    group('Access', access),
    group('Memory', memory),
    group('Monitoring', monitoring),
    group('Data types', types),
    group('Persistence', persistence),
    group('Replication', replication),
    group('Cluster', cluster),
    group('Coordination', coordination),
  ]

function group(title: string, rows: Partial<Settings>) {
  return { title, names: Object.keys(rows) as SettingName[] }
}

interface Rule {
  readonly names: readonly SettingName[]
  /** Whether values that are each fine also agree. */
  readonly holds: (values: Values) => boolean
  readonly reason: string
}

/** What the values of several settings owe each other. */
export const rules: readonly Rule[] = [
  {
    names: ['cluster-node-timeout', 'cluster-lease'],
    holds: values =>
      100 * values['cluster-node-timeout'] >= (100 + CLOCK_DRIFT_PERCENT) * values['cluster-lease'],
    reason: 'cluster-node-timeout must be longer than cluster-lease, by a tenth of it',
  },
  {
    names: ['cluster-lease', 'cluster-heartbeat-interval'],
    holds: values => values['cluster-lease'] > 2 * values['cluster-heartbeat-interval'],
    reason: 'cluster-lease must be longer than two intervals of cluster-heartbeat-interval',
  },
  {
    names: ['min-insync-owners', 'cluster-owners'],
    holds: values => values['min-insync-owners'] <= values['cluster-owners'],
    reason: 'min-insync-owners must not exceed cluster-owners',
  },
]
