// A few replication machines with links and a topology in the test's hands. Nothing happens by
// itself: messages wait until they are delivered, decisions until they are told.

import type { Entry } from '../../../cluster/replication/entry.ts'
import type { Answer, Shipment } from '../../../cluster/replication/message.ts'
import { DEFAULT_REPLICATION_OPTIONS } from '../../../cluster/replication/options.ts'
import { Replication } from '../../../cluster/replication/replication.ts'
import type { Store, Transfer } from '../../../cluster/replication/store.ts'
import { apply } from '../../../cluster/topology/apply.ts'
import type { SegmentEntry, TopologyEntry } from '../../../cluster/topology/entry.ts'
import type { Topology } from '../../../cluster/topology/topology.ts'
import { nodeId } from '../topology/fixtures.ts'

/** A copy is a list of words; an effect adds one. */
export class Words implements Store {
  readonly served = new Map<number, string[]>()
  readonly kept = new Map<number, string[]>()

  apply(segment: number, _now: number, effects: Buffer): void {
    const words = this.kept.get(segment) ?? []
    words.push(...effects.toString().split(' '))
    this.kept.set(segment, words)
  }

  promote(segment: number): void {
    this.served.set(segment, this.kept.get(segment) ?? [])
    this.kept.delete(segment)
  }

  demote(segment: number): void {
    this.kept.set(segment, this.served.get(segment)!)
    this.served.delete(segment)
  }

  clear(segment: number): void {
    this.served.delete(segment)
    this.kept.delete(segment)
  }

  transfer(segment: number): Transfer {
    const unsent = [...this.served.get(segment)!]
    return {
      next: () => {
        const word = unsent.shift()
        return word === undefined ? undefined : Buffer.from(word)
      },
      // Words are never changed, so what comes later is not part of what was there.
      filter: effects => effects,
      close: () => undefined,
    }
  }

  words(segment: number): string {
    return (this.served.get(segment) ?? this.kept.get(segment) ?? []).join(' ')
  }
}

class Node {
  readonly store = new Words()
  readonly machine: Replication

  constructor(grid: Grid, index: number, incarnation: number) {
    this.machine = new Replication(
      nodeId(index),
      incarnation,
      grid.topology,
      this.store,
      {
        send: (to, message) => grid.post(index, to, message),
        answer: (to, message) => grid.post(index, to, message, true),
        propose: entry => grid.proposals.push(entry),
        roleChanged: () => undefined,
      },
      DEFAULT_REPLICATION_OPTIONS,
    )
  }
}

interface Letter {
  readonly from: number
  readonly to: number
  readonly message: Shipment | Answer
  readonly isAnswer: boolean
}

export class Grid {
  topology: Topology
  now = 1000
  readonly nodes = new Map<number, Node>()
  readonly proposals: SegmentEntry[] = []
  /** What is on its way, in order. */
  readonly letters: Letter[] = []

  constructor(topology: Topology, ...indexes: readonly number[]) {
    this.topology = topology
    for (const index of indexes) this.nodes.set(index, new Node(this, index, 1))
    for (const { machine } of this.nodes.values()) machine.start(this.now)
    for (const from of indexes) for (const to of indexes) if (from !== to) this.connect(from, to)
    this.deliver()
  }

  node(index: number): Node {
    return this.nodes.get(index)!
  }

  connect(from: number, to: number): void {
    this.node(to).machine.peerUp(nodeId(from))
    this.node(from).machine.linkUp(nodeId(to), 1, this.now)
  }

  disconnect(from: number, to: number): void {
    this.#lose(letter => letter.from === from && letter.to === to && !letter.isAnswer)
    this.#lose(letter => letter.from === to && letter.to === from && letter.isAnswer)
    this.node(from).machine.linkDown(nodeId(to), this.now)
    this.node(to).machine.peerDown(nodeId(from))
  }

  #lose(isLost: (letter: Letter) => boolean): void {
    const rest = this.letters.filter(letter => !isLost(letter))
    this.letters.splice(0, this.letters.length, ...rest)
  }

  post(from: number, to: string, message: Shipment | Answer, isAnswer = false): void {
    this.letters.push({ from, to: Number.parseInt(to, 16), message, isAnswer })
  }

  /** Delivers what is on its way, and what comes of it, except to those named. */
  deliver({ but = [] as readonly number[] } = {}): void {
    for (;;) {
      const at = this.letters.findIndex(letter => !but.includes(letter.to))
      if (at === -1) return
      const [letter] = this.letters.splice(at, 1)
      const { machine } = this.node(letter!.to)
      machine.received(nodeId(letter!.from), letter!.message, this.now)
      machine.flush()
    }
  }

  /** A node executes a command in segment 0. */
  execute(index: number, word: string): Entry {
    const { machine, store } = this.node(index)
    store.served.get(0)!.push(word)
    return machine.executed(0, 0, Buffer.from(word), this.now)
  }

  /** Takes a decision that must be taken. Nobody hears of it yet. */
  decide(entry: TopologyEntry): void {
    const { topology, refusal } = apply(this.topology, entry)
    if (refusal !== undefined) throw new Error(`${entry.kind} is refused: ${refusal}`)
    this.topology = topology
  }

  /** Takes the decisions that were proposed, as far as they fit. */
  decideProposed(): void {
    for (const entry of this.proposals.splice(0)) {
      this.topology = apply(this.topology, entry).topology
    }
  }

  tell(...indexes: readonly number[]): void {
    for (const index of indexes) this.node(index).machine.setTopology(this.topology, this.now)
  }

  pass(ms: number): void {
    this.now += ms
    for (const { machine } of this.nodes.values()) machine.tick(this.now)
  }

  role(index: number): string {
    return this.node(index).machine.roleOf(0)
  }

  words(index: number): string {
    return this.node(index).store.words(0)
  }
}
