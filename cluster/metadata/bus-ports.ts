// The ports of the bus, taken before the node is anything.
//
// A start that fails for a port that is in use must leave nothing behind: a node that has founded a
// cluster on its way cannot join another one. So the ports are taken first, and opened to peers
// when the node knows who it is. Who connects in between is turned away, and dials again.

import net from 'node:net'

export class BusPorts {
  readonly #servers: readonly net.Server[]

  private constructor(servers: readonly net.Server[]) {
    this.#servers = servers
  }

  /** Fails with the system's error if an address is not to be had. `-` marks one that may be missing. */
  static async take(addresses: readonly string[], port: number): Promise<BusPorts> {
    const servers: net.Server[] = []
    for (const given of addresses) {
      const isOptional = given.startsWith('-')
      const host = hostOf(isOptional ? given.slice(1) : given)
      const server = net.createServer()
      try {
        await listening(server, { host, port, ipv6Only: host.includes(':') })
        server.on('connection', turnAway)
        servers.push(server)
      } catch (error) {
        if (isOptional) continue
        await new BusPorts(servers).close()
        throw error
      }
    }
    return new BusPorts(servers)
  }

  open(accept: (socket: net.Socket) => void, failed: (error: Error) => void): void {
    for (const server of this.#servers) {
      server.off('connection', turnAway)
      server.on('connection', accept)
      server.on('error', failed)
    }
  }

  /** Ends when the connections are closed too. */
  async close(): Promise<void> {
    const closed = this.#servers.map(
      server => new Promise<void>(resolve => server.close(() => resolve())),
    )
    await Promise.all(closed)
  }
}

function turnAway(socket: net.Socket): void {
  socket.on('error', () => socket.destroy())
  socket.destroy()
}

/** Redis writes all addresses of a family so. */
function hostOf(address: string): string {
  if (address === '*') return '0.0.0.0'
  return address === '::*' ? '::' : address
}

function listening(server: net.Server, options: net.ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
