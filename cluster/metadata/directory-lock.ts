// One process for a data directory.
//
// The lock is a socket that the holder listens on. The system closes it with the process, however
// that ends, so nothing can keep a dead holder's lock alive; and it works between containers that
// share the directory, where process ids mean nothing. What a killed process leaves behind is the
// name of a socket on which nobody listens. Whoever finds that puts its own socket there, waits a
// moment, and looks whether it is still there: of several who do so at once only the last stays.

import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'

const LOCK = 'lock'
const TAKEOVER_MS = 50
const ANSWER_MS = 1_000
/** The system takes no longer paths for sockets; some take only this. */
const SOCKET_PATH_BYTES_MAX = 100

export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse'
}

export class DirectoryLock {
  readonly #server: net.Server
  readonly #directory: ShortPath

  private constructor(server: net.Server, directory: ShortPath) {
    this.#server = server
    this.#directory = directory
  }

  /** Fails with DirectoryInUse if another process has it. */
  static async take(path: string): Promise<DirectoryLock> {
    const directory = new ShortPath(path)
    const name = randomBytes(8).toString('hex')
    const server = net.createServer(socket => {
      // Who only looks may be gone already.
      socket.on('error', () => socket.destroy())
      socket.end(name)
    })
    server.unref()
    try {
      const isTaken = await listen(server, directory.at(LOCK))
      if (!isTaken) await takeOver(server, directory, name, path)
    } catch (error) {
      server.close()
      directory.close()
      throw error
    }
    return new DirectoryLock(server, directory)
  }

  async release(): Promise<void> {
    rmSync(this.#directory.at(LOCK), { force: true })
    await new Promise(resolve => this.#server.close(resolve))
    this.#directory.close()
  }
}

async function takeOver(
  server: net.Server,
  directory: ShortPath,
  name: string,
  path: string,
): Promise<void> {
  if ((await holder(directory.at(LOCK))) !== undefined) throw inUse(path)
  const draft = directory.at(`${LOCK}.${name}`)
  await listen(server, draft)
  renameSync(draft, directory.at(LOCK))
  await new Promise(resolve => setTimeout(resolve, TAKEOVER_MS))
  if ((await holder(directory.at(LOCK))) !== name) throw inUse(path)
}

function inUse(path: string): DirectoryInUse {
  return new DirectoryInUse(`another process uses the directory ${path}`)
}

/** False if the name is there already. */
function listen(server: net.Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    }
    server.once('error', failed)
    server.listen(path, () => {
      server.off('error', failed)
      resolve(true)
    })
  })
}

/** What the process that listens there calls itself; undefined if nobody does. */
function holder(path: string): Promise<string | undefined> {
  return new Promise(resolve => {
    let name = ''
    const socket = net.connect(path)
    // A holder that stands still is one all the same.
    socket.setTimeout(ANSWER_MS, () => socket.destroy())
    let isThere = false
    socket.on('connect', () => {
      isThere = true
    })
    socket.on('data', chunk => {
      name += chunk.toString('latin1')
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(isThere ? name : undefined))
  })
}

/** A directory by a path that is short enough for a socket in it. */
class ShortPath {
  readonly #path: string
  readonly #descriptor: number | undefined

  constructor(path: string) {
    this.#path = path
    const isLong =
      Buffer.byteLength(join(path, `${LOCK}.${'0'.repeat(16)}`)) > SOCKET_PATH_BYTES_MAX
    if (isLong && existsSync('/proc/self/fd')) this.#descriptor = openSync(path, 'r')
  }

  at(name: string): string {
    if (this.#descriptor === undefined) return join(this.#path, name)
    return `/proc/self/fd/${this.#descriptor}/${name}`
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
  }
}
