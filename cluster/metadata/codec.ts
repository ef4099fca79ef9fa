// Messages of the metadata plane as bytes.
//
// A message begins with the version of this format; a peer of another version is refused before
// anything else is read. What is inside a message, be it of consensus or a decision, is written by
// its own codec, with its own version. What is decoded is structurally sound, no more.

import { DecodeError, Reader, Writer } from '../raft/bytes.ts'
import { decodeMessage, encodeMessage } from '../raft/codec.ts'
import {
  decodeTopologyEntry,
  encodeTopologyEntry,
  readIntroduction,
  writeIntroduction,
} from '../topology/codec.ts'
import type { TopologyEntry } from '../topology/entry.ts'
import type { Body, ClusterId, MessageKind, MetadataMessage, RefusalReason } from './message.ts'
import type { HandOverOrder } from './port.ts'

export const METADATA_FORMAT_VERSION = 1

// Positions are the format: a new kind goes at the end.
export const MESSAGE_KINDS = [
  'beat',
  'grant',
  'join',
  'welcome',
  'redirect',
  'refused',
  'propose',
  'order',
  'raft',
  'goodbye',
] as const satisfies readonly MessageKind[]

const REASONS = [
  'foreign-cluster',
  'forgotten',
  'superseded',
  'not-up',
  'other-timing',
  'invalid',
] as const satisfies readonly RefusalReason[]

/** Stands for no cluster. */
const NO_CLUSTER: ClusterId = '0'.repeat(40)
const ENTRY_BYTES_MIN = 3
const ORDER_BYTES_MIN = 22

export function encodeMetadataMessage({ cluster, from, body }: MetadataMessage): Uint8Array {
  const writer = new Writer()
  writer.byte(METADATA_FORMAT_VERSION).byte(MESSAGE_KINDS.indexOf(body.kind))
  writer.id(cluster ?? NO_CLUSTER).id(from)
  writeBody(writer, body)
  return writer.finish()
}

export function decodeMetadataMessage(bytes: Uint8Array): MetadataMessage {
  const reader = new Reader(bytes)
  const version = reader.byte()
  if (version !== METADATA_FORMAT_VERSION) {
    throw new DecodeError(`unknown format version ${version}`)
  }
  const kind = MESSAGE_KINDS[reader.byte()]
  const cluster = reader.id()
  const from = reader.id()
  const body = readBody(reader, kind)
  reader.end()
  return { cluster: cluster === NO_CLUSTER ? undefined : cluster, from, body }
}

function writeBody(writer: Writer, body: Body): void {
  switch (body.kind) {
    case 'beat':
      writer.number(body.incarnation).double(body.sentAt).number(body.epoch)
      break
    case 'grant':
      writer.number(body.incarnation).double(body.sentAt).double(body.leaseMs)
      break
    case 'join':
      writeIntroduction(writer, body.member)
      writer.double(body.leaseMs).double(body.nodeTimeoutMs)
      break
    case 'welcome':
      break
    case 'redirect':
      writer.number(body.term).id(body.coordinator)
      writer.text(body.address.host).number(body.address.port)
      break
    case 'refused':
      writer.byte(REASONS.indexOf(body.reason))
      break
    case 'propose':
      writer.number(body.entries.length)
      for (const entry of body.entries) writer.bytes(encodeTopologyEntry(entry))
      break
    case 'order':
      writer.number(body.orders.length)
      for (const { segment, to, epoch } of body.orders) writer.number(segment).id(to).number(epoch)
      break
    case 'raft':
      writer.bytes(encodeMessage(body.message))
      break
    case 'goodbye':
      writer.number(body.incarnation)
      break
  }
}

function readBody(reader: Reader, kind: MessageKind | undefined): Body {
  switch (kind) {
    case 'beat':
      return {
        kind,
        incarnation: reader.number(),
        sentAt: reader.double(),
        epoch: reader.number(),
      }
    case 'grant':
      return {
        kind,
        incarnation: reader.number(),
        sentAt: reader.double(),
        leaseMs: reader.double(),
      }
    case 'join': {
      const member = readIntroduction(reader)
      return { kind, member, leaseMs: reader.double(), nodeTimeoutMs: reader.double() }
    }
    case 'welcome':
      return { kind }
    case 'redirect': {
      const term = reader.number()
      const coordinator = reader.id()
      return { kind, term, coordinator, address: { host: reader.text(), port: reader.number() } }
    }
    case 'refused': {
      const reason = REASONS[reader.byte()]
      if (reason === undefined) throw new DecodeError('unknown reason')
      return { kind, reason }
    }
    case 'propose':
      return { kind, entries: readEntries(reader) }
    case 'order':
      return { kind, orders: readOrders(reader) }
    case 'raft':
      return { kind, message: decodeMessage(reader.bytes()) }
    case 'goodbye':
      return { kind, incarnation: reader.number() }
    case undefined:
      throw new DecodeError('unknown message kind')
  }
}

function readEntries(reader: Reader): readonly TopologyEntry[] {
  const count = reader.count(ENTRY_BYTES_MIN)
  const entries: TopologyEntry[] = []
  for (let i = 0; i < count; i++) entries.push(decodeTopologyEntry(reader.bytes()))
  return entries
}

function readOrders(reader: Reader): readonly HandOverOrder[] {
  const count = reader.count(ORDER_BYTES_MIN)
  const orders: HandOverOrder[] = []
  for (let i = 0; i < count; i++) {
    orders.push({ segment: reader.number(), to: reader.id(), epoch: reader.number() })
  }
  return orders
}
