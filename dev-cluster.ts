// dev-cluster.ts — A cluster on this machine in one command, to try things out.
//
// Each node is a process of its own, so that one can be killed and started again. Their data
// directories are temporary, and go when the cluster is stopped. What the nodes log is shown in
// plain words from the moment at which every key has its copies: what they say before that is how
// a cluster begins.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const HOST = '127.0.0.1'
const LOOK_MS = 100
/** As pino numbers them. */
const ERROR = 50
const NODE_ID = /\b[0-9a-f]{40}\b/g

/** What CLUSTER TOPOLOGY tells, as far as it is needed here. */
interface Report {
  readonly members: readonly { readonly id: string; readonly port: number }[]
  readonly segments: readonly {
    readonly owners: readonly string[]
    readonly inSync: readonly string[]
    readonly pending: readonly string[]
  }[]
}

interface Line {
  readonly level: number
  readonly msg: string
  readonly facts: readonly (readonly [string, unknown])[]
}

/** Starts the nodes, says how to connect, and ends them when this process is told to end. */
export function startDevCluster(count: number, firstPort: number): void {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-dev-'))
  const ports = Array.from({ length: count }, (_, i) => firstPort + i)
  const children: ChildProcess[] = []
  const portOf = new Map<string, number>()
  let isReady = false
  let isEnding = false

  const end = (code: number) => {
    if (isEnding) return
    isEnding = true
    process.exitCode = code
    for (const child of children) child.kill('SIGKILL')
  }
  const ended = (port: number, settings: readonly string[], how: number | string | null) => {
    const isLast = children.every(each => each.exitCode !== null || each.signalCode !== null)
    if (isLast) rmSync(directory, { recursive: true, force: true })
    if (isEnding) return
    print(`node ${port} has ended (${how})`)
    // One that does not come up, or the last one of all: there is nothing to try out.
    if (!isReady || isLast) end(1)
    else print(`start it again with: ${commandLine(settings).join(' ')}`)
  }
  print(`Starting ${count === 1 ? 'a node' : `${count} nodes`} ...`)
  for (const port of ports) {
    const dir = join(directory, String(port))
    mkdirSync(dir)
    const settings = settingsOf(port, firstPort, dir)
    const [program, ...words] = commandLine(settings)
    const child = spawn(program!, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    createInterface({ input: child.stdout }).on('line', text => {
      const line = readLine(text)
      if (isEnding || (!isReady && line.level < ERROR)) return
      print(`${port}  ${wording(line).replace(NODE_ID, id => String(portOf.get(id) ?? id))}`)
    })
    child.on('exit', (code, signal) => ended(port, settings, signal ?? code))
  }
  const look = async () => {
    const report = await readTopology(firstPort)
    if (isEnding) return
    if (report === undefined || !isComplete(report, count)) {
      setTimeout(look, LOOK_MS)
      return
    }
    for (const { id, port } of report.members) portOf.set(id, port)
    isReady = true
    announce(ports)
  }
  void look()
  process.on('SIGINT', () => end(0))
  process.on('SIGTERM', () => end(0))
}

function settingsOf(port: number, firstPort: number, directory: string): string[] {
  const settings = ['--port', String(port), '--bind', HOST, '--dir', directory]
  settings.push('--cluster-enabled', 'yes')
  if (port !== firstPort) settings.push('--cluster-join', `${HOST}:${firstPort}`)
  return settings
}

function commandLine(settings: readonly string[]): string[] {
  return [process.execPath, process.argv[1]!, ...settings]
}

/** Whether all nodes are in, and every segment has all its copies. */
function isComplete({ members, segments }: Report, count: number): boolean {
  const isSettled = segments.every(
    ({ owners, inSync, pending }) => inSync.length === owners.length && pending.length === 0,
  )
  const isShared = count === 1 || segments.every(({ owners }) => owners.length > 1)
  return members.length === count && isSettled && isShared
}

/** What a node knows of the cluster; undefined if it cannot be asked yet. */
function readTopology(port: number): Promise<Report | undefined> {
  return new Promise(resolve => {
    let reply = ''
    const socket = connect(port, HOST, () => socket.write('CLUSTER TOPOLOGY\r\n'))
    socket.setEncoding('latin1')
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(undefined))
    socket.on('data', (text: string) => {
      reply += text
      const [, length, body = ''] = /^\$(\d+)\r\n(.*)\r\n$/.exec(reply) ?? []
      if (length === undefined || body.length < Number(length)) return
      resolve(JSON.parse(body) as Report)
      socket.end()
    })
  })
}

function readLine(text: string): Line {
  const { level, time: _, pid: __, msg, ...facts } = JSON.parse(text) as Record<string, unknown>
  return { level: Number(level), msg: String(msg), facts: Object.entries(facts) }
}

function wording({ msg, facts }: Line): string {
  const words = facts.map(([name, value]) => `${name} ${[value].flat().join(' ')}`)
  return words.length === 0 ? msg : `${msg} (${words.join(', ')})`
}

function announce(ports: readonly number[]): void {
  const [first] = ports
  print(`A cluster of ${ports.length} on ${ports.map(port => `${HOST}:${port}`).join(', ')}.`)
  print(`Connect:  redis-cli -c -p ${first}`)
  print(`          new Redis.Cluster([{ host: '${HOST}', port: ${first} }])`)
  print('Stop it with Ctrl-C; kill a node to see the others take over.')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
