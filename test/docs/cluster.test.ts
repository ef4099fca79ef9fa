// What docs/cluster.md and the README show of a cluster can be done as it is written there, in its
// order, on nodes that are started as it says. Only ports are others.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { settings } from '../../src/config/settings.ts'
import { Loopback } from '../cluster/processes/place.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { repositoryRoot } from '../harness/repository-root.ts'

const WAIT_MS = 60_000
const LOOK_MS = 50
const main = join(repositoryRoot, 'dist', 'main.js')
const page = readFileSync(join(repositoryRoot, 'docs', 'cluster.md'), 'utf8')
const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8')

/** The lines of the shell examples that have to do with a cluster. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .map(([, block]) => block!)
    .filter(block => /\b700\d\b|npm run cluster/.test(block))
    .flatMap(block => block.trim().split('\n'))
}

/** A shell in a directory of its own, whose ports 7001 and so on are free ones. */
class Shell {
  readonly #folder = mkdtempSync(join(tmpdir(), 'latchkey-docs-'))
  readonly #ports: ReadonlyMap<string, number>
  // LATCHKEY_… variables are settings to a Latchkey, and some of the tests' own have the same prefix.
  readonly #environment: NodeJS.ProcessEnv = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_')),
  )
  readonly #nodes: { child: ChildProcess; output: string }[] = []

  constructor(ports: readonly number[]) {
    this.#ports = new Map(ports.map((port, i) => [String(7001 + i), port]))
  }

  async run(line: string): Promise<string> {
    const [program, ...words] = line
      .replace(/\b700\d\b/g, port => String(this.#ports.get(port)))
      .split(' ')
    if (program === 'export') {
      for (const word of words) {
        const [name, value] = word.split('=')
        this.#environment[name!] = value
      }
    } else if (program === 'mkdir') {
      for (const name of words.slice(1)) mkdirSync(join(this.#folder, name), { recursive: true })
    } else if (program === 'node') {
      await this.start(words.slice(1), 'ready to accept connections')
    } else if (program === 'redis-cli') {
      return this.#redisCli(words)
    } else {
      throw new Error(`the test does not know how to run ${line}`)
    }
    return ''
  }

  /** Runs latchkey in the background; comes back when it has printed the text. */
  async start(args: readonly string[], text: string): Promise<void> {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: this.#folder,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const node = { child, output: '' }
    this.#nodes.push(node)
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        node.output += chunk.toString()
      })
    }
    await until(`"${text}" of ${args.join(' ')}`, () => {
      if (child.exitCode !== null) throw new Error(node.output)
      return node.output.includes(text)
    })
  }

  #redisCli(words: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('redis-cli', words, { encoding: 'utf8' })
    const output = `${stdout}${stderr}`
    if (status !== 0 || /^(ERR|MOVED|CLUSTERDOWN|\(error\))/m.test(output)) throw new Error(output)
    return output
  }

  /** What `CLUSTER INFO` says of every node. */
  async figures(port: string): Promise<Map<string, string>> {
    const text = await this.run(`redis-cli -p ${port} CLUSTER INFO`)
    const lines = text.split('\n').filter(line => line.includes(':'))
    return new Map(lines.map(line => line.trim().split(':') as [string, string]))
  }

  /** Until any one node may go, as the page says that it is seen. */
  async settled(port: string, nodes: number): Promise<void> {
    await until(`${nodes} nodes with all copies`, async () => {
      const figures = await this.figures(port)
      return (
        figures.get('cluster_known_nodes') === String(nodes) &&
        figures.get('cluster_segments_short') === '0' &&
        figures.get('cluster_segments_moving') === '0'
      )
    })
  }

  get isAnyEnded(): boolean {
    return this.#nodes.some(({ child }) => child.exitCode !== null)
  }

  /** A dev cluster is told to end, or it would leave its nodes behind. */
  async close(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ended = this.#nodes.map(({ child }) => {
      if (child.exitCode !== null) return undefined
      const exit = new Promise(resolve => child.once('exit', resolve))
      child.kill(signal)
      return exit
    })
    await Promise.all(ended)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`no ${what} within ${WAIT_MS} ms`)
    await sleep(LOOK_MS)
  }
}

async function freePorts(count: number): Promise<number[]> {
  const place = new Loopback()
  const ports: number[] = []
  while (ports.length < count) ports.push((await place.address()).port)
  return ports
}

describeWithRedis('docs/cluster.md', () => {
  const commands = commandsOf(page)
  let shell: Shell

  beforeAll(async () => {
    shell = new Shell(await freePorts(4))
  })

  afterAll(() => shell.close())

  test('starts, grows and drains a cluster', { timeout: 2 * WAIT_MS }, async () => {
    let nodes = 0
    for (const line of commands) {
      // A node leaves when it is safe: the page says to look.
      if (line.includes('DRAIN')) await shell.settled('7001', nodes)
      const output = await shell.run(line)
      if (line.startsWith('node ')) nodes++
      if (line.startsWith('redis-cli')) expect(output.trim()).not.toBe('')
      if (line.includes('--cluster check')) expect(output).toContain('All 16384 slots covered')
      if (line.includes('CLUSTER NODES')) expect(output.match(/\bmaster\b/g)).toHaveLength(nodes)
      if (line.includes('GET user:7')) expect(output.trim()).toBe('Ada')
      if (line.includes('LOCK.ACQUIRE')) expect(Number(output)).toBeGreaterThan(0)
      if (line.includes('DRAIN')) {
        nodes--
        await until('end of the drained node', () => shell.isAnyEnded)
        await shell.settled('7001', nodes)
      }
    }
    expect(nodes).toBe(3)
    const listed = [...page.matchAll(/^\| `((?:total_)?cluster_\w+)` \|/gm)].map(([, name]) => name)
    expect([...(await shell.figures('7001')).keys()]).toEqual(listed)
  })
})

describeWithRedis('the README', () => {
  test('shows a cluster in a minute', { timeout: 2 * WAIT_MS }, async () => {
    const [start, ...commands] = commandsOf(readme)
    expect(start).toBe('npm run cluster')
    const scripts = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')).scripts
    expect(scripts.cluster).toContain('node dist/main.js dev-cluster')
    const first = await freeRun(3)
    const shell = new Shell([first, first + 1, first + 2])
    try {
      await shell.start(['dev-cluster', '3', String(first)], 'Stop it with Ctrl-C')
      await shell.settled('7001', 3)
      expect(commands.length).toBeGreaterThan(2)
      for (const line of commands) expect((await shell.run(line)).trim()).not.toBe('')
    } finally {
      await shell.close('SIGTERM')
    }
  })
})

/** The first of so many free ports that follow each other. */
async function freeRun(count: number): Promise<number> {
  for (;;) {
    const [first] = (await freePorts(1)) as [number]
    const probes = await Promise.all(
      Array.from({ length: count }, (_, i) => [first + i, first + i + 10_000])
        .flat()
        .map(isFree),
    )
    if (probes.every(each => each)) return first
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

describe('the pages on a cluster', () => {
  test.each([
    ['docs/cluster.md', page],
    ['README.md', readme],
  ])('%s names settings that there are', (_, text) => {
    const named = [...text.matchAll(/`((?:cluster|min-insync)-[a-z-]+)\b/g)].map(
      ([, name]) => name!,
    )
    const unknown = named.filter(name => !(name in settings) && name !== 'cluster-state')
    expect(unknown).toEqual([])
  })
})
