// What the nodes say of the grid (CLUSTER TOPOLOGY), and whether they all say the same.

import { RespError, type RespValue } from '../../harness/resp-value.ts'

export interface MemberReport {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly state: string
  readonly isLeaving: boolean
  readonly capacity: number
  readonly primaryOf: number
  readonly copies: number
}

/** Neighbouring segments of the same owners. */
export interface SegmentsReport {
  readonly first: number
  readonly last: number
  readonly owners: readonly string[]
  readonly inSync: readonly string[]
  readonly pending: readonly string[]
}

export interface GridReport {
  readonly epoch: number
  readonly members: readonly MemberReport[]
  readonly segments: readonly SegmentsReport[]
}

export function readReport(reply: RespValue): GridReport {
  if (reply instanceof RespError) throw new Error(`CLUSTER TOPOLOGY: ${reply.text}`)
  return JSON.parse(String(reply)) as GridReport
}

export const SEGMENT_SHIFT = 6

/** Of a segment: its primary, or undefined if it is lost. */
export function primaryOf({ segments }: GridReport, segment: number): string | undefined {
  return segments.find(({ first, last }) => first <= segment && segment <= last)?.inSync[0]
}

export interface Expected {
  /** How many members are up. Those that are down must have been replaced. */
  readonly up: number
  readonly owners: number
}

/** By how many segments two nodes of one capacity may differ when nothing is left to be moved. */
const IMBALANCE_MAX = 2

/** Undefined if the reports agree and nothing is left to be done, else what is. */
export function unrest(reports: readonly GridReport[], expected: Expected): string | undefined {
  const [report] = reports
  if (report === undefined) return 'nobody answers'
  const epochs = new Set(reports.map(({ epoch }) => epoch))
  if (epochs.size > 1) return `epochs ${[...epochs].join(', ')}`
  const { members, segments } = report
  const up = members.filter(({ state, isLeaving }) => state === 'up' && !isLeaving)
  if (up.length !== expected.up) return `${up.length} of ${members.length} members are up`
  const owning = up.filter(({ capacity }) => capacity > 0)
  const owners = Math.min(expected.owners, owning.length)
  const open = segments.find(
    each =>
      each.owners.length !== owners || each.inSync.length !== owners || each.pending.length > 0,
  )
  if (open !== undefined) {
    const { first, last, owners, inSync, pending } = open
    const counts = `${owners.length} owners, ${inSync.length} in sync, ${pending.length} pending`
    return `segments ${first} to ${last} have ${counts}`
  }
  for (const count of ['primaryOf', 'copies'] as const) {
    const counts = owning.map(member => member[count])
    if (Math.max(...counts) - Math.min(...counts) > IMBALANCE_MAX) {
      return `${count} is ${counts.join(', ')}`
    }
  }
  return undefined
}
