// What may befall a cluster. Each fault begins and ends with a cluster in which all is well.

import { setTimeout as sleep } from 'node:timers/promises'
import { RespClient } from '../../harness/resp-client.ts'
import { keysServedBy } from './outage.ts'
import type { Fault, Trial } from './trial.ts'

const PAUSE_MS = 5_000
const CUT_MS = 2_500

const kill: Fault = {
  name: 'kill',
  summary: 'kill -9 of a node, which is started again in its directory',
  nodes: 3,
  isUnseen: true,
  async inflict(trial) {
    const node = trial.anyNode()
    await trial.outage(node, () => node.kill())
    await node.start()
  },
}

const coordinator: Fault = {
  name: 'coordinator',
  summary: 'kill -9 of the coordinator, which is started again',
  nodes: 3,
  isUnseen: true,
  async inflict(trial) {
    const node = await trial.coordinator()
    await trial.outage(node, () => node.kill())
    await node.start()
  },
}

const pause: Fault = {
  name: 'pause',
  summary: 'SIGSTOP for five seconds; what the node says when it goes on is not from the past',
  nodes: 3,
  isUnseen: false,
  async inflict(trial) {
    const node = trial.anyNode()
    const [key] = await keysServedBy(trial.cluster, node, 1)
    const before = await RespClient.connect(node.address)
    await before.call('SET', key!, 'before')
    const startedAt = performance.now()
    await trial.outage(node, () => node.pause())
    // Asked while it is paused, and answered when it goes on.
    const asked = before.send('GET', key!)
    await writeElsewhere(trial, node, key!)
    await sleep(Math.max(0, startedAt + PAUSE_MS - performance.now()))
    node.resume()
    const reply = (await asked).toString('latin1')
    await before.close()
    if (!reply.startsWith('-MOVED') && !reply.includes('after')) {
      throw new Error(`${node.name} answered from the past: ${reply}`)
    }
  },
}

async function writeElsewhere(trial: Trial, node: unknown, key: string): Promise<void> {
  for (const other of trial.cluster.running.filter(each => each !== node)) {
    if ((await other.ask('SET', key, 'after')) === 'OK') return
  }
  throw new Error(`nobody else takes a write of ${key}`)
}

const cut: Fault = {
  name: 'cut',
  summary: 'a cable is cut, and mended',
  nodes: 3,
  isUnseen: false,
  async inflict(trial) {
    const node = trial.anyNode()
    await trial.outage(node, () => trial.network.cut(node.address))
    await sleep(CUT_MS)
    trial.network.mend(node.address)
  },
}

const oneWay: Fault = {
  name: 'one-way',
  summary: 'what a node sends to another is lost, the other way is open',
  nodes: 3,
  isUnseen: false,
  async inflict(trial) {
    const [from, to] = pair(trial)
    trial.network.cutOneWay(from.address, to.address)
    await sleep(CUT_MS)
    trial.network.mendOneWay(from.address, to.address)
  },
}

const bridge: Fault = {
  name: 'bridge',
  summary: 'two nodes do not see each other, the third sees both',
  nodes: 3,
  isUnseen: false,
  async inflict(trial) {
    const nodes = pair(trial)
    for (const node of nodes) trial.network.isolate(node.address, true)
    await sleep(CUT_MS)
    for (const node of nodes) trial.network.isolate(node.address, false)
  },
}

const slow: Fault = {
  name: 'slow',
  summary: 'a cable that takes two megabits a second',
  nodes: 3,
  isUnseen: false,
  async inflict(trial) {
    const node = trial.anyNode()
    trial.network.throttle(node.address, 2_000, 200)
    await sleep(CUT_MS)
    trial.network.unthrottle(node.address)
  },
}

function pair({ cluster, random }: Trial) {
  const [one, ...others] = [...cluster.running].sort(() => random.random() - 0.5)
  return [one!, others[0]!] as const
}

const two: Fault = {
  name: 'two',
  summary: 'two nodes of five are killed, the second when the copies of the first were replaced',
  nodes: 5,
  isUnseen: true,
  async inflict(trial) {
    const { cluster } = trial
    const dead = []
    for (const left of [4, 3]) {
      const node = trial.anyNode()
      dead.push(node)
      await trial.outage(node, () => node.kill())
      await cluster.stable(left)
    }
    for (const node of dead) await node.start()
  },
}

const restart: Fault = {
  name: 'restart',
  summary: 'a node is stopped as operators do, and started again',
  nodes: 3,
  isUnseen: true,
  async inflict(trial) {
    const node = trial.anyNode()
    await node.stop()
    await node.start()
  },
}

const rolling: Fault = {
  name: 'rolling',
  summary: 'all nodes are stopped and started again, one after the other',
  nodes: 3,
  isUnseen: true,
  async inflict({ cluster }) {
    for (const node of cluster.running) {
      await node.stop()
      await node.start()
      await cluster.stable(3)
    }
  },
}

/** Not always those leave that came last. */
async function growAndShrink({ cluster, random }: Trial, count: number): Promise<void> {
  const before = cluster.running.length
  for (let i = 0; i < count; i++) await cluster.add()
  await cluster.stable()
  while (cluster.running.length > before) {
    await cluster.drain(random.pick(cluster.running))
    await cluster.stable()
  }
}

const join: Fault = {
  name: 'join',
  summary: 'a fourth node joins three, and one of the four is drained',
  nodes: 3,
  isUnseen: true,
  inflict: trial => growAndShrink(trial, 1),
}

const grow: Fault = {
  name: 'grow',
  summary: 'three nodes become five and three again',
  nodes: 3,
  isUnseen: true,
  inflict: trial => growAndShrink(trial, 2),
}

/** On this machine's loopback interface. */
export const faults: readonly Fault[] = [
  kill,
  coordinator,
  pause,
  two,
  restart,
  rolling,
  join,
  grow,
]

/** With cables to cut. */
export const networkFaults: readonly Fault[] = [cut, oneWay, bridge, slow]
