// dev-cluster.ts — A cluster on this machine in one command, to try things out.
//
// Each node is a process of its own, so that one can be killed and started again. Their data
// directories are temporary, and go when the cluster is stopped.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const HOST = '127.0.0.1'
const READY = 'ready to accept connections'

/** Starts the nodes, says how to connect, and ends them when this process is told to end. */
export function startDevCluster(count: number, firstPort: number): void {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-dev-'))
  const ports = Array.from({ length: count }, (_, i) => firstPort + i)
  const children: ChildProcess[] = []
  let ready = 0
  let isEnding = false

  const end = (code: number) => {
    if (isEnding) return
    isEnding = true
    process.exitCode = code
    for (const child of children) child.kill('SIGKILL')
  }
  const start = (port: number) => {
    const dir = join(directory, String(port))
    mkdirSync(dir)
    const child = spawn(process.execPath, [process.argv[1]!, ...settingsOf(port, firstPort, dir)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const lines = createInterface({ input: child.stdout })
    lines.on('line', line => {
      if (line.includes(READY) && ++ready === count) announce(ports)
      else if (ready === count || !line.includes('"level":30')) print(`${port} ${line}`)
    })
    child.on('exit', (code, signal) => {
      if (!isEnding) print(`node ${port} has ended (${signal ?? code})`)
      const isLast = children.every(each => each.exitCode !== null || each.signalCode !== null)
      if (isLast) {
        rmSync(directory, { recursive: true, force: true })
        if (!isEnding) process.exitCode = 1
      }
    })
  }
  for (const port of ports) start(port)
  process.on('SIGINT', () => end(0))
  process.on('SIGTERM', () => end(0))
}

function settingsOf(port: number, firstPort: number, directory: string): string[] {
  const settings = ['--port', String(port), '--dir', directory, '--cluster-enabled', 'yes']
  if (port !== firstPort) settings.push('--cluster-join', `${HOST}:${firstPort}`)
  return settings
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
