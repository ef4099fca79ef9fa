// operations.ts — CLUSTER subcommands by which an operator changes the cluster, and why most of
// Redis's cannot: nodes agree among themselves on who owns what, and nobody is asked.

import type { Call } from '../../src/call.ts'
import { errors, ReplyError, subcommandSyntax } from '../../src/errors.ts'
import { SEGMENTS } from '../../src/keyspace/slot.ts'
import { clusterOf } from './cluster-of.ts'

const PORT_MAX = 65_535
/** Where the bus listens unless it is told otherwise: Redis's rule. */
const BUS_PORT_OFFSET = 10_000

const forgetSelf = new ReplyError(
  "ERR I tried hard but I can't forget myself... (CLUSTER DRAIN makes this node leave)",
)
const invalidSegment = new ReplyError(`ERR a segment is a number from 0 to ${SEGMENTS - 1}`)

export function clusterMeet(call: Call): void {
  const cluster = clusterOf(call)
  if (call.count > 5) throw subcommandSyntax(call.text(1), 'cluster')
  const host = call.text(2)
  const port = readPort(call, 3, 'base')
  const busPort = call.count === 5 ? readPort(call, 4, 'bus') : port + BUS_PORT_OFFSET
  if (!/^[\w.:-]{1,255}$/.test(host) || busPort > PORT_MAX) {
    throw new ReplyError(`ERR Invalid node address specified: ${host}:${port}`)
  }
  cluster.meet(host, port, busPort)
  call.reply.ok()
}

function readPort(call: Call, i: number, kind: 'base' | 'bus'): number {
  const error = new ReplyError(`ERR Invalid TCP ${kind} port specified: ${call.text(i)}`)
  return call.integerIn(i, 1, PORT_MAX, error)
}

/** A member that is to be forgotten leaves first: nothing is lost, be it up or down. */
export function clusterForget(call: Call): void {
  const cluster = clusterOf(call)
  const id = call.text(2)
  if (id === cluster.id) throw forgetSelf
  cluster.drain(id)
  call.reply.ok()
}

export function clusterDrain(call: Call): void {
  const cluster = clusterOf(call)
  if (call.count > 3) throw subcommandSyntax(call.text(1), 'cluster')
  cluster.drain(call.count === 3 ? call.text(2) : cluster.id)
  call.reply.ok()
}

export function clusterForgetSegment(call: Call): void {
  const cluster = clusterOf(call)
  const segments = new Set<number>()
  for (let i = 2; i < call.count; i++) {
    segments.add(call.integerIn(i, 0, SEGMENTS - 1, invalidSegment))
  }
  cluster.forgetSegments([...segments])
  call.reply.ok()
}

export function clusterFailover(call: Call): void {
  clusterOf(call)
  if (call.count > 3 || (call.count === 3 && !call.is(2, 'FORCE') && !call.is(2, 'TAKEOVER'))) {
    throw errors.syntax
  }
  throw decidedByItself(call, 'chooses primaries by itself; CLUSTER DRAIN moves them off a node')
}

export function clusterReset(call: Call): void {
  clusterOf(call)
  if (call.count > 3 || (call.count === 3 && !call.is(2, 'HARD') && !call.is(2, 'SOFT'))) {
    throw errors.syntax
  }
  throw decidedByItself(call, 'is left by CLUSTER DRAIN, and a node without its directory is new')
}

/** ADDSLOTS, DELSLOTS, SETSLOT and their kin. */
export function clusterAssignSlots(call: Call): void {
  clusterOf(call)
  throw decidedByItself(call, 'assigns slots to its nodes by itself')
}

/** BUMPEPOCH, SET-CONFIG-EPOCH. */
export function clusterSetEpoch(call: Call): void {
  clusterOf(call)
  throw decidedByItself(call, 'numbers its changes by itself')
}

export function clusterReplicate(call: Call): void {
  clusterOf(call)
  throw decidedByItself(call, 'places copies by itself; cluster-owners says how many')
}

/** What the quorum has decided is on disk before it takes effect. */
export function clusterSaveConfig(call: Call): void {
  clusterOf(call)
  call.reply.ok()
}

export function clusterLink(call: Call): void {
  clusterOf(call).link(call)
}

function decidedByItself(call: Call, why: string): ReplyError {
  const name = call.command.spec.name.toUpperCase()
  return new ReplyError(`ERR CLUSTER ${name} is not supported: the cluster ${why}`)
}
