// Makes a server a node of the grid: the metadata plane, the copies of others, links, routing.

import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { Logger } from 'pino'
import type { Clock } from '../../src/clock.ts'
import type { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/directive.ts'
import type { Server } from '../../src/server.ts'
import { configuredShell } from '../metadata/configured.ts'
import { startMetadata } from '../metadata/start.ts'
import type { ThreadPort } from '../metadata/thread-port.ts'
import { DEFAULT_REPLICATION_OPTIONS } from '../replication/options.ts'
import { readBackup } from '../routing/backup-read.ts'
import { ClusterState } from '../routing/cluster-state.ts'
import { becomeForwarded } from '../routing/forward-door.ts'
import { ClusterRouter } from '../routing/router.ts'
import { SocketDialler } from '../routing/socket-dialler.ts'
import { findMember } from '../topology/topology.ts'
import { Door } from './door.ts'
import { meet } from './meet.ts'
import { ClusterNode } from './node.ts'
import { NodeReport } from './node-report.ts'
import { ServerStore } from './server-store.ts'

const LOOPBACK = /^(127\.|::1$)/
const NONCE_BYTES = 16
/** How often a node that is leaving looks whether it owns nothing any more. */
const DRAIN_LOOK_MS = 20

export interface EnterOptions {
  readonly config: Config
  /** Serves clients, once it listens. */
  readonly server: Server
  /** Over the same memory, for the copies of others. */
  readonly backup: Server
  readonly clientPort: number
  readonly clock: Clock
  readonly log: Logger
  /** The node cannot go on. */
  readonly onFailure: (error: Error) => void
  /** The node is in its cluster no more. */
  readonly onEnded: (reason: string) => void
}

export class Entered {
  readonly node: ClusterNode
  readonly port: ThreadPort
  readonly #log: Logger

  constructor(node: ClusterNode, port: ThreadPort, log: Logger) {
    this.node = node
    this.port = port
    this.#log = log
  }

  /** From now on the node takes part. Clients may connect. */
  start(): void {
    this.node.start()
  }

  /**
   * Moves everything away, for at most so long. What is left then fails over, as if the process had
   * died.
   */
  async drain(timeoutMs: number): Promise<void> {
    const { port, node } = this
    const self = findMember(port.topology, node.self)
    const others = port.topology.members.filter(
      ({ id, state, isLeaving, capacity }) =>
        id !== node.self && state === 'up' && !isLeaving && capacity > 0,
    )
    if (self === undefined || others.length === 0) return
    const clock = node.now()
    while (node.now() - clock < timeoutMs) {
      const member = findMember(port.topology, node.self)
      if (member === undefined) return
      if (!member.isLeaving) port.propose([{ kind: 'leave', id: node.self, expects: member.epoch }])
      if (!node.ownsAnything) return
      await new Promise(resolve => setTimeout(resolve, DRAIN_LOOK_MS))
    }
    this.#log.warn({ timeoutMs }, 'the node ends before everything has moved away')
  }

  async stop(): Promise<void> {
    this.node.stop()
    await this.port.stop()
  }
}

/** Fails if protected mode would keep other nodes out, who come in by the port of the clients. */
function assertOpenToPeers({ config, server, clientPort }: EnterOptions): void {
  const { host } = configuredShell(config.values, clientPort).introduction
  const isElsewhere = isIP(host) !== 0 && !LOOPBACK.test(host)
  const isShut = config.values['protected-mode'] && server.acl.defaultUser.isOpen
  if (!isElsewhere || !isShut) return
  throw new ConfigError(
    `no other node could connect to ${host}: set requirepass, or protected-mode no; ` +
      'a cluster of this machine alone can have bind 127.0.0.1',
  )
}

/** Comes back when the node knows its cluster. Fails with a ConfigError where that is impossible. */
export async function enterCluster(options: EnterOptions): Promise<Entered> {
  const { config, server, backup, clientPort, clock, log, onFailure, onEnded } = options
  const { values } = config
  assertOpenToPeers(options)
  backup.keyspace.expires = false
  const port = await startMetadata({ config, clientPort, clock, log, onFailure })
  const { id, incarnation, cluster: clusterId } = port.identity
  if (clusterId === undefined) throw new Error('a node without a cluster')
  const secret = values['cluster-secret']
  const identity = { id, incarnation, clusterId, secret }
  const node = new ClusterNode({
    server,
    store: new ServerStore(server, backup),
    port,
    identity,
    replication: {
      ...DEFAULT_REPLICATION_OPTIONS,
      ackTimeoutMs: values['cluster-ack-timeout'],
      transferBytesPerSecond: values['cluster-transfer-rate'],
    },
    isSynchronous: values['cluster-replication'] === 'sync',
    log,
  })
  const nonce = () => randomBytes(NONCE_BYTES).toString('hex')
  const door = new Door({
    clusterId,
    secret,
    nonce,
    accept: (client, peer) => node.links.accept(client, peer),
  })
  const router = new ClusterRouter({
    server,
    view: node,
    channel: node.channel,
    dialler: new SocketDialler(),
    secret,
    nonce,
    readBackup: call => readBackup(backup, call),
  })
  door.open('FORWARD', call => becomeForwarded(call, secret !== ''))
  node.onSegmentLeft = segment => router.segmentLeft(segment)
  const state = new ClusterState({
    server,
    view: node,
    figures: new NodeReport(node, port),
    operations: {
      propose: entries => port.propose(entries),
      meet: (host, port) => meet(node.topology, node.self, host, port),
    },
    link: call => door.enter(call),
  })
  state.routingFacts = () => router.facts()
  server.routeBy(router, state)
  port.onEnded(reason => {
    // The others hang up, and would be dialled again until the process has ended.
    node.stop()
    onEnded(reason)
  })
  return new Entered(node, port, log)
}
