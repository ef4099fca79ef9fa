// Real sockets and files, all nodes on this thread.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { DirectoryInUse } from '../../../cluster/metadata/directory-lock.ts'
import type { Ending } from '../../../cluster/metadata/event.ts'
import type { Log } from '../../../cluster/metadata/log.ts'
import { monotonicMs } from '../../../cluster/metadata/monotonic.ts'
import { DEFAULT_METADATA_OPTIONS } from '../../../cluster/metadata/options.ts'
import { OwnCluster } from '../../../cluster/metadata/own-cluster.ts'
import { SharedState } from '../../../cluster/metadata/shared-state.ts'
import { MetadataShell, type ShellOptions } from '../../../cluster/metadata/shell.ts'
import { primary } from '../../../cluster/topology/segment.ts'
import { findMember, type Topology } from '../../../cluster/topology/topology.ts'
import { DataThread } from './data-thread.ts'

const WAIT_MS = 10_000
const { policy } = DEFAULT_METADATA_OPTIONS
const DATA_MS = 20
const EAGER = { transfersMax: 256, transfersPerNodeMax: 256, handOversMax: 256 }

class Node {
  readonly shared = new SharedState()
  readonly lines: string[] = []
  topology: Topology | undefined
  ended: Ending | undefined
  shell!: MetadataShell
  #ticking: NodeJS.Timeout | undefined
  #data: DataThread | undefined

  get id(): string {
    return this.shell.identity.id
  }

  get hasLease(): boolean {
    const epoch = this.topology?.epoch ?? 0
    return monotonicMs() < this.shared.leaseUntil(epoch)
  }

  get busPort(): number {
    return findMember(this.topology!, this.id)!.busPort
  }

  async start(options: ShellOptions): Promise<void> {
    const line: Log['info'] = (facts, text) => {
      this.lines.push(`${text} ${JSON.stringify(facts)}`)
    }
    this.shell = await MetadataShell.start(
      options,
      this.shared,
      {
        topology: topology => {
          this.topology = topology
          this.#data?.hear(topology, 0)
        },
        orders: orders => this.#data?.order(orders),
        status: () => undefined,
        ended: ending => {
          this.ended = ending
        },
        failed: error => {
          throw error
        },
      },
      { debug: line, info: line, warn: line, error: line },
    )
    const { id, incarnation } = this.shell.identity
    this.#data = new DataThread({ ...options.introduction, id, incarnation })
    if (this.topology !== undefined) this.#data.hear(this.topology, 0)
    let now = 0
    this.#ticking = setInterval(() => {
      this.shared.tick()
      now += DATA_MS
      const entries = this.#data!.work(now)
      if (entries.length > 0) this.shell.propose(entries)
    }, DATA_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticking)
    await this.shell.stop()
  }
}

const directories: string[] = []
const nodes = new Set<Node>()

afterEach(async () => {
  await Promise.all([...nodes].map(node => node.stop()))
  nodes.clear()
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  directories.length = 0
})

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'latchkey-metadata-'))
  directories.push(path)
  return path
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

async function options(changes: Partial<ShellOptions> = {}): Promise<ShellOptions> {
  const busPort = changes.busPort ?? (await freePort())
  return {
    directory: directory(),
    introduction: {
      host: '127.0.0.1',
      hostname: '',
      port: 6379,
      tlsPort: 0,
      busPort,
      labels: { site: '', rack: '', machine: '' },
      capacity: 1,
    },
    seeds: [],
    bind: ['127.0.0.1'],
    busPort,
    secret: 'open sesame',
    isLocalOnly: false,
    metadata: {
      ...DEFAULT_METADATA_OPTIONS,
      policy: { ...policy, servesLostEmpty: true, plan: EAGER },
    },
    ...changes,
  }
}

async function start(given: ShellOptions): Promise<Node> {
  const node = new Node()
  await node.start(given)
  nodes.add(node)
  return node
}

async function stop(node: Node): Promise<void> {
  nodes.delete(node)
  await node.stop()
}

function seedOf({ busPort }: ShellOptions): ShellOptions['seeds'] {
  return [{ host: '127.0.0.1', port: busPort }]
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`no ${what} within ${WAIT_MS} ms`)
    await sleep(5)
  }
}

function upCount(node: Node): number {
  return node.topology?.members.filter(({ state }) => state === 'up').length ?? 0
}

describe('Nodes over sockets', () => {
  it('found, join, hold leases, and replace a coordinator that stops', async () => {
    const first = await options()
    const founder = await start(first)
    const second = await start(await options({ seeds: seedOf(first) }))
    const third = await start(await options({ seeds: seedOf(first) }))
    const all = [founder, second, third]
    await until(() => all.every(node => upCount(node) === 3 && node.hasLease), 'grid of three')
    await until(() => founder.topology!.voters.length === 3, 'quorum of three')
    await stop(founder)
    const isDown = () => findMember(second.topology!, founder.id)!.state === 'down'
    await until(isDown, 'failure of the first node')
    await until(() => second.hasLease && third.hasLease, 'leases of the others')
    const again = await start(first)
    await until(() => upCount(again) === 3 && again.hasLease, 'return of the first node')
    expect(again.id).toBe(founder.id)
    expect(findMember(again.topology!, again.id)!.incarnation).toBe(2)
  })

  it('refuse who does not know the secret, and say so once', async () => {
    const first = await options()
    const founder = await start(first)
    const stranger = await start(await options({ seeds: seedOf(first), secret: 'wrong' }))
    const complaints = (node: Node) => node.lines.filter(line => line.includes('wrong secret'))
    await until(() => complaints(founder).length > 0, 'complaint of the founder')
    await until(() => complaints(stranger).length > 0, 'complaint of the stranger')
    await sleep(300)
    expect(complaints(founder)).toHaveLength(1)
    expect(complaints(stranger)).toHaveLength(1)
    expect(founder.topology!.members).toHaveLength(1)
    expect(stranger.topology).toBeUndefined()
  })

  it('refuse who belongs to another cluster', async () => {
    const first = await options()
    const founder = await start(first)
    const other = await options()
    const foreigner = await start(other)
    const companion = await start(await options({ seeds: seedOf(other) }))
    await until(() => upCount(foreigner) === 2 && companion.hasLease, 'another cluster')
    await stop(foreigner)
    const again = await start({ ...other, seeds: seedOf(first) })
    const complaints = (node: Node) => node.lines.filter(line => line.includes('another cluster'))
    await until(() => complaints(again).length > 0, 'complaint')
    await until(() => complaints(founder).length > 0, 'complaint of the founder')
    expect(founder.topology!.members).toHaveLength(1)
  })

  it('take what is no frame for a stranger, and go on', async () => {
    const first = await options()
    const founder = await start(first)
    const socket = net.connect(first.busPort, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await new Promise(resolve => socket.once('close', resolve))
    await until(() => founder.lines.some(line => line.startsWith('peer refused')), 'complaint')
    const second = await start(await options({ seeds: seedOf(first) }))
    await until(() => upCount(second) === 2, 'grid of two')
  })

  it('without a secret are refused if they come from elsewhere', async () => {
    const first = await options({ isLocalOnly: true, secret: '' })
    const founder = await start(first)
    const second = await start(
      await options({ seeds: seedOf(first), isLocalOnly: true, secret: '' }),
    )
    await until(() => upCount(second) === 2, 'grid of two on one machine')
    expect(founder.lines.filter(line => line.startsWith('peer refused'))).toEqual([])
  })
})

describe('A node that founded a cluster by mistake', () => {
  it('does not start beside the one that it should join, and says what to do', async () => {
    const first = await options()
    await start(first)
    const second = await options()
    await stop(await start(second))
    const again = start({ ...second, seeds: seedOf(first) })
    await expect(again).rejects.toThrow(OwnCluster)
    await expect(again).rejects.toThrow(`remove ${second.directory} and it joins`)
    // Nothing is kept: it starts alone, and without its directory it joins.
    await stop(await start(second))
    rmSync(second.directory, { recursive: true })
    const joined = await start({ ...second, seeds: seedOf(first) })
    await until(() => upCount(joined) === 2, 'grid of two')
  })

  it('starts as long as no seed says that it belongs elsewhere', async () => {
    const first = await options()
    const node = await start(first)
    await until(() => node.hasLease, 'service')
    await stop(node)
    const nobody = { host: '127.0.0.1', port: await freePort() }
    const again = await start({ ...first, seeds: [...seedOf(first), nobody] })
    await until(() => again.hasLease, 'service')
  })

  it('has not done so if it could not listen', async () => {
    const first = await options()
    const founder = await start(first)
    const second = await options({ busPort: first.busPort })
    await expect(start(second)).rejects.toThrow(/EADDRINUSE/)
    const busPort = await freePort()
    const joiner = await start({ ...second, busPort, seeds: seedOf(first) })
    await until(() => upCount(founder) === 2 && upCount(joiner) === 2, 'grid of two')
  })
})

describe('A node that left', () => {
  it('joins again as a new node when it is started again, even if it was the first', async () => {
    const first = await options()
    const founder = await start(first)
    const second = await start(await options({ seeds: seedOf(first) }))
    await until(() => upCount(second) === 2, 'grid of two')
    const { id } = founder
    const hasEnded = () => {
      const member = findMember(founder.topology!, id)
      if (member?.isLeaving === false) {
        founder.shell.propose([{ kind: 'leave', id, expects: member.epoch }])
      }
      return founder.ended !== undefined
    }
    await until(hasEnded, 'the end')
    expect(founder.ended).toBe('forgotten')
    expect(founder.lines.filter(line => line.startsWith('out of the cluster'))).toHaveLength(1)
    const isAlone = () => second.topology!.segments.every(all => primary(all) === second.id)
    expect(isAlone()).toBe(true)
    await stop(founder)
    const again = await start(first)
    await until(() => upCount(again) === 2 && again.hasLease, 'new membership')
    expect(again.id).not.toBe(id)
    expect(again.shell.identity.cluster).toBe(second.shell.identity.cluster)
  })
})

describe('A single node that is started again', () => {
  it('says that its keys are lost and how to go on, and goes on when that is done', async () => {
    const given = await options()
    const first = { ...given, metadata: DEFAULT_METADATA_OPTIONS }
    await stop(await start(first))
    const again = await start(first)
    const told = (text: string) => again.lines.filter(line => line.includes(text))
    await until(() => told('FORGET-SEGMENT').length > 0, 'warning')
    expect(again.topology!.segments.every(segment => primary(segment) === undefined)).toBe(true)
    expect(told('FORGET-SEGMENT')).toEqual([expect.stringContaining('{"segments":256}')])
    const { epoch: expects } = again.topology!.segments[7]!
    const accepted = { segment: 7, id: again.id, expects, isLossAccepted: true }
    again.shell.propose([{ kind: 'recover', ...accepted }])
    await until(() => primary(again.topology!.segments[7]!) === again.id, 'a segment')
    again.shell.setPolicy({ ...policy, servesLostEmpty: true })
    const isServed = () => again.topology!.segments.every(each => primary(each) === again.id)
    await until(isServed, 'all segments')
    await until(() => told('no segment is lost any more').length === 1, 'end of the loss')
  })
})

describe('A directory', () => {
  it('belongs to one process', async () => {
    const first = await options()
    await start(first)
    const busPort = await freePort()
    await expect(start({ ...first, busPort })).rejects.toThrow(DirectoryInUse)
  })

  it('keeps the node, and raises its incarnation with every start', async () => {
    const first = await options()
    const node = await start(first)
    await until(() => node.hasLease, 'service')
    const { identity } = node.shell
    await stop(node)
    const again = await start(first)
    expect(again.shell.identity).toEqual({ ...identity, incarnation: 2 })
    await until(() => again.hasLease, 'service')
    expect(findMember(again.topology!, identity.id)).toMatchObject({ incarnation: 2, state: 'up' })
  })

  it('with a torn end loses what was never durable', async () => {
    const first = await options()
    const node = await start(first)
    await until(() => node.hasLease, 'service')
    await stop(node)
    const path = join(first.directory, 'consensus')
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('torn off')]))
    const again = await start(first)
    expect(again.lines.some(line => line.includes('torn off'))).toBe(true)
    await until(() => again.hasLease, 'service')
  })
})
