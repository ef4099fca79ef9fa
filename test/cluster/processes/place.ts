// Where the nodes of a test run, and at which address each is reached.
//
// On the loopback interface nodes differ by port, and any machine can do that. A network of
// namespaces gives each an address and a cable of its own (namespaces.ts).

import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

export interface Address {
  readonly host: string
  readonly port: number
}

export const BUS_OFFSET = 10_000

export interface Place {
  /** Room for one more node. */
  address(): Promise<Address>
  /** The command line that runs a program there. */
  commandAt(address: Address, command: readonly string[]): readonly string[]
  /** What a node must be told in order to be reached. */
  settingsAt(address: Address): readonly string[]
  close(): void
}

const LOOPBACK = '127.0.0.1'
/**
 * Below the ports that systems give to outgoing connections, with room for the bus above: a node
 * that is started again finds its port as it left it.
 */
const PORT_MIN = 10_000
const PORT_MAX = 22_000
const PORT_TRIES_MAX = 100

export class Loopback implements Place {
  readonly #given = new Set<number>()

  async address(): Promise<Address> {
    for (let tries = 0; tries < PORT_TRIES_MAX; tries++) {
      const port = randomInt(PORT_MIN, PORT_MAX)
      if (this.#given.has(port)) continue
      if ((await isFree(port)) && (await isFree(port + BUS_OFFSET))) {
        this.#given.add(port)
        return { host: LOOPBACK, port }
      }
    }
    throw new Error(`no free port after ${PORT_TRIES_MAX} tries`)
  }

  commandAt(_: Address, command: readonly string[]): readonly string[] {
    return command
  }

  settingsAt({ host }: Address): readonly string[] {
    return ['--bind', host]
  }

  close(): void {}
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, LOOPBACK, () => probe.close(() => resolve(true)))
  })
}
