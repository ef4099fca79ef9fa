// The metadata plane on its own threads, as a node runs it. The workers are those of dist.

import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Log } from '../../../cluster/metadata/log.ts'
import { startMetadata } from '../../../cluster/metadata/start.ts'
import type { ThreadPort } from '../../../cluster/metadata/thread-port.ts'
import { primary } from '../../../cluster/topology/segment.ts'
import { findMember, type Topology } from '../../../cluster/topology/topology.ts'
import { systemClock } from '../../../src/clock.ts'
import { Config } from '../../../src/config/config.ts'

const WAIT_MS = 10_000
const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

const running = new Map<ThreadPort, NodeJS.Timeout>()
const directories: string[] = []

afterEach(async () => {
  for (const port of [...running.keys()]) await stop(port)
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  directories.length = 0
})

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

function configured(busPort: number, ...more: readonly (readonly [string, string])[]): Config {
  const dir = mkdtempSync(join(tmpdir(), 'latchkey-worker-'))
  directories.push(dir)
  const config = new Config()
  const lines = [['dir', dir], ['cluster-port', String(busPort)], ['bind', '127.0.0.1'], ...more]
  config.load(lines.map(([name, word]) => ({ name: name!, words: [word!], origin: 'test' })))
  return config
}

async function start(config: Config): Promise<ThreadPort> {
  const port = await startMetadata({
    config,
    clientPort: 6379,
    clock: systemClock,
    log: quiet,
    onFailure: error => {
      throw error
    },
  })
  running.set(
    port,
    setInterval(() => port.tick(), 50),
  )
  return port
}

async function stop(port: ThreadPort): Promise<void> {
  clearInterval(running.get(port))
  running.delete(port)
  await port.stop()
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`no ${what} within ${WAIT_MS} ms`)
    await sleep(5)
  }
}

function hasLease(port: ThreadPort): boolean {
  return systemClock.monotonic() < port.leaseUntil
}

describe('A metadata thread', () => {
  it('gives its node a lease and topologies, and takes its proposals', async () => {
    const busPort = await freePort()
    const first = await start(configured(busPort))
    await until(() => hasLease(first), 'lease')
    expect(first.leaseUntil - systemClock.monotonic()).toBeLessThan(600)
    const seen: Topology[] = []
    first.onTopology(topology => seen.push(topology))
    const second = await start(
      configured(await freePort(), ['cluster-join', `127.0.0.1:1@${busPort}`]),
    )
    await until(() => hasLease(second), 'lease of the second node')
    expect(second.identity.cluster).toBe(first.identity.cluster)
    expect(seen.length).toBeGreaterThan(0)
    // Records that did not change are the same, though they came from another thread.
    expect(seen.at(-1)!.segments[255]).toBe(seen[0]!.segments[255])

    const isPending = () => first.topology.segments[0]!.pending.includes(second.identity.id)
    await until(isPending, 'transfer to the second node')
    const { epoch } = first.topology.segments[0]!
    const { id, incarnation } = second.identity
    first.propose([{ kind: 'in-sync', segment: 0, id, incarnation, expects: epoch }])
    const isInSync = () => second.topology.segments[0]!.inSync.includes(id)
    await until(isInSync, 'decision')
    expect(primary(second.topology.segments[0]!)).toBe(first.identity.id)

    await until(() => second.status !== undefined, 'status')
    expect(second.status!.received.get('grant')).toBeGreaterThan(0)
    expect(second.status!.logBytes).toBeGreaterThan(0)
  })

  it('keeps the lease while its data thread runs a command of two seconds', async () => {
    const busPort = await freePort()
    const first = await start(configured(busPort))
    const second = await start(
      configured(await freePort(), ['cluster-join', `127.0.0.1:1@${busPort}`]),
    )
    await until(() => hasLease(first) && hasLease(second), 'leases')
    const epochs = first.topology.members.map(({ epoch }) => epoch)
    const busyUntil = performance.now() + 2_000
    while (performance.now() < busyUntil) {
      expect(hasLease(first)).toBe(true)
      expect(hasLease(second)).toBe(true)
    }
    await sleep(200)
    expect(first.topology.members.map(({ epoch }) => epoch)).toEqual(epochs)
  })

  it('tells a node that left that it is out', async () => {
    const busPort = await freePort()
    const first = await start(configured(busPort))
    const join = ['cluster-join', `127.0.0.1:1@${busPort}`] as const
    const second = await start(configured(await freePort(), join, ['cluster-capacity', '0']))
    const { id } = second.identity
    await until(() => findMember(first.topology, id) !== undefined, 'member')
    let ending: string | undefined
    second.onEnded(reason => {
      ending = reason
    })
    const leave = () => {
      const { epoch } = findMember(second.topology, id)!
      second.propose([{ kind: 'leave', id, expects: epoch }])
    }
    leave()
    await until(() => ending !== undefined, 'end')
    expect(ending).toBe('forgotten')
  })

  it('does not start a node that was forgotten while it was down', async () => {
    const busPort = await freePort()
    const first = await start(configured(busPort))
    const join = ['cluster-join', `127.0.0.1:1@${busPort}`] as const
    const config = configured(await freePort(), join, ['cluster-capacity', '0'])
    const second = await start(config)
    const { id } = second.identity
    await until(() => findMember(first.topology, id) !== undefined, 'member')
    await stop(second)
    await until(() => findMember(first.topology, id)?.state === 'down', 'end of the member')
    first.propose([{ kind: 'leave', id, expects: findMember(first.topology, id)!.epoch }])
    await until(() => findMember(first.topology, id) === undefined, 'removal')
    await expect(start(config)).rejects.toThrow(
      /has forgotten this node; without .*cluster-state it/,
    )
  })

  it('says what an operator has to mend', async () => {
    const busPort = await freePort()
    const config = configured(busPort)
    await start(config)
    await expect(start(config)).rejects.toThrow(/another process uses the directory/)
    await expect(start(configured(busPort))).rejects.toThrow(/EADDRINUSE/)
    const bad = configured(await freePort(), ['cluster-join', 'nowhere'])
    await expect((async () => start(bad))()).rejects.toThrow(/cluster-join/)
  })
})
