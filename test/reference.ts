// reference.ts — A real redis-server and one connection to it, for unit tests that compare with it.
//
// Strings come back as latin1, one character per byte, so that equality of strings is equality of
// bytes. Error replies are values (`RespError`), as everywhere in the harness.

import { startRedisServer } from './harness/redis-server.ts'
import { type Argument, encodeCommand, RespClient } from './harness/resp-client.ts'
import { decodeFrame, type RespValue } from './harness/resp-value.ts'
import type { ServerProcess } from './harness/server-process.ts'

export class Reference {
  readonly #server: ServerProcess
  readonly #client: RespClient

  private constructor(server: ServerProcess, client: RespClient) {
    this.#server = server
    this.#client = client
  }

  static async start(...options: readonly string[]): Promise<Reference> {
    const server = await startRedisServer(...options)
    return new Reference(server, await RespClient.connect(server.port))
  }

  async call(...args: readonly (Argument | number)[]): Promise<RespValue> {
    return (await this.calls([args]))[0]!
  }

  /** Replies to many commands sent at once. */
  async calls(commands: readonly (readonly (Argument | number)[])[]): Promise<RespValue[]> {
    const requests = commands.map(args =>
      encodeCommand(args.map(arg => (typeof arg === 'number' ? String(arg) : arg))),
    )
    this.#client.write(Buffer.concat(requests))
    const frames = await this.#client.replies(commands.length)
    if (frames.length < commands.length)
      throw this.#client.failure ?? new Error('replies are missing')
    return frames.map(decodeFrame)
  }

  async stop(): Promise<void> {
    await this.#client.close()
    await this.#server.stop()
  }
}
