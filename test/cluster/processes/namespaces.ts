// A network in which every node has a cable of its own: a namespace each, all on one bridge.
//
// The test itself sits on the bridge, so that it reaches all nodes. A cable that is cut leaves
// connections as they are: nothing is refused and nothing is reset, packets are just gone, as from a
// machine that lost its power. Needs root and Linux.

import { execFileSync, spawnSync } from 'node:child_process'
import type { Address, Place } from './place.ts'

const NODE_PORT = 6379
const NODES_MAX = 250

/** One bridge per process and network: names of interfaces have at most 15 characters. */
let networks = 0

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Undefined if namespaces can be had here, else why not. */
export function whyNoNamespaces(): string | undefined {
  const name = `lk-probe-${process.pid}`
  for (const words of [
    ['netns', 'add', name],
    ['link', 'add', `lkp${process.pid}`, 'type', 'bridge'],
  ]) {
    const { error, status, stderr } = spawnSync('ip', words, { encoding: 'latin1' })
    spawnSync('ip', ['netns', 'del', name])
    spawnSync('ip', ['link', 'del', `lkp${process.pid}`])
    if (error !== undefined) return error.message
    if (status !== 0) return stderr.trim()
  }
  return undefined
}

interface Cable {
  readonly namespace: string
  /** The end of the cable that is in the bridge. */
  readonly plug: string
}

export class Namespaces implements Place {
  readonly #bridge: string
  readonly #prefix: string
  readonly #subnet: string
  readonly #cables = new Map<string, Cable>()
  readonly #onExit = () => this.close()

  constructor() {
    const id = `${process.pid.toString(36)}${(networks++).toString(36)}`
    this.#prefix = `lk${id}`
    this.#bridge = `${this.#prefix}b`
    // Of those for private use, one that two test processes hardly share.
    this.#subnet = `10.${128 + (process.pid % 120)}.${(process.pid >> 7) % 250}`
    ip('link', 'add', this.#bridge, 'type', 'bridge')
    ip('addr', 'add', `${this.#subnet}.254/24`, 'dev', this.#bridge)
    ip('link', 'set', this.#bridge, 'up')
    process.once('exit', this.#onExit)
  }

  async address(): Promise<Address> {
    const number = this.#cables.size + 1
    if (number > NODES_MAX) throw new RangeError(`a network has at most ${NODES_MAX} nodes`)
    const host = `${this.#subnet}.${number}`
    const namespace = `${this.#prefix}n${number}`
    const plug = `${this.#prefix}p${number}`
    ip('netns', 'add', namespace)
    this.#cables.set(host, { namespace, plug })
    ip('link', 'add', plug, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
    ip('link', 'set', plug, 'master', this.#bridge, 'up')
    ip('-n', namespace, 'addr', 'add', `${host}/24`, 'dev', 'eth0')
    ip('-n', namespace, 'link', 'set', 'eth0', 'up')
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
    return { host, port: NODE_PORT }
  }

  commandAt({ host }: Address, command: readonly string[]): readonly string[] {
    return ['ip', 'netns', 'exec', this.#cable(host).namespace, ...command]
  }

  settingsAt({ host }: Address): readonly string[] {
    return ['--bind', host, '--cluster-announce-ip', host, '--protected-mode', 'no']
  }

  /** Nothing comes or goes any more. */
  cut({ host }: Address): void {
    ip('link', 'set', this.#cable(host).plug, 'down')
  }

  mend({ host }: Address): void {
    ip('link', 'set', this.#cable(host).plug, 'up')
  }

  /** What one node sends to the other is lost; the other way is open. */
  cutOneWay(from: Address, to: Address): void {
    ip('-n', this.#cable(from.host).namespace, 'route', 'add', 'blackhole', `${to.host}/32`)
  }

  mendOneWay(from: Address, to: Address): void {
    ip('-n', this.#cable(from.host).namespace, 'route', 'del', 'blackhole', `${to.host}/32`)
  }

  /** Isolated nodes do not see each other; the test and all other nodes see them as before. */
  isolate({ host }: Address, isIsolated: boolean): void {
    const { plug } = this.#cable(host)
    const words = ['link', 'set', 'dev', plug, 'isolated', isIsolated ? 'on' : 'off']
    execFileSync('bridge', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  }

  /** A cable that takes so many kilobits a second, and lets packets wait for as long as this. */
  throttle({ host }: Address, kilobits: number, waitMs: number): void {
    const { plug } = this.#cable(host)
    const limits = ['rate', `${kilobits}kbit`, 'burst', '4kb', 'latency', `${waitMs}ms`]
    execFileSync('tc', ['qdisc', 'replace', 'dev', plug, 'root', 'tbf', ...limits])
  }

  unthrottle({ host }: Address): void {
    execFileSync('tc', ['qdisc', 'del', 'dev', this.#cable(host).plug, 'root'])
  }

  close(): void {
    process.off('exit', this.#onExit)
    // A namespace goes with its end of the cable, and so does the other end.
    for (const { namespace } of this.#cables.values()) spawnSync('ip', ['netns', 'del', namespace])
    spawnSync('ip', ['link', 'del', this.#bridge])
    this.#cables.clear()
  }

  #cable(host: string): Cable {
    const cable = this.#cables.get(host)
    if (cable === undefined) throw new Error(`nothing is at ${host}`)
    return cable
  }
}
