// Messages of replication as frames. Numbers have a fixed width: one entry travels per write, and a
// fixed layout is written and read without branches.

import { FrameError, type FrameWriter } from '../node/frame.ts'
import type { Message } from './message.ts'

// Kinds are the format: a new one gets the next number. Those from 64 on are not replication's.
const BEGIN = 1
const TRANSFER = 2
const STATE = 3
const TRANSFERRED = 4
const ENTRY = 5
const COMMIT = 6
const ACK = 7
const REFUSED = 8
/** Frames of kinds below this are messages of replication. */
export const REPLICATION_KINDS_END = 64

const NUMBER_BYTES = 8
const ENTRY_HEAD_BYTES = 1 + 3 * NUMBER_BYTES

export function writeMessage(message: Message, frames: FrameWriter): void {
  switch (message.kind) {
    case 'begin':
      frames.begin(BEGIN, 1 + 2 * NUMBER_BYTES)
      frames.byte(message.segment)
      frames.number(message.epoch)
      frames.number(message.from)
      break
    case 'transfer':
      frames.begin(TRANSFER, 1 + 2 * NUMBER_BYTES)
      frames.byte(message.segment)
      frames.number(message.epoch)
      frames.number(message.sequence)
      break
    case 'state':
      frames.begin(STATE, 1 + message.effects.length)
      frames.byte(message.segment)
      frames.append(message.effects)
      break
    case 'transferred':
      frames.begin(TRANSFERRED, 1 + NUMBER_BYTES)
      frames.byte(message.segment)
      frames.number(message.sequence)
      break
    case 'entry':
      frames.begin(ENTRY, ENTRY_HEAD_BYTES + message.effects.length)
      frames.byte(message.segment)
      frames.number(message.sequence)
      frames.number(message.committed)
      frames.number(message.now)
      frames.append(message.effects)
      break
    case 'commit':
      frames.begin(COMMIT, 1 + NUMBER_BYTES)
      frames.byte(message.segment)
      frames.number(message.committed)
      break
    case 'ack':
      frames.begin(ACK, NUMBER_BYTES)
      frames.number(message.count)
      break
    case 'refused':
      frames.begin(REFUSED, 1 + NUMBER_BYTES)
      frames.byte(message.segment)
      frames.number(message.epoch)
      break
  }
  frames.end()
}

/** What is kept of the body is copied. */
export function readMessage(kind: number, body: Buffer): Message {
  const least = LENGTHS[kind]
  const hasRest = kind === STATE || kind === ENTRY
  if (least === undefined || body.length < least || (!hasRest && body.length > least)) {
    throw new FrameError(`a frame of kind ${kind} with ${body.length} bytes`)
  }
  const segment = body[0]!
  switch (kind) {
    case BEGIN:
      return { kind: 'begin', segment, epoch: numberAt(body, 1), from: numberAt(body, 9) }
    case TRANSFER:
      return { kind: 'transfer', segment, epoch: numberAt(body, 1), sequence: numberAt(body, 9) }
    case STATE:
      return { kind: 'state', segment, effects: Buffer.from(body.subarray(1)) }
    case TRANSFERRED:
      return { kind: 'transferred', segment, sequence: numberAt(body, 1) }
    case ENTRY:
      return {
        kind: 'entry',
        segment,
        sequence: numberAt(body, 1),
        committed: numberAt(body, 9),
        now: numberAt(body, 17),
        effects: Buffer.from(body.subarray(ENTRY_HEAD_BYTES)),
      }
    case COMMIT:
      return { kind: 'commit', segment, committed: numberAt(body, 1) }
    case ACK:
      return { kind: 'ack', count: numberAt(body, 0) }
    default:
      return { kind: 'refused', segment, epoch: numberAt(body, 1) }
  }
}

/** Bytes of a body, or at least so many where a rest follows. */
const LENGTHS: Readonly<Record<number, number>> = {
  [BEGIN]: 1 + 2 * NUMBER_BYTES,
  [TRANSFER]: 1 + 2 * NUMBER_BYTES,
  [STATE]: 1,
  [TRANSFERRED]: 1 + NUMBER_BYTES,
  [ENTRY]: ENTRY_HEAD_BYTES,
  [COMMIT]: 1 + NUMBER_BYTES,
  [ACK]: NUMBER_BYTES,
  [REFUSED]: 1 + NUMBER_BYTES,
}

function numberAt(body: Buffer, at: number): number {
  const number = body.readDoubleLE(at)
  if (!(number >= 0) || number === Number.POSITIVE_INFINITY) {
    throw new FrameError(`${number} in a frame of replication`)
  }
  return number
}
