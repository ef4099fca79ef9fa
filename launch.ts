// launch.ts — Puts a node together and lets it listen: settings in, a running server out.

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { enterCluster } from './cluster/node/enter.ts'
import type { ClusterNode } from './cluster/node/node.ts'
import { families } from './commands/index.ts'
import { AclFile } from './src/acl/file.ts'
import { systemClock } from './src/clock.ts'
import type { Config } from './src/config/config.ts'
import { Listener } from './src/listener.ts'
import { type Host, Server } from './src/server.ts'

export interface LaunchOptions {
  readonly config: Config
  /** Which CONFIG REWRITE changes. */
  readonly configFile: string | undefined
  readonly log: Logger
  /** A client asked for the end, or the node has to end. */
  readonly onShutdown: (reason: string) => void
}

/** A node that runs. */
export interface Launched {
  readonly server: Server
  /** What it is in a cluster; undefined if it is no node of one. */
  readonly node: ClusterNode | undefined
  /** Where clients connect. */
  readonly port: number
  /** Ends the node in an orderly way. */
  stop(): Promise<void>
  /** Ends it at once: what it serves fails over. */
  kill(): Promise<void>
}

/** The host of a server that has no clients, and nothing to do by itself. */
const NOBODY: Host = {
  requestFlush: () => undefined,
  requestWake: () => undefined,
  shutdown: () => undefined,
  stall: () => undefined,
  report: () => {
    throw new Error('a server without a process of its own')
  },
}

/** Fails with the system's error if it cannot listen. */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { config, configFile, log, onShutdown } = options
  const { values } = config
  const listener = new Listener(onShutdown)
  const common = {
    config,
    families,
    clock: systemClock,
    random: Math.random,
    log,
    runId: randomBytes(20).toString('hex'),
  }
  const server = new Server({
    ...common,
    host: listener,
    configFile,
    aclStore: values.aclfile === '' ? undefined : new AclFile(values.aclfile),
  })
  listener.server = server
  if (!values['cluster-enabled']) {
    await listener.listen(server)
    const stop = () => listener.close()
    return { server, node: undefined, port: listener.port, stop, kill: stop }
  }
  const backup = new Server({
    ...common,
    host: NOBODY,
    valueMemory: server.keyspace.valueMemory,
  })
  const entered = await enterCluster({
    config,
    server,
    backup,
    clientPort: values.port,
    clock: systemClock,
    log,
    onFailure: error => {
      throw error
    },
    onEnded: reason => onShutdown(reason),
  })
  const kill = async () => {
    await listener.close()
    await entered.stop()
  }
  try {
    await listener.listen(server)
  } catch (error) {
    await kill()
    throw error
  }
  entered.start()
  const stop = async () => {
    await entered.drain(values['cluster-drain-timeout'])
    await kill()
  }
  return { server, node: entered.node, port: listener.port, stop, kill }
}
