// map-replies.ts — What cluster clients read of the topology: CLUSTER SLOTS, SHARDS and NODES.
//
// Every member is a primary to them; backups are not shown, for no client library knows nodes that
// are primary of some slots and replica of others. `cluster-advertise-backups` shows them in CLUSTER
// SLOTS in the one way that the libraries bear: first of all one slot of each primary by itself, so
// that whoever decides by the first sight of a node takes all of them for primaries.
//
// The host is the member's address in all three, in MOVED too: some libraries compare the texts.

import { Output } from '../../src/wire/output.ts'
import { Reply } from '../../src/wire/reply.ts'
import type { Member } from '../topology/member.ts'
import { findMember, type Topology } from '../topology/topology.ts'
import { type OwnedRange, ownedRanges, rangesByPrimary, type SlotRange } from './ranges.ts'

/** The bytes of a reply that is written now and sent later. */
function written(protocol: number, write: (reply: Reply) => void): Buffer {
  const reply = new Reply()
  const output = new Output(() => undefined)
  reply.begin(output, protocol)
  write(reply)
  reply.end()
  return output.copy()
}

export function slotsReply(topology: Topology, protocol: number, withBackups: boolean): Buffer {
  const ranges = ownedRanges(topology, withBackups)
  const entries = withBackups ? splitFirstSlots(ranges) : ranges
  return written(protocol, reply => {
    reply.array(entries.length)
    for (const { start, end, owners } of entries) {
      reply.array(2 + owners.length)
      reply.integer(start)
      reply.integer(end)
      for (const id of owners) writeNode(reply, findMember(topology, id)!)
    }
  })
}

/** Each primary's first slot alone before all that has backups. */
function splitFirstSlots(ranges: readonly OwnedRange[]): OwnedRange[] {
  const alone: OwnedRange[] = []
  const rest: OwnedRange[] = []
  const seen = new Set<string>()
  for (const range of ranges) {
    const { start, end, owners } = range
    const [id] = owners as [string]
    if (seen.has(id)) {
      rest.push(range)
      continue
    }
    seen.add(id)
    alone.push({ start, end: start, owners: [id] })
    if (end > start) rest.push({ start: start + 1, end, owners })
  }
  return [...alone, ...rest]
}

function writeNode(reply: Reply, { host, hostname, id, port }: Member): void {
  reply.array(4)
  reply.bulk(host)
  reply.integer(port)
  reply.bulk(id)
  reply.map(hostname === '' ? 0 : 1)
  if (hostname === '') return
  reply.bulk('hostname')
  reply.bulk(hostname)
}

export function shardsReply(topology: Topology, protocol: number): Buffer {
  const ranges = rangesByPrimary(topology)
  return written(protocol, reply => {
    reply.array(topology.members.length)
    for (const member of topology.members) writeShard(reply, member, ranges.get(member.id) ?? [])
  })
}

/** Libraries that read the pairs by their places want the slots first. */
function writeShard(reply: Reply, member: Member, ranges: readonly SlotRange[]): void {
  reply.map(2)
  reply.bulk('slots')
  reply.array(2 * ranges.length)
  for (const { start, end } of ranges) {
    reply.integer(start)
    reply.integer(end)
  }
  reply.bulk('nodes')
  reply.array(1)
  const fields = shardNodeFields(member)
  reply.map(fields.length)
  for (const [name, value] of fields) {
    reply.bulk(name)
    if (typeof value === 'number') reply.integer(value)
    else reply.bulk(value)
  }
}

function shardNodeFields({ id, host, hostname, port, tlsPort, state }: Member) {
  const fields: [string, string | number][] = [['id', id]]
  if (port !== 0) fields.push(['port', port])
  if (tlsPort !== 0) fields.push(['tls-port', tlsPort])
  fields.push(['ip', host], ['endpoint', host])
  if (hostname !== '') fields.push(['hostname', hostname])
  fields.push(['role', 'master'], ['replication-offset', 0])
  fields.push(['health', state === 'up' ? 'online' : 'fail'])
  return fields
}

export function nodesReply(topology: Topology, protocol: number, self: string): Buffer {
  const ranges = rangesByPrimary(topology)
  const lines = topology.members.map(member => nodeLine(member, self, ranges.get(member.id) ?? []))
  return written(protocol, reply => reply.verbatim(lines.join('')))
}

/** A line as in Redis's file of nodes. Who pinged whom when is nothing that nodes keep here. */
function nodeLine(member: Member, self: string, ranges: readonly SlotRange[]): string {
  const { id, host, hostname, port, busPort, state, epoch } = member
  const name = hostname === '' ? '' : `,${hostname}`
  const flags = [...(id === self ? ['myself'] : []), 'master', ...(state === 'up' ? [] : ['fail'])]
  const link = state === 'up' ? 'connected' : 'disconnected'
  const fields = [id, `${host}:${port}@${busPort}${name}`, flags.join(','), '-', 0, 0, epoch, link]
  return `${[...fields, ...ranges.map(rangeText)].join(' ')}\n`
}

function rangeText({ start, end }: SlotRange): string {
  return start === end ? String(start) : `${start}-${end}`
}
