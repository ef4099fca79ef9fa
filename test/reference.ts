// reference.ts — A real redis-server for tests that compare bytes with bytes.
//
// It listens on a unix socket in a temporary directory, so that test files and other servers on the
// machine cannot meet it. Where no redis-server is on the PATH such tests are skipped, and the
// report says so.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

export const hasReference = spawnSync('redis-server', ['--version']).status === 0

export class Reference {
  readonly client: Redis
  readonly #process: ChildProcess
  readonly #directory: string

  private constructor(process: ChildProcess, directory: string, client: Redis) {
    this.#process = process
    this.#directory = directory
    this.client = client
  }

  static async start(...options: string[]): Promise<Reference> {
    const directory = mkdtempSync(join(tmpdir(), 'reference-'))
    const path = join(directory, 'socket')
    const fixed = ['--port', '0', '--unixsocket', path, '--dir', directory]
    const process = spawn(
      'redis-server',
      [...fixed, '--save', '', '--appendonly', 'no', ...options],
      {
        stdio: 'ignore',
      },
    )
    const client = new Redis({ path, retryStrategy: () => 20, lazyConnect: true })
    // The first attempts fail until the server listens; the retries are what waits for it.
    client.on('error', () => {})
    const ready = new Promise<void>(resolve => client.once('ready', () => resolve()))
    client.connect().catch(() => {})
    await ready
    return new Reference(process, directory, client)
  }

  /** A command's reply with strings as bytes; error replies as Error values. */
  async call(name: string, ...args: (string | Buffer | number)[]): Promise<unknown> {
    return await this.client.callBuffer(name, ...args).catch((error: unknown) => error)
  }

  /** Replies to many commands sent at once. */
  async calls(commands: readonly (readonly (string | Buffer | number)[])[]): Promise<unknown[]> {
    const pipeline = this.client.pipeline()
    for (const [name, ...args] of commands) pipeline.callBuffer(String(name), ...args)
    const replies = await pipeline.exec()
    return replies!.map(([error, reply]) => error ?? reply)
  }

  async stop(): Promise<void> {
    const gone = new Promise(resolve => this.#process.once('exit', resolve))
    this.client.disconnect()
    this.#process.kill('SIGKILL')
    await gone
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
