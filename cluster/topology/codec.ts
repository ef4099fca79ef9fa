// Topologies and their entries as bytes, for the log, snapshots and messages.
//
// Both begin with the version of this format. Segments name members by their place in the list of
// members, so that a topology of 100 nodes takes a few kilobytes. What is decoded is checked
// against the invariants before anybody sees it.

import { DecodeError, Reader, Writer } from '../raft/bytes.ts'
import type { NodeId } from '../raft/configuration.ts'
import type { TopologyEntry } from './entry.ts'
import type { Introduction, Labels, Member } from './member.ts'
import type { Copy, Segment } from './segment.ts'
import {
  assertTopology,
  type Cache,
  freezeTopology,
  SEGMENT_COUNT,
  type Topology,
} from './topology.ts'

export const TOPOLOGY_FORMAT_VERSION = 1

// Positions are the format: a new kind goes at the end.
const ENTRY_KINDS = [
  'join',
  'fail',
  'leave',
  'remove',
  'add-owner',
  'in-sync',
  'out-of-sync',
  'hand-over',
  'drop-owner',
  'recover',
  'define-cache',
  'drop-cache',
] as const satisfies readonly TopologyEntry['kind'][]

const MEMBER_BYTES_MIN = 40
const CACHE_BYTES_MIN = 3
const FAILED_BYTES_MIN = 21
const NODE_BYTES_MIN = 1

export function encodeTopology(topology: Topology): Uint8Array {
  const { epoch, members, segments, voters, caches } = topology
  const writer = new Writer().byte(TOPOLOGY_FORMAT_VERSION).number(epoch).number(members.length)
  for (const member of members) {
    writeIntroduction(writer, member)
    writer
      .flag(member.state === 'up')
      .flag(member.isLeaving)
      .number(member.epoch)
  }
  const places = new Map(members.map((member, place) => [member.id, place]))
  for (const segment of segments) writeSegment(writer, segment, places)
  writer.ids(voters).number(caches.length)
  for (const cache of caches) writer.text(cache.name).text(cache.definition).number(cache.epoch)
  return writer.finish()
}

export function decodeTopology(bytes: Uint8Array): Topology {
  const reader = openReader(bytes)
  const epoch = reader.number()
  const members = readMany(reader, MEMBER_BYTES_MIN, readMember)
  const segments: Segment[] = []
  for (let i = 0; i < SEGMENT_COUNT; i++) segments.push(readSegment(reader, members))
  const voters = reader.ids()
  const caches = readMany(reader, CACHE_BYTES_MIN, readCache)
  reader.end()
  const topology = freezeTopology({ epoch, members, segments, voters, caches })
  try {
    assertTopology(topology)
  } catch (error) {
    throw new DecodeError('not a sound topology', { cause: error })
  }
  return topology
}

export function encodeTopologyEntry(entry: TopologyEntry): Uint8Array {
  const writer = new Writer().byte(TOPOLOGY_FORMAT_VERSION).byte(ENTRY_KINDS.indexOf(entry.kind))
  if (entry.kind === 'fail') {
    writer.number(entry.members.length)
    for (const { id, expects } of entry.members) writer.id(id).number(expects)
    return writer.finish()
  }
  writer.number(entry.expects)
  switch (entry.kind) {
    case 'join':
      writeIntroduction(writer, entry.member)
      break
    case 'leave':
    case 'remove':
      writer.id(entry.id)
      break
    case 'define-cache':
      writer.text(entry.name).text(entry.definition)
      break
    case 'drop-cache':
      writer.text(entry.name)
      break
    default:
      writer.number(entry.segment).id(entry.id)
      if (entry.kind === 'in-sync') writer.number(entry.incarnation)
      if (entry.kind === 'recover') writer.flag(entry.isLossAccepted)
  }
  return writer.finish()
}

export function decodeTopologyEntry(bytes: Uint8Array): TopologyEntry {
  const reader = openReader(bytes)
  const entry = readEntry(reader)
  reader.end()
  return entry
}

function openReader(bytes: Uint8Array): Reader {
  const reader = new Reader(bytes)
  const version = reader.byte()
  if (version !== TOPOLOGY_FORMAT_VERSION) {
    throw new DecodeError(`unknown format version ${version}`)
  }
  return reader
}

function readMany<T>(reader: Reader, bytesMin: number, read: (reader: Reader) => T): readonly T[] {
  const count = reader.count(bytesMin)
  const all: T[] = []
  for (let i = 0; i < count; i++) all.push(read(reader))
  return all
}

function readEntry(reader: Reader): TopologyEntry {
  const kind = ENTRY_KINDS[reader.byte()]
  if (kind === undefined) throw new DecodeError('unknown entry kind')
  if (kind === 'fail') {
    const read = () => ({ id: reader.id(), expects: reader.number() })
    return { kind, members: readMany(reader, FAILED_BYTES_MIN, read) }
  }
  const expects = reader.number()
  switch (kind) {
    case 'join':
      return { kind, expects, member: readIntroduction(reader) }
    case 'leave':
    case 'remove':
      return { kind, expects, id: reader.id() }
    case 'define-cache':
      return { kind, expects, name: reader.text(), definition: reader.text() }
    case 'drop-cache':
      return { kind, expects, name: reader.text() }
  }
  const subject = { expects, segment: reader.number(), id: reader.id() }
  switch (kind) {
    case 'in-sync':
      return { kind, ...subject, incarnation: reader.number() }
    case 'recover':
      return { kind, ...subject, isLossAccepted: reader.flag() }
    default:
      return { kind, ...subject }
  }
}

export function writeIntroduction(writer: Writer, member: Introduction): void {
  writer.id(member.id).text(member.host).text(member.hostname)
  writer.number(member.port).number(member.tlsPort).number(member.busPort)
  writer.text(member.labels.site).text(member.labels.rack).text(member.labels.machine)
  writer.double(member.capacity).number(member.incarnation)
}

export function readIntroduction(reader: Reader): Introduction {
  return {
    id: reader.id(),
    host: reader.text(),
    hostname: reader.text(),
    port: reader.number(),
    tlsPort: reader.number(),
    busPort: reader.number(),
    labels: readLabels(reader),
    capacity: reader.double(),
    incarnation: reader.number(),
  }
}

function readLabels(reader: Reader): Labels {
  return Object.freeze({ site: reader.text(), rack: reader.text(), machine: reader.text() })
}

function readMember(reader: Reader): Member {
  return Object.freeze({
    ...readIntroduction(reader),
    state: reader.flag() ? 'up' : 'down',
    isLeaving: reader.flag(),
    epoch: reader.number(),
  })
}

function readCache(reader: Reader): Cache {
  return Object.freeze({ name: reader.text(), definition: reader.text(), epoch: reader.number() })
}

function writeSegment(
  writer: Writer,
  { owners, inSync, pending, lastInSync, epoch }: Segment,
  places: ReadonlyMap<NodeId, number>,
): void {
  writer.number(epoch).number(owners.length)
  for (const id of owners) writer.number(places.get(id)!)
  // One bit for each owner, in their order.
  writer.number(owners.reduce((bits, id, at) => bits | (inSync.includes(id) ? 1 << at : 0), 0))
  writer.number(pending.length)
  for (const id of pending) writer.number(places.get(id)!)
  writer.number(lastInSync.length)
  for (const { id, incarnation } of lastInSync) writer.number(places.get(id)!).number(incarnation)
}

function readSegment(reader: Reader, members: readonly Member[]): Segment {
  const readId = () => {
    const member = members[reader.number()]
    if (member === undefined) throw new DecodeError('an owner is not a member')
    return member.id
  }
  const epoch = reader.number()
  const owners = readMany(reader, NODE_BYTES_MIN, readId)
  const bits = reader.number()
  const inSync = owners.filter((_, at) => (bits & (1 << at)) !== 0)
  const pending = readMany(reader, NODE_BYTES_MIN, readId)
  const readCopy = (): Copy => Object.freeze({ id: readId(), incarnation: reader.number() })
  const lastInSync = readMany(reader, NODE_BYTES_MIN, readCopy)
  Object.freeze(owners)
  Object.freeze(inSync)
  Object.freeze(pending)
  Object.freeze(lastInSync)
  return Object.freeze({ owners, inSync, pending, lastInSync, epoch })
}
