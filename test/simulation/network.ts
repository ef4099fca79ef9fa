// Between places: which of them reach each other, and how long it takes.
//
// A place is a node or a client, by number. Partitions are directed, so that one-way cuts and
// bridges are partitions like any other. Datagrams may be lost, repeated and overtaken. Connections
// (connection.ts) are reliable while they are up.

import type { Seeded } from '../cluster/raft/seeded.ts'
import type { Connection } from './connection.ts'
import type { Timeline } from './timeline.ts'

export interface NetworkFaults {
  readonly delayMsMax: number
  /** Share of datagrams that take up to `lateMsMax`. */
  readonly lateRate: number
  readonly lateMsMax: number
  /** Of datagrams only. */
  readonly lossRate: number
  readonly duplicationRate: number
}

export const CALM_NETWORK: NetworkFaults = Object.freeze({
  delayMsMax: 1,
  lateRate: 0,
  lateMsMax: 0,
  lossRate: 0,
  duplicationRate: 0,
})

const DELAY_MS_MIN = 0.05
/** On a slow path everything takes so much longer. */
const SLOW_MS_MAX = 60

/** Takes what arrives as a datagram, if it is there at that moment. */
export interface Receiver<M> {
  datagram(message: M): void
}

export class Network {
  readonly timeline: Timeline
  readonly seeded: Seeded
  faults: NetworkFaults
  /** Those that are up, or whose ends do not all know yet that they are not. */
  readonly connections = new Set<Connection<unknown>>()
  readonly #placeCount: number
  readonly #isCut: Uint8Array
  readonly #isSlow: Uint8Array

  constructor(timeline: Timeline, seeded: Seeded, placeCount: number, faults: NetworkFaults) {
    this.timeline = timeline
    this.seeded = seeded
    this.faults = faults
    this.#placeCount = placeCount
    this.#isCut = new Uint8Array(placeCount * placeCount)
    this.#isSlow = new Uint8Array(placeCount * placeCount)
  }

  isCut(from: number, to: number): boolean {
    return this.#isCut[from * this.#placeCount + to] === 1
  }

  cut(from: number, to: number): void {
    this.#isCut[from * this.#placeCount + to] = 1
    for (const connection of this.connections) connection.pathChanged()
  }

  slowDown(from: number, to: number): void {
    this.#isSlow[from * this.#placeCount + to] = 1
  }

  /** Every path works again, at its normal speed. */
  heal(): void {
    this.#isCut.fill(0)
    this.#isSlow.fill(0)
    for (const connection of this.connections) connection.pathChanged()
  }

  /** How long the next thing takes from one place to the other. */
  delayMs(from: number, to: number): number {
    const slow = this.#isSlow[from * this.#placeCount + to] === 1 ? SLOW_MS_MAX : 0
    return DELAY_MS_MIN + this.seeded.random() * (this.faults.delayMsMax + slow)
  }

  send<M>(from: number, to: number, receiver: Receiver<M>, message: M): void {
    const { lossRate, duplicationRate, lateRate, lateMsMax } = this.faults
    const copies = duplicationRate > 0 && this.seeded.chance(duplicationRate) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (lossRate > 0 && this.seeded.chance(lossRate)) continue
      const isLate = lateRate > 0 && this.seeded.chance(lateRate)
      const lateMs = isLate ? this.seeded.random() * lateMsMax : 0
      const at = this.timeline.now + this.delayMs(from, to) + lateMs
      this.timeline.schedule(() => {
        if (!this.isCut(from, to)) receiver.datagram(message)
      }, at)
    }
  }
}
