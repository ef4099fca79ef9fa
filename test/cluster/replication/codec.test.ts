import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameError, FrameReader, FrameWriter } from '../../../cluster/node/frame.ts'
import { readMessage, writeMessage } from '../../../cluster/replication/codec.ts'
import type { Message } from '../../../cluster/replication/message.ts'

const segment = fc.integer({ min: 0, max: 255 })
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const effects = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), segment, epoch: number, from: number }),
  fc.record({ kind: fc.constant('transfer' as const), segment, epoch: number, sequence: number }),
  fc.record({ kind: fc.constant('state' as const), segment, effects }),
  fc.record({ kind: fc.constant('transferred' as const), segment, sequence: number }),
  fc.record({
    kind: fc.constant('entry' as const),
    segment,
    sequence: number,
    committed: number,
    now: number,
    effects,
  }),
  fc.record({ kind: fc.constant('commit' as const), segment, committed: number }),
  fc.record({ kind: fc.constant('ack' as const), count: number }),
  fc.record({ kind: fc.constant('refused' as const), segment, epoch: number }),
)

describe('messages of replication as frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(message),
        fc.infiniteStream(fc.integer({ min: 1, max: 90 })),
        (all, cuts) => {
          const writer = new FrameWriter()
          for (const each of all) writeMessage(each, writer)
          const bytes = writer.take()
          const reader = new FrameReader()
          const read: Message[] = []
          for (let at = 0; at < bytes.length; ) {
            const length = Math.min(cuts.next().value as number, bytes.length - at)
            // The reader must not keep what it was given: the next read overwrites it.
            const chunk = Buffer.from(bytes.subarray(at, at + length))
            reader.read(chunk, length, (kind, body) => read.push(readMessage(kind, body)))
            chunk.fill(0xee)
            at += length
          }
          expect(read).toEqual(all)
        },
      ),
    )
  })

  it('refuses what is too short, too long, of no known kind or not a count', () => {
    const count = Buffer.alloc(8)
    expect(() => readMessage(7, count.subarray(0, 7))).toThrow(FrameError)
    expect(() => readMessage(7, Buffer.alloc(9))).toThrow(FrameError)
    expect(() => readMessage(9, count)).toThrow(FrameError)
    count.writeDoubleLE(Number.NaN)
    expect(() => readMessage(7, count)).toThrow(FrameError)
    count.writeDoubleLE(-1)
    expect(() => readMessage(7, count)).toThrow(FrameError)
  })

  it('refuses a frame that is longer than any may be, before its body comes', () => {
    const header = Buffer.from([0xff, 0xff, 0xff, 0xff, 5])
    expect(() => new FrameReader().read(header, header.length, () => undefined)).toThrow(FrameError)
  })
})
