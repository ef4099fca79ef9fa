// One machine without a cluster: the test speaks for all other nodes.

import assert from 'node:assert/strict'
import type { NodeId } from '../../../cluster/raft/configuration.ts'
import type { Entry } from '../../../cluster/raft/entry.ts'
import type { Effects, Event } from '../../../cluster/raft/event.ts'
import type { Body, Message } from '../../../cluster/raft/message.ts'
import { DEFAULT_OPTIONS, type RaftOptions } from '../../../cluster/raft/options.ts'
import { Raft, type Restored } from '../../../cluster/raft/raft.ts'
import { foundingSnapshot } from '../../../cluster/raft/snapshot.ts'
import { nodeId, written } from './simulated-cluster.ts'

export const OPTIONS: RaftOptions = {
  ...DEFAULT_OPTIONS,
  electionTimeoutMs: 100,
  electionJitterMs: 100,
  heartbeatMs: 20,
  leaseMs: 90,
}

export interface LoneOptions {
  readonly voters?: number
  readonly term?: number
  readonly vote?: NodeId
  /** Terms of the entries after the founding snapshot, which takes index 1. */
  readonly log?: readonly number[]
  readonly options?: Partial<RaftOptions>
  readonly random?: () => number
}

export function command(index: number, term: number, text = `${index} ${term}`): Entry {
  return { kind: 'command', index, term, bytes: Buffer.from(text) }
}

/** Entries from `first` on, with these terms. */
export function commands(first: number, terms: readonly number[]): readonly Entry[] {
  return terms.map((term, offset) => command(first + offset, term))
}

type Kind = Message['kind']
type OfKind<K extends Kind> = Extract<Message, { readonly kind: K }>

export class LoneNode {
  readonly id = nodeId(1)
  readonly peers: readonly NodeId[]
  readonly options: RaftOptions
  readonly #random: () => number
  raft: Raft
  now = 1_000
  disk: Restored
  /** Reports each write as durable at once. */
  isDiskInstant = true
  sent: Message[] = []
  committed: Entry[] = []
  last!: Effects
  writes = 0

  constructor({ voters = 3, term = 1, vote, log = [], options, random }: LoneOptions = {}) {
    const ids = Array.from({ length: voters }, (_, index) => nodeId(index + 1))
    this.peers = ids.slice(1)
    this.options = { ...OPTIONS, ...options }
    this.#random = random ?? (() => 0.5)
    this.disk = {
      hardState: { term: Math.max(term, log.at(-1) ?? 1), vote },
      snapshot: foundingSnapshot(ids, Buffer.from('founded')),
      entries: commands(2, log),
    }
    this.raft = new Raft(this.id, this.disk, this.options, this.#random, this.now)
  }

  step(event: Event): Effects {
    const effects = this.raft.step(event, this.now)
    this.last = effects
    this.sent.push(...effects.messages)
    this.committed.push(...effects.committed)
    if (effects.write !== undefined) {
      this.writes = effects.write.number
      this.disk = written(this.disk, effects.write)
      if (this.isDiskInstant) this.step({ kind: 'persisted', write: effects.write.number })
    }
    return effects
  }

  /** A peer's message, of the node's own term unless told otherwise. */
  receive(from: NodeId, body: Body, term = this.raft.standing.term): Effects {
    const message = { ...body, from, to: this.id, term } as Message
    return this.step({ kind: 'message', message })
  }

  propose(text: string): Effects {
    return this.step({ kind: 'propose', bytes: Buffer.from(text) })
  }

  wait(ms: number): void {
    this.now += ms
    this.step({ kind: 'tick' })
  }

  /** What was sent since the last call. */
  take(): readonly Message[] {
    const { sent } = this
    this.sent = []
    return sent
  }

  takeOf<K extends Kind>(kind: K): readonly OfKind<K>[] {
    return this.take().filter((message): message is OfKind<K> => message.kind === kind)
  }

  restart(): void {
    this.raft = new Raft(this.id, this.disk, this.options, this.#random, this.now)
    this.writes = 0
    this.sent = []
    this.committed = []
  }

  becomePreCandidate(): void {
    this.wait(this.options.electionTimeoutMs + this.options.electionJitterMs)
    assert.equal(this.raft.standing.role, 'pre-candidate')
  }

  becomeCandidate(): void {
    this.becomePreCandidate()
    for (const peer of this.peers) {
      if (this.raft.standing.role !== 'pre-candidate') break
      this.receive(peer, { kind: 'vote-reply', preVote: true, granted: true })
    }
    assert.equal(this.raft.standing.role, 'candidate')
  }

  becomeLeader(): void {
    this.becomeCandidate()
    for (const peer of this.peers) {
      if (this.raft.standing.role !== 'candidate') break
      this.receive(peer, { kind: 'vote-reply', preVote: false, granted: true })
    }
    assert.equal(this.raft.standing.role, 'leader')
  }

  /** A leader whose first entry is committed and applied. */
  lead(): void {
    this.becomeLeader()
    for (const peer of this.peers) this.acknowledge(peer)
    for (const peer of this.peers) this.confirm(peer)
    this.take()
    this.committed = []
  }

  acknowledge(peer: NodeId, matched = this.raft.lastIndex): Effects {
    return this.receive(peer, { kind: 'append-accepted', matched })
  }

  confirm(peer: NodeId, sentAt = this.now): Effects {
    return this.receive(peer, { kind: 'heartbeat-reply', sentAt })
  }

  follow(leader: NodeId, term: number): void {
    this.receive(leader, { kind: 'heartbeat', committed: 1, sentAt: 0 }, term)
    assert.equal(this.raft.standing.leader, leader)
    this.take()
  }

  /** Terms of the log after the founding snapshot. */
  get logTerms(): readonly number[] {
    const terms: number[] = []
    for (let index = 2; index <= this.raft.lastIndex; index++) terms.push(this.raft.termAt(index)!)
    return terms
  }
}
