// server.ts — A node: its keyspace, its clients, and the rules between them.
//
// The server has no sockets and no timers. A listener (or a test) connects clients by a `Link`,
// passes it their bytes, calls `flush` when a turn of the event loop ends and `cron` `hz` times a
// second, and is told by `host` when it must come back earlier. Time and chance come in by the
// constructor, so a whole server runs in a test without a clock.

import type { Logger } from 'pino'
import { Access } from './access.ts'
import { Acl } from './acl/acl.ts'
import type { AclStore } from './acl/store.ts'
import type { Call } from './call.ts'
import {
  CLOSING,
  Client,
  FORWARDING,
  type Link,
  MONITOR,
  NO_EVICT,
  PAUSED,
  REPLAY,
} from './client.ts'
import type { Clock } from './clock.ts'
import type { Cluster } from './cluster.ts'
import type { CommandSpec } from './command.ts'
import { MAY_REPLICATE, WRITE } from './command.ts'
import { CommitGate, type CommitLog } from './commit-gate.ts'
import type { Config } from './config/config.ts'
import { Coordination } from './coordination.ts'
import type { Copies } from './copies.ts'
import { Dispatch } from './dispatch.ts'
import { EffectKeys } from './effect-keys.ts'
import { EffectLog } from './effects.ts'
import { errors } from './errors.ts'
import { Eviction } from './eviction.ts'
import { FieldExpiry } from './field-expiry.ts'
import type { Database } from './keyspace/database.ts'
import { seedHash } from './keyspace/hash.ts'
import { Keyspace, type KeyspaceHooks } from './keyspace/keyspace.ts'
import type { ValueMemory } from './keyspace/value-memory.ts'
import { LatencyMonitor } from './latency-monitor.ts'
import type { Message } from './message.ts'
import { BY_EVENT, BY_KEY, eventClass, parseEventClasses } from './notifications.ts'
import type { ProcessReport } from './process-report.ts'
import { PubSub } from './pubsub.ts'
import { Rates } from './rates.ts'
import { Registry } from './registry.ts'
import type { Router } from './router.ts'
import { Functions } from './scripting/functions.ts'
import { Scripts } from './scripting/scripts.ts'
import { NOTHING_HIDDEN, REDACTED, Slowlog } from './slowlog.ts'
import { Stats } from './stats.ts'
import { TrackingTable } from './tracking.ts'
import { WatchTable } from './transaction.ts'
import { REDIS_VERSION } from './version.ts'
import { Waiting } from './waiting.ts'
import { ARGUMENTS_MAX } from './wire/decoder.ts'
import { Reply } from './wire/reply.ts'

/** What the server asks of the process around it. */
export interface Host {
  /** Call `flush` soon: there is output. */
  requestFlush(): void
  /** Call `wake` at this monotonic time at the latest (ms; Infinity: not needed). */
  requestWake(at: number): void
  /** End the process in an orderly way. */
  shutdown(reason: string): void
  /** Stop everything for some milliseconds (DEBUG SLEEP). */
  stall(milliseconds: number): void
  report(): ProcessReport
}

export interface ServerOptions {
  readonly config: Config
  readonly families: readonly (readonly CommandSpec[])[]
  readonly clock: Clock
  /** A number in [0, 1). */
  readonly random: () => number
  readonly log: Logger
  readonly host: Host
  /** 40 hex digits that tell this run of the process from others. */
  readonly runId: string
  /** The configuration file, which CONFIG REWRITE changes. */
  readonly configFile?: string | undefined
  /** The file of ACL users, if the configuration names one. */
  readonly aclStore?: AclStore | undefined
  /** That of another server in this process, between which and this one segments are to move. */
  readonly valueMemory?: ValueMemory
}

// Bits of `attention`: something off the fast path wants to see every command.
export const MONITORED = 1 << 0
export const PAUSING = 1 << 1

/** Entries, and fields of hashes, expired per cron at the default effort; there is room for more. */
const EXPIRE_PER_CYCLE = 5000
/** Evictions per command and per degree of tenacity; the rest goes on in cron. */
const EVICTIONS_PER_TENACITY = 10
const EVICTIONS_PER_CYCLE = 10_000
const TIMEOUTS_PER_WAKE = 1000
/** A turn comes at least `hz` times a second; later than two periods and this, the loop stood still. */
const STALL_SLACK_MS = 250

export type PauseScope = 'none' | 'write' | 'all'

export class Server {
  readonly config: Config
  readonly registry: Registry
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  readonly host: Host
  /** Version of Redis that clients are told. */
  readonly version = REDIS_VERSION
  readonly runId: string
  readonly configFile: string | undefined
  /** Knows which commands are this node's; a node alone has none. */
  router: Router | undefined = undefined
  cluster: Cluster | undefined = undefined
  readonly startedAt: number
  readonly mode: 'standalone' | 'cluster'

  readonly keyspace: Keyspace
  readonly effects = new EffectLog()
  readonly access: Access
  readonly eviction: Eviction
  readonly fieldExpiry = new FieldExpiry(this)
  readonly stats = new Stats()
  readonly rates = new Rates()
  readonly waiting = new Waiting()
  readonly coordination: Coordination
  readonly watches = new WatchTable()
  readonly pubsub: PubSub
  readonly tracking: TrackingTable
  readonly acl: Acl
  readonly slowlog = new Slowlog()
  readonly latencyMonitor = new LatencyMonitor()
  readonly reply = new Reply()
  readonly dispatch: Dispatch
  readonly scripts: Scripts
  readonly functions: Functions

  readonly clients = new Map<number, Client>()
  readonly monitors = new Set<Client>()
  /** Changes of configuration that the wire layer needs at hand. */
  readonly decoderLimits = { bulkBytesMax: 0, authenticated: true, argumentsMax: ARGUMENTS_MAX }
  /** Bytes; 0 for no limit. */
  memoryLimit = 0
  slowThresholdMicroseconds = Number.POSITIVE_INFINITY
  attention = 0
  /** Holds replies back where others keep copies; a node alone has none. */
  gate: CommitGate | undefined = undefined
  copies: Copies | undefined = undefined
  /** Classes of keyspace events that are published, as bits; 0 for none. */
  notifies = 0
  notifiesMisses = false

  /** Between `beginTurn` and `flush`: the time of the turn was taken. */
  isInTurn = false
  /** Time of the turn, ms since the epoch, and monotonic ms. */
  now: number
  monotonic: number

  /** Bytes of clients' buffers, counted in cron. */
  clientBytes = 0
  peakMemory = 0
  activeExpire = true
  /** Monotonic ms for which the host was asked last; Infinity once it has come back. */
  nextWakeAt = Number.POSITIVE_INFINITY
  /** Time between two turns beyond which the event loop stood still. */
  #stallMs = Number.POSITIVE_INFINITY
  /** The process's own weight without data, measured once at start. */
  baselineBytes = 0

  readonly #pause = { scope: 'none' as PauseScope, until: 0 }
  readonly #dirty: Client[] = []
  #nextClientId = 1
  #evicting = false

  constructor(options: ServerOptions) {
    this.config = options.config
    this.clock = options.clock
    this.random = options.random
    this.log = options.log
    this.host = options.host

    this.runId = options.runId
    this.configFile = options.configFile
    this.mode = this.config.values['cluster-enabled'] ? 'cluster' : 'standalone'
    this.now = this.clock.now()
    this.monotonic = this.clock.monotonic()
    this.startedAt = this.now
    if (options.valueMemory === undefined) {
      seedHash(this.random() * 2 ** 32, this.random() * 2 ** 32)
    }
    this.registry = new Registry(options.families)
    if (this.mode === 'cluster') this.effects.divide(new EffectKeys(this.registry))
    const hooks: KeyspaceHooks = {
      changed: (db, key) => this.#changed(db, key),
      expired: (db, key) => this.#expired(db, key),
      flushing: db => {
        this.watches.replacing(db)
        this.coordination.flushing(db)
      },
      leaving: (_, segment) => this.coordination.leaving(segment),
      freed: (db, segment, key, type, value) => {
        this.coordination.freed(db, segment, key, type, value)
      },
    }
    this.keyspace = new Keyspace(this.config.values.databases, hooks, options.valueMemory)
    this.access = new Access(this.random)
    this.eviction = new Eviction(this.keyspace, this.access, this.random)
    this.dispatch = new Dispatch(this, this.reply)
    this.scripts = new Scripts(this)
    this.functions = new Functions(this)
    this.coordination = new Coordination(this)
    this.pubsub = new PubSub(this)
    this.tracking = new TrackingTable(this)
    this.acl = new Acl(this, options.aclStore)
    this.#configure()
    this.beginTurn()
  }

  /** Takes over settings, now and whenever they change. */
  #configure(): void {
    const { config } = this
    const { values } = config
    const apply = () => {
      this.decoderLimits.bulkBytesMax = values['proto-max-bulk-len']
      this.#stallMs = 2000 / values.hz + STALL_SLACK_MS
      this.memoryLimit = values.maxmemory
      const slower = values['slowlog-log-slower-than']
      const monitored = values['latency-monitor-threshold']
      this.slowThresholdMicroseconds = Math.min(
        slower < 0 ? Number.POSITIVE_INFINITY : slower,
        monitored === 0 ? Number.POSITIVE_INFINITY : monitored * 1000,
      )
      this.slowlog.resize(values['slowlog-max-len'])
      this.dispatch.tracksLatency = values['latency-tracking']
      this.access.lfu = values['maxmemory-policy'].endsWith('lfu')
      this.access.logFactor = values['lfu-log-factor']
      this.access.decayMinutes = values['lfu-decay-time']
      this.eviction.configure(values['maxmemory-policy'], values['maxmemory-samples'])
      this.notifies = parseEventClasses(values['notify-keyspace-events'])
      this.notifiesMisses = (this.notifies & eventClass('m')) !== 0
      const notifiesNew = (this.notifies & eventClass('n')) !== 0
      this.keyspace.created = notifiesNew ? this.#created : undefined
    }
    apply()
    for (const name of APPLIED_SETTINGS) config.onChange(name, apply)
  }

  /** A turn of the event loop begins: time is taken once for all that happens in it. */
  beginTurn(): void {
    if (!this.isInTurn) {
      this.isInTurn = true
      this.host.requestFlush()
    }
    this.now = this.clock.now()
    this.readClock()
    this.keyspace.now = this.now
    this.access.tick(this.now)
    this.keyspace.newAccess = this.access.fresh
  }

  /**
   * Reads the monotonic clock. Where a lease decides who may serve, that is done for every chunk of
   * requests after it has come: a process that stood still in between must not answer from the past.
   */
  readClock(): void {
    const last = this.monotonic
    this.monotonic = this.clock.monotonic()
    if (this.monotonic - last > this.#stallMs) this.coordination.stalled(this.monotonic - last)
    this.router?.clockRead()
  }

  // Clients

  connect(link: Link): Client {
    this.stats.connectionsReceived++
    const client = new Client(
      this.#nextClientId++,
      link,
      this.keyspace.databases[0]!,
      this.acl.defaultUser,
      this.now,
      this.monotonic,
      this.#noteOutput,
    )
    this.clients.set(client.id, client)
    this.acl.admit(client)
    return client
  }

  readonly #noteOutput = (client: Client): void => {
    if (this.#dirty.length === 0) this.host.requestFlush()
    this.#dirty.push(client)
  }

  /** There is something to flush or to go on with. */
  wakeUp(): void {
    this.host.requestFlush()
  }

  receive(client: Client, chunk: Buffer, end: number): void {
    if (client.is(CLOSING)) return
    if (client.upgrade === undefined) this.dispatch.receive(client, chunk, end)
    else client.upgrade.receive(chunk, end)
  }

  /** From now on commands run here only if the router says so, and they may ask of the cluster. */
  routeBy(router: Router, cluster?: Cluster): void {
    this.router = router
    this.cluster = cluster
    router.clockRead()
  }

  /** From now on others keep copies. Replies wait until what they tell of is committed, or not. */
  replicate(log: CommitLog, copies: Copies, holdsReplies: boolean): void {
    this.gate = new CommitGate(log, holdsReplies, this.#noteOutput)
    this.copies = copies
  }

  /** Sends what was written in this turn. */
  flush(): void {
    if (this.router?.isDue) this.wake()
    this.dispatch.resumeAll()
    this.tracking.broadcast()
    this.reply.end()
    let reusable = true
    const dirty = this.#dirty
    for (let i = 0; i < dirty.length; i++) {
      const client = dirty[i]!
      const { output } = client
      if (client.claims !== undefined || client.held !== undefined) this.gate!.pass(client)
      if (output.ranges > 0) {
        this.stats.netOutputBytes += output.bytes
        client.isBehind = !client.link.send(output)
        if (client.isBehind) {
          reusable = false
          if (client.link.unsentBytes > this.config.values['client-output-backpressure']) {
            client.link.holdReading(true)
          }
        }
        output.clear()
      }
      if (client.held !== undefined) continue
      if (client.unseen !== undefined && client.link.unsentBytes === 0) client.unseen = undefined
      if (client.is(CLOSING)) client.link.close(true)
    }
    dirty.length = 0
    this.reply.recycle(reusable)
    this.isInTurn = false
  }

  /** Ends a connection at once. */
  close(client: Client, reason: string): void {
    client.closeReason ??= reason
    client.set(CLOSING, true)
    this.coordination.closing(client)
    client.output.clear()
    client.held = undefined
    client.link.close(false)
  }

  /** Ends a connection when what was written for it has been sent. */
  closeAfterOutput(client: Client, reason: string): void {
    client.closeReason ??= reason
    client.set(CLOSING, true)
    // A client without output is closed by the same flush.
    this.#noteOutput(client)
  }

  /** Ends somebody's connection; the client whose command runs gets its reply first. */
  kill(client: Client, reason: string): void {
    if (client === this.dispatch.current) {
      this.closeAfterOutput(client, reason)
      return
    }
    this.close(client, reason)
    this.disconnected(client)
  }

  /** The connection has ended: nothing of the client may stay behind. */
  disconnected(client: Client): void {
    client.set(CLOSING, true)
    if (!this.clients.delete(client.id)) return
    if (client.parked !== undefined) this.dispatch.release(client.parked, 'abandoned')
    this.router?.disconnected(client)
    this.coordination.disconnected(client)
    this.watches.unwatch(client)
    this.pubsub.unsubscribeAll(client)
    this.tracking.disable(client)
    this.unmonitor(client)
    client.upgrade?.ended()
    client.output.clear()
    client.held = undefined
    this.noteObservers()
    // While a command runs, those who waited for this client are served when it has ended.
    if (this.dispatch.current === undefined) this.dispatch.serveReady()
  }

  /** Whether anybody must hear of changed keys. */
  noteObservers(): void {
    this.keyspace.observed = !this.watches.isEmpty || this.tracking.isActive
  }

  /** Holds a client to its output limits. */
  checkOutput(client: Client): void {
    const limits = this.config.values['client-output-buffer-limit']
    const limit = client.subscriptions > 0 || client.is(MONITOR) ? limits.pubsub : limits.normal
    if (limit.hardBytes === 0 && limit.softBytes === 0) return
    const bytes = client.outputBytes
    let over = limit.hardBytes > 0 && bytes > limit.hardBytes
    if (limit.softBytes > 0 && bytes > limit.softBytes) {
      if (client.overSoftLimitSince === 0) client.overSoftLimitSince = this.monotonic
      if (this.monotonic - client.overSoftLimitSince > limit.softSeconds * 1000) over = true
    } else {
      client.overSoftLimitSince = 0
    }
    if (!over || client.is(CLOSING)) return
    this.stats.clientOutputBufferLimitDisconnections++
    this.log.warn({ client: client.id, bytes }, 'output buffer limit reached')
    this.close(client, 'output buffer limit')
  }

  /**
   * Writes to a client out of band. To the client whose command runs it is written after the reply
   * of that command, so that it never stands in the middle of one.
   */
  push(client: Client, write: (reply: Reply) => void): void {
    if (client.is(CLOSING)) return
    if (client === this.dispatch.current) {
      this.dispatch.writeAfterReply(write)
      return
    }
    this.reply.interrupt(client.output, client.protocol)
    write(this.reply)
    this.reply.proceed()
    this.checkOutput(client)
  }

  /** As `push`, for what several clients are sent. */
  deliver(client: Client, message: Message): void {
    if (client.is(CLOSING)) return
    if (client === this.dispatch.current) {
      this.dispatch.writeAfterReply(reply => message.writeTo(reply))
      return
    }
    message.addTo(client.output, client.protocol)
    this.checkOutput(client)
  }

  monitor(client: Client): void {
    client.set(MONITOR, true)
    this.monitors.add(client)
    this.attention |= MONITORED
  }

  unmonitor(client: Client): void {
    client.set(MONITOR, false)
    this.monitors.delete(client)
    if (this.monitors.size === 0) this.attention &= ~MONITORED
  }

  feedMonitors(call: Call): void {
    const line = monitorLine(call)
    for (const client of this.monitors) this.push(client, reply => reply.status(line))
  }

  // CLIENT PAUSE

  pause(scope: 'write' | 'all', untilMonotonic: number): void {
    // As in Redis, a pause is never made shorter or narrower by another one.
    if (this.#pause.scope === 'all' && scope === 'write') scope = 'all'
    this.#pause.scope = scope
    this.#pause.until = Math.max(this.#pause.until, untilMonotonic)
    this.attention |= PAUSING
    this.reschedule()
  }

  unpause(): void {
    this.#pause.scope = 'none'
    this.#pause.until = 0
    this.attention &= ~PAUSING
    for (const client of this.clients.values()) {
      if (!client.is(PAUSED)) continue
      client.set(PAUSED, false)
      this.dispatch.resumeLater(client)
    }
    this.wakeUp()
  }

  get pauseScope(): PauseScope {
    return this.#pause.scope
  }

  isPausedFor(client: Client, bits: number): boolean {
    const { scope } = this.#pause
    if (scope === 'none' || client.is(REPLAY)) return false
    return scope === 'all' || (bits & (WRITE | MAY_REPLICATE)) !== 0
  }

  // Time

  /** Asks the host to come back for the next deadline. */
  reschedule(): void {
    const other = this.#pause.scope === 'none' ? this.coordination.nextLapse : this.#pause.until
    const routed = this.router?.nextDeadline ?? Number.POSITIVE_INFINITY
    const at = Math.min(this.waiting.nextDeadline, other, routed)
    // Coming back too early does no harm, and asking costs more than that.
    if (at >= this.nextWakeAt) return
    this.nextWakeAt = at
    this.host.requestWake(at)
  }

  /** Does what is due by now. */
  wake(): void {
    this.beginTurn()
    this.nextWakeAt = Number.POSITIVE_INFINITY
    if (this.#pause.scope === 'none') this.coordination.lapseDue()
    this.waiting.ring(this.monotonic)
    this.dispatch.serveReady()
    for (let left = TIMEOUTS_PER_WAKE; left > 0; left--) {
      const parked = this.waiting.due(this.monotonic)
      if (parked === undefined) break
      this.dispatch.releaseWith(parked, parked.onTimeout)
    }
    this.dispatch.serveReady()
    if (this.#pause.scope !== 'none' && this.#pause.until <= this.monotonic) this.unpause()
    this.router?.wake()
    this.reschedule()
  }

  /** `hz` times a second: expiry, eviction, limits, statistics. */
  cron(): void {
    this.beginTurn()
    if (this.activeExpire && this.keyspace.expires && this.#pause.scope === 'none')
      this.#expireDue()
    if (this.memoryLimit > 0) this.makeRoom(EVICTIONS_PER_CYCLE)
    this.keyspace.reclaim()
    this.#checkClients()
    this.peakMemory = Math.max(this.peakMemory, this.usedMemory)
    this.tracking.cron()
    this.coordination.cron()
    this.router?.cron()
    this.rates.sample(this.stats, this.monotonic)
    this.dispatch.serveReady()
  }

  #expireDue(): void {
    const effort = this.config.values['active-expire-effort']
    let left = EXPIRE_PER_CYCLE * effort
    for (const db of this.keyspace.databases) {
      while (left > 0) {
        this.keyspace.version = this.effects.lsn + 1
        if (db.expireDue(1) === 0) break
        left--
        this.effects.commit(this.now, true)
      }
    }
    this.fieldExpiry.cycle(EXPIRE_PER_CYCLE * effort)
  }

  #checkClients(): void {
    const idleMax = this.config.values.timeout * 1000
    let bytes = 0
    for (const client of this.clients.values()) {
      bytes += client.memory
      if (
        idleMax > 0 &&
        this.monotonic - client.lastActiveAt > idleMax &&
        client.parked === undefined &&
        !client.is(FORWARDING) &&
        client.subscriptions === 0 &&
        client.upgrade === undefined &&
        !client.is(MONITOR)
      ) {
        this.close(client, 'idle timeout')
        continue
      }
      this.checkOutput(client)
    }
    this.clientBytes = bytes
    this.#evictClients()
  }

  /** Disconnects the largest clients while all together are above `maxmemory-clients`. */
  #evictClients(): void {
    const setting = this.config.values['maxmemory-clients']
    const limit = setting < 0 ? (-setting / 100) * this.memoryLimit : setting
    if (limit === 0 || this.clientBytes <= limit) return
    const largest = [...this.clients.values()]
      .filter(client => !client.is(NO_EVICT) && !client.is(CLOSING))
      .sort((a, b) => b.memory - a.memory)
    for (const client of largest) {
      if (this.clientBytes <= limit) break
      this.clientBytes -= client.memory
      this.stats.evictedClients++
      this.close(client, 'client memory limit')
    }
  }

  /** SWAPDB: the data change places; clients stay where they are and see the other's data. */
  swap(a: Database, b: Database): void {
    this.watches.replacing(a, b)
    this.watches.replacing(b, a)
    a.swap(b)
    this.coordination.swap(a, b)
    this.keyspace.dirty++
    this.waiting.signalAll(a)
    this.waiting.signalAll(b)
  }

  // Memory

  /** Bytes that data, clients and the process itself use. */
  get usedMemory(): number {
    const code = this.scripts.cacheMemory + this.functions.codeMemory
    const clients = this.clientBytes + this.tracking.memory
    return this.baselineBytes + this.keyspace.memory + clients + code
  }

  /** Evicts until the memory is below its limit, or a bound is reached; false if it is not below. */
  makeRoom(evictionsMax = this.#evictionsPerCommand): boolean {
    if (this.memoryLimit === 0 || this.usedMemory <= this.memoryLimit) return true
    if (this.#evicting) return true
    this.#evicting = true
    let left = evictionsMax
    while (left-- > 0 && this.usedMemory > this.memoryLimit) {
      const victim = this.eviction.next()
      if (victim === undefined) {
        this.#evicting = false
        return this.usedMemory <= this.memoryLimit
      }
      this.#evict(victim.db, victim.address)
    }
    this.#evicting = false
    // The bound was reached while there was more to evict: as in Redis, the command may run.
    return true
  }

  /** By `maxmemory-eviction-tenacity`: from a few, so that no command waits long, to all it takes. */
  get #evictionsPerCommand(): number {
    const tenacity = this.config.values['maxmemory-eviction-tenacity']
    return tenacity === 100 ? Number.POSITIVE_INFINITY : (tenacity + 1) * EVICTIONS_PER_TENACITY
  }

  #evict(db: Database, address: number): void {
    const key = db.key(address)
    this.keyspace.version = this.effects.lsn + 1
    db.deleteAt(address)
    this.stats.evictedKeys++
    this.effects.record(db.index, ['DEL', key])
    this.effects.commit(this.now, true)
    this.notify('e', 'evicted', key, db)
    this.waiting.signal(db, key)
  }

  // Changes

  #changed(db: Database, key: string): void {
    this.watches.changed(db, key)
    if (this.tracking.isActive) this.tracking.changed(key, this.dispatch.current)
  }

  readonly #created = (db: Database, key: string): void => {
    this.notify('n', 'new', key, db)
  }

  #expired(db: Database, key: string): void {
    this.stats.expiredKeys++
    this.effects.record(db.index, ['DEL', key])
    this.notify('x', 'expired', key, db)
    if (this.waiting.size > 0) this.waiting.signal(db, key)
  }

  /** Publishes a keyspace event, if its class is wanted. */
  notify(type: string, event: string, key: string, db: Database): void {
    const wanted = this.notifies
    if ((wanted & eventClass(type)) === 0 || !this.pubsub.hasListeners) return
    if (wanted & BY_KEY) this.pubsub.publish(`__keyspace@${db.index}__:${key}`, event)
    if (wanted & BY_EVENT) this.pubsub.publish(`__keyevent@${db.index}__:${event}`, key)
  }

  /** A command took long: the slow log and the latency monitor decide whether to keep it. */
  slow(call: Call, client: Client, microseconds: number): void {
    const { values } = this.config
    this.slowlog.offer(call, client, microseconds, values['slowlog-log-slower-than'], this.now)
    this.latencyMonitor.offer(
      call.command.spec.flags.includes('fast') ? 'fast-command' : 'command',
      microseconds / 1000,
      values['latency-monitor-threshold'],
      this.now,
    )
  }

  /** Refuses a connection beyond `maxclients`; the text to send, or undefined to accept. */
  refusal(): string | undefined {
    if (this.clients.size < this.config.values.maxclients) return undefined
    this.stats.rejectedConnections++
    return `-${errors.maxClients.text}\r\n`
  }
}

/** Settings that the server keeps in another form than the configuration does. */
const APPLIED_SETTINGS = [
  'proto-max-bulk-len',
  'maxmemory',
  'maxmemory-policy',
  'maxmemory-samples',
  'slowlog-log-slower-than',
  'slowlog-max-len',
  'latency-tracking',
  'latency-monitor-threshold',
  'lfu-log-factor',
  'lfu-decay-time',
  'notify-keyspace-events',
] as const

function monitorLine(call: Call): string {
  const { client } = call
  const seconds = Math.floor(call.now / 1000)
  const micros = String((call.now % 1000) * 1000).padStart(6, '0')
  const address = call.isScripted ? 'lua' : client.link.address
  let line = `${seconds}.${micros} [${client.db.index} ${address}]`
  const hidden = call.command.spec.hides?.(call) ?? NOTHING_HIDDEN
  for (let i = 0; i < call.count; i++) {
    line += ` ${quote(hidden.has(i) ? REDACTED : call.text(i))}`
  }
  return line
}

/** A string as redis-cli prints it: in double quotes, with escapes. */
export function quote(text: string): string {
  let quoted = '"'
  for (const char of text) {
    const code = char.charCodeAt(0)
    if (char === '"' || char === '\\') quoted += `\\${char}`
    else if (char === '\n') quoted += '\\n'
    else if (char === '\r') quoted += '\\r'
    else if (char === '\t') quoted += '\\t'
    else if (code === 7) quoted += '\\a'
    else if (code === 8) quoted += '\\b'
    else if (code < 32 || code > 126) quoted += `\\x${code.toString(16).padStart(2, '0')}`
    else quoted += char
  }
  return `${quoted}"`
}
