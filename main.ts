#!/usr/bin/env node
// main.ts — The process: settings in, a listening server out, and an orderly end.

import { openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { pino } from 'pino'
import { startDevCluster } from './dev-cluster.ts'
import { type Launched, launch } from './launch.ts'
import { readArguments } from './src/config/arguments.ts'
import { Config } from './src/config/config.ts'
import { ConfigError } from './src/config/directive.ts'
import { DiskFile } from './src/config/disk-file.ts'
import { helpText } from './src/config/help.ts'
import { readSources } from './src/config/sources.ts'
import { VERSION } from './src/version.ts'

const STANDARD_INPUT = 0

/** Redis's names of the levels, and pino's. */
const LOG_LEVELS = {
  debug: 'trace',
  verbose: 'debug',
  notice: 'info',
  warning: 'warn',
  nothing: 'silent',
} as const

/** Reads the configuration; undefined if the command line asked for something else than a server. */
function readConfig(): { config: Config; file: string | undefined } | undefined {
  const line = readArguments(process.argv.slice(2))
  if (line.kind === 'dev-cluster') {
    startDevCluster(line.nodes, line.port)
    return undefined
  }
  if (line.kind === 'help') {
    process.stdout.write(helpText())
    return undefined
  }
  if (line.kind === 'version') {
    process.stdout.write(`latchkey ${VERSION} (node ${process.versions.node})\n`)
    return undefined
  }
  const sources = readSources(line, {
    files: { read: path => readFileSync(path), list: path => readdirSync(path) },
    environment: process.env,
    readStandardInput: () => readFileSync(STANDARD_INPUT),
  })
  const config = new Config()
  config.load(...sources)
  if (line.file !== undefined) config.file = new DiskFile(line.file)
  if (line.check) {
    process.stdout.write('The configuration is good.\n')
    return undefined
  }
  return { config, file: line.file }
}

/** Makes the process be where and what the configuration says. */
function settle(config: Config): void {
  const { values } = config
  process.chdir(values.dir)
  config.assign('dir', process.cwd())
  config.onChange('dir', dir => {
    process.chdir(dir)
    config.assign('dir', process.cwd())
  })
  if (values.pidfile !== '') {
    writeFileSync(values.pidfile, `${process.pid}\n`)
    process.on('exit', () => rmSync(values.pidfile, { force: true }))
  }
}

async function start(config: Config, configFile: string | undefined): Promise<void> {
  const { values } = config
  const log = pino(
    { level: LOG_LEVELS[values.loglevel], base: { pid: process.pid } },
    pino.destination(
      values.logfile === '' ? { fd: 1, sync: false } : { fd: openSync(values.logfile, 'a') },
    ),
  )
  const exitAfterLog = (code: number) => log.flush(() => process.exit(code))
  let launched: Launched | undefined
  let ending = false
  const end = (reason: string) => {
    if (ending) return
    ending = true
    log.info({ reason }, 'shutting down')
    if (launched === undefined) {
      exitAfterLog(0)
      return
    }
    launched.stop().then(
      () => exitAfterLog(0),
      error => {
        log.error({ error }, 'closing failed')
        exitAfterLog(1)
      },
    )
  }
  config.onChange('loglevel', level => {
    log.level = LOG_LEVELS[level]
  })
  process.on('SIGTERM', () => end('SIGTERM'))
  process.on('SIGINT', () => end('SIGINT'))
  // A state that should be impossible: what is in memory can no longer be trusted.
  process.on('uncaughtException', error => {
    log.fatal({ error: error.stack }, 'impossible state')
    exitAfterLog(70)
  })
  settle(config)
  launched = await launch({ config, configFile, log, onShutdown: end })
  log.info(
    { version: VERSION, node: process.versions.node, port: launched.port, pid: process.pid },
    'ready to accept connections',
  )
}

try {
  const read = readConfig()
  if (read !== undefined) await start(read.config, read.file)
} catch (error) {
  // Bad settings, taken ports and missing directories are the operator's to mend: one line, no stack.
  const expected =
    error instanceof ConfigError || (error as NodeJS.ErrnoException).syscall !== undefined
  if (!expected) throw error
  process.stderr.write(`latchkey: ${(error as Error).message}\n`)
  process.exitCode = 1
}
