// The servers that are compared: the real Redis first, then Latchkey on one Node.js or two.
//
// All of them run on one core and everything that loads or measures them on another, so that no server
// pays for its client and idle ones cost the measured one nothing.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { repositoryRoot } from '../test/harness/repository-root.ts'
import { type ServerProcess, startServerProcess } from '../test/harness/server-process.ts'

const SERVER_CORE = '0'
const CLIENT_CORE = '1'

export interface Contender {
  readonly label: string
  readonly command: readonly string[]
  readonly options: readonly string[]
}

export interface RunningContender extends Contender {
  readonly server: ServerProcess
}

const withoutPersistence = ['--save', '', '--appendonly', 'no']

export function redisContender(): Contender {
  const version = /v=(\S+)/.exec(
    execFileSync('redis-server', ['--version'], { encoding: 'latin1' }),
  )
  return {
    label: `Redis ${version?.[1]}`,
    command: ['redis-server'],
    options: withoutPersistence,
  }
}

export function latchkeyContender(node: string): Contender {
  const version = execFileSync(node, ['--version'], { encoding: 'latin1' }).trim()
  return {
    label: `Latchkey, Node ${version.slice(1)}`,
    command: [node, join(repositoryRoot, 'dist', 'main.js')],
    options: [],
  }
}

/** Some other server of which only its command line is known. */
export function namedContender(commandLine: string): Contender {
  return { label: commandLine, command: commandLine.trim().split(/\s+/), options: [] }
}

export async function startContender(contender: Contender): Promise<RunningContender> {
  const pinned = onServerCore(contender.command)
  return { ...contender, server: await startServerProcess(pinned, contender.options) }
}

/** The command that runs a server where the servers run. */
export function onServerCore(command: readonly string[]): string[] {
  return ['taskset', '--cpu-list', SERVER_CORE, ...command]
}

/** The command that runs `program` where the clients run. */
export function onClientCore(program: string, args: readonly string[]): [string, string[]] {
  return ['taskset', ['--cpu-list', CLIENT_CORE, program, ...args]]
}

/** Moves this process, with all its threads, to where the clients run. */
export function moveToClientCore(): void {
  const pin = ['--all-tasks', '--cpu-list', '--pid', CLIENT_CORE, String(process.pid)]
  execFileSync('taskset', pin, { stdio: 'ignore' })
}
