// launch.ts — Puts a node together and lets it listen: settings in, a running server out.

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { families } from './commands/index.ts'
import { AclFile } from './src/acl/file.ts'
import { systemClock } from './src/clock.ts'
import type { Config } from './src/config/config.ts'
import { Listener } from './src/listener.ts'
import { Server } from './src/server.ts'

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
  /** Where clients connect. */
  readonly port: number
  /** Ends the node in an orderly way. */
  stop(): Promise<void>
}

/** Fails with the system's error if it cannot listen. */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { config, configFile, log, onShutdown } = options
  const { values } = config
  const listener = new Listener(onShutdown)
  const server = new Server({
    config,
    families,
    clock: systemClock,
    random: Math.random,
    log,
    host: listener,
    runId: randomBytes(20).toString('hex'),
    configFile,
    aclStore: values.aclfile === '' ? undefined : new AclFile(values.aclfile),
  })
  await listener.listen(server)
  return { server, port: listener.port, stop: () => listener.close() }
}
