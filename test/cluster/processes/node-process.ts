// A node as operators run it: a process with a directory, which can be killed, stopped, paused and
// started again in the same directory.
//
// What it logs goes to a file beside the directory, one for all of its lives.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { repositoryRoot } from '../../harness/repository-root.ts'
import { RespClient } from '../../harness/resp-client.ts'
import type { RespValue } from '../../harness/resp-value.ts'
import type { Address, Place } from './place.ts'

const main = join(repositoryRoot, 'dist', 'main.js')
const READY_TIMEOUT_MS = 20_000
const READY_PROBE_MS = 20
const STOP_TIMEOUT_MS = 30_000

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
// The test runner ends its workers by a signal, of which 'exit' would hear nothing.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => process.exit(1))
}

// LATCHKEY_… variables are settings to a node.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_')),
)

interface Life {
  readonly child: ChildProcess
  readonly ended: Promise<string>
  end: string | undefined
}

export class NodeProcess {
  readonly name: string
  readonly address: Address
  readonly logFile: string
  readonly #command: readonly string[]
  #life: Life | undefined

  constructor(
    name: string,
    folder: string,
    place: Place,
    address: Address,
    settings: readonly string[],
  ) {
    if (!existsSync(main)) throw new Error(`${main} is missing: npm run build`)
    const directory = join(folder, name)
    mkdirSync(directory, { recursive: true })
    this.name = name
    this.address = address
    this.logFile = join(folder, `${name}.log`)
    this.#command = place.commandAt(address, [
      ...[process.execPath, main, '--port', String(address.port), '--dir', directory],
      ...['--cluster-enabled', 'yes', ...place.settingsAt(address), ...settings],
    ])
  }

  get isRunning(): boolean {
    return this.#life !== undefined && this.#life.end === undefined
  }

  get pid(): number {
    return this.#running.child.pid!
  }

  get #running(): Life {
    if (this.#life === undefined || !this.isRunning) throw new Error(`${this.name} is not running`)
    return this.#life
  }

  /** Until it answers clients, which is before it is a member. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.name} is running`)
    const [program, ...args] = this.#command as [string, ...string[]]
    const log = openSync(this.logFile, 'a')
    const child = spawn(program, args, { env: environment, stdio: ['ignore', log, log] })
    closeSync(log)
    running.add(child)
    const ended = new Promise<string>(resolve => {
      child.once('error', error => resolve(error.message))
      child.once('exit', (code, signal) => resolve(String(signal ?? code)))
    })
    const life: Life = { child, ended, end: undefined }
    this.#life = life
    ended.then(end => {
      life.end = end
      running.delete(child)
    })
    await this.#ready(life)
  }

  async #ready(life: Life): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS
    for (;;) {
      if (life.end !== undefined) {
        throw new Error(`${this.name} ended with ${life.end} at its start: ${this.logFile}`)
      }
      try {
        if ((await this.ask('PING')) === 'PONG') return
      } catch {
        // It does not listen yet; the deadline is what bounds the wait.
      }
      if (performance.now() > deadline) {
        throw new Error(`${this.name} does not answer within ${READY_TIMEOUT_MS} ms`)
      }
      await sleep(READY_PROBE_MS)
    }
  }

  /** One command on a connection of its own. */
  async ask(...words: readonly string[]): Promise<RespValue> {
    const client = await RespClient.connect(this.address)
    try {
      return await client.call(...words)
    } finally {
      await client.close()
    }
  }

  /** At once, with nothing said to anybody. */
  async kill(): Promise<void> {
    const { child, ended } = this.#running
    child.kill('SIGKILL')
    await ended
  }

  /** As an operator does: it may hand over what it has first. Fails if that takes too long. */
  async stop(): Promise<void> {
    const { child, ended } = this.#running
    child.kill('SIGTERM')
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    const end = await ended
    clearTimeout(impatience)
    if (end === 'SIGKILL') throw new Error(`${this.name} did not stop in ${STOP_TIMEOUT_MS} ms`)
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  /** For the end of a test: whatever state it is in. */
  async end(): Promise<void> {
    if (this.isRunning) await this.kill()
  }
}
