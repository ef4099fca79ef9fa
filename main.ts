#!/usr/bin/env node
// main.ts — The process: configuration, server, listener, signals.

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { families } from './commands/index.ts'
import { systemClock } from './src/clock.ts'
import { Config } from './src/config/config.ts'
import { Listener } from './src/listener.ts'
import { Server } from './src/server.ts'

const config = new Config()
const log = pino()
const listener = new Listener(reason => {
  log.info({ reason }, 'shutting down')
  void listener.close().then(() => process.exit(0))
})
const port = process.argv.indexOf('--port')
if (port > 0) config.load([{ name: 'port', words: [process.argv[port + 1]!], origin: 'flag' }])
const server = new Server({
  config,
  families,
  clock: systemClock,
  random: Math.random,
  log,
  host: listener,
  version: '7.2.4',
  runId: randomBytes(20).toString('hex'),
})
await listener.listen(server)
log.info({ port: listener.port }, 'ready to accept connections')
void readFileSync
