// Entries, snapshots, hard state and messages as bytes.
//
// A message begins with the version of this format; a peer of another version is refused before
// anything else is read. Files carry their version in their own header, so entries and snapshots do
// not repeat it. What is decoded is structurally sound; whether it makes sense is the machine's
// business.

import { DecodeError, Reader, Writer } from './bytes.ts'
import { type Configuration, configuration } from './configuration.ts'
import type { Entry, HardState } from './entry.ts'
import type { Message } from './message.ts'
import type { Snapshot } from './snapshot.ts'

export const RAFT_FORMAT_VERSION = 1

// Positions are the format: a new kind goes at the end.
const MESSAGE_KINDS = [
  'vote-request',
  'vote-reply',
  'append',
  'append-accepted',
  'append-refused',
  'heartbeat',
  'heartbeat-reply',
  'snapshot-chunk',
  'snapshot-reply',
  'timeout-now',
] as const satisfies readonly Message['kind'][]

const ENTRY_KINDS = [
  'command',
  'configuration',
  'no-op',
] as const satisfies readonly Entry['kind'][]
const ENTRY_BYTES_MIN = 3

export function encodeMessage(message: Message): Uint8Array {
  const writer = new Writer()
  writer.byte(RAFT_FORMAT_VERSION).byte(MESSAGE_KINDS.indexOf(message.kind))
  writer.id(message.from).id(message.to).number(message.term)
  switch (message.kind) {
    case 'vote-request':
      writer.flag(message.preVote).flag(message.transfer)
      writer.number(message.lastIndex).number(message.lastTerm)
      break
    case 'vote-reply':
      writer.flag(message.preVote).flag(message.granted)
      break
    case 'append':
      writer.number(message.previousIndex).number(message.previousTerm)
      writer.number(message.committed).number(message.entries.length)
      for (const entry of message.entries) writeEntry(writer, entry)
      break
    case 'append-accepted':
      writer.number(message.matched)
      break
    case 'append-refused':
      writer.number(message.previousIndex).number(message.hintIndex).number(message.hintTerm)
      break
    case 'heartbeat':
      writer.number(message.committed).double(message.sentAt)
      break
    case 'heartbeat-reply':
      writer.double(message.sentAt)
      break
    case 'snapshot-chunk':
      writer.number(message.snapshotIndex).number(message.snapshotTerm)
      writeConfiguration(writer, message.configuration)
      writer.number(message.size).number(message.offset).bytes(message.bytes)
      break
    case 'snapshot-reply':
      writer.number(message.snapshotIndex).number(message.received)
      break
    case 'timeout-now':
      break
  }
  return writer.finish()
}

export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes)
  const version = reader.byte()
  if (version !== RAFT_FORMAT_VERSION) throw new DecodeError(`unknown format version ${version}`)
  const message = readMessage(reader)
  reader.end()
  return message
}

function readMessage(reader: Reader): Message {
  const kind = MESSAGE_KINDS[reader.byte()]
  const envelope = { from: reader.id(), to: reader.id(), term: reader.number() }
  switch (kind) {
    case 'vote-request':
      return {
        ...envelope,
        kind,
        preVote: reader.flag(),
        transfer: reader.flag(),
        lastIndex: reader.number(),
        lastTerm: reader.number(),
      }
    case 'vote-reply':
      return { ...envelope, kind, preVote: reader.flag(), granted: reader.flag() }
    case 'append':
      return {
        ...envelope,
        kind,
        previousIndex: reader.number(),
        previousTerm: reader.number(),
        committed: reader.number(),
        entries: readEntries(reader),
      }
    case 'append-accepted':
      return { ...envelope, kind, matched: reader.number() }
    case 'append-refused':
      return {
        ...envelope,
        kind,
        previousIndex: reader.number(),
        hintIndex: reader.number(),
        hintTerm: reader.number(),
      }
    case 'heartbeat':
      return { ...envelope, kind, committed: reader.number(), sentAt: reader.double() }
    case 'heartbeat-reply':
      return { ...envelope, kind, sentAt: reader.double() }
    case 'snapshot-chunk':
      return {
        ...envelope,
        kind,
        snapshotIndex: reader.number(),
        snapshotTerm: reader.number(),
        configuration: readConfiguration(reader),
        size: reader.number(),
        offset: reader.number(),
        bytes: reader.bytes(),
      }
    case 'snapshot-reply':
      return { ...envelope, kind, snapshotIndex: reader.number(), received: reader.number() }
    case 'timeout-now':
      return { ...envelope, kind }
    default:
      throw new DecodeError('unknown message kind')
  }
}

export function encodeEntry(entry: Entry): Uint8Array {
  const writer = new Writer()
  writeEntry(writer, entry)
  return writer.finish()
}

export function decodeEntry(bytes: Uint8Array): Entry {
  const reader = new Reader(bytes)
  const entry = readEntry(reader)
  reader.end()
  return entry
}

export function encodeHardState({ term, vote }: HardState): Uint8Array {
  const writer = new Writer()
  writer.number(term).flag(vote !== undefined)
  if (vote !== undefined) writer.id(vote)
  return writer.finish()
}

export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new Reader(bytes)
  const term = reader.number()
  const vote = reader.flag() ? reader.id() : undefined
  reader.end()
  return { term, vote }
}

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const writer = new Writer()
  writer.number(snapshot.index).number(snapshot.term)
  writeConfiguration(writer, snapshot.configuration)
  writer.bytes(snapshot.state)
  return writer.finish()
}

export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const reader = new Reader(bytes)
  const snapshot = {
    index: reader.number(),
    term: reader.number(),
    configuration: readConfiguration(reader),
    state: reader.bytes(),
  }
  reader.end()
  return snapshot
}

function writeEntry(writer: Writer, entry: Entry): void {
  writer.byte(ENTRY_KINDS.indexOf(entry.kind)).number(entry.index).number(entry.term)
  if (entry.kind === 'command') writer.bytes(entry.bytes)
  if (entry.kind === 'configuration') writeConfiguration(writer, entry.configuration)
}

function readEntry(reader: Reader): Entry {
  const kind = ENTRY_KINDS[reader.byte()]
  const position = { index: reader.number(), term: reader.number() }
  switch (kind) {
    case 'command':
      return { ...position, kind, bytes: reader.bytes() }
    case 'configuration':
      return { ...position, kind, configuration: readConfiguration(reader) }
    case 'no-op':
      return { ...position, kind }
    default:
      throw new DecodeError('unknown entry kind')
  }
}

function readEntries(reader: Reader): readonly Entry[] {
  const count = reader.count(ENTRY_BYTES_MIN)
  const entries: Entry[] = []
  for (let i = 0; i < count; i++) entries.push(readEntry(reader))
  return entries
}

function writeConfiguration(writer: Writer, { voters, learners }: Configuration): void {
  writer.ids(voters).ids(learners)
}

function readConfiguration(reader: Reader): Configuration {
  const voters = reader.ids()
  return configuration(voters, reader.ids())
}
