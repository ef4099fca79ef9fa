import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError, Reader, Writer } from '../../../cluster/raft/bytes.ts'
import {
  decodeEntry,
  decodeHardState,
  decodeMessage,
  decodeSnapshot,
  encodeEntry,
  encodeHardState,
  encodeMessage,
  encodeSnapshot,
} from '../../../cluster/raft/codec.ts'
import { configuration } from '../../../cluster/raft/configuration.ts'
import type { Entry } from '../../../cluster/raft/entry.ts'
import type { Message } from '../../../cluster/raft/message.ts'
import { nodeId } from './simulated-cluster.ts'

const id = fc.nat(0xffff).map(nodeId)
const number = fc.maxSafeNat()
const bytes = fc.uint8Array({ maxLength: 300 })
const anyConfiguration = fc
  .tuple(fc.array(id, { maxLength: 5 }), fc.array(id, { maxLength: 5 }))
  .map(([voters, learners]) => configuration(voters, learners))

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ kind: fc.constant('command' as const), index: number, term: number, bytes }),
  fc.record({
    kind: fc.constant('configuration' as const),
    index: number,
    term: number,
    configuration: anyConfiguration,
  }),
  fc.record({ kind: fc.constant('no-op' as const), index: number, term: number }),
)

const envelope = { from: id, to: id, term: number }
const flag = fc.boolean()
const time = fc.double({ noNaN: true })

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    ...envelope,
    kind: fc.constant('vote-request' as const),
    preVote: flag,
    transfer: flag,
    lastIndex: number,
    lastTerm: number,
  }),
  fc.record({
    ...envelope,
    kind: fc.constant('vote-reply' as const),
    preVote: flag,
    granted: flag,
  }),
  fc.record({
    ...envelope,
    kind: fc.constant('append' as const),
    previousIndex: number,
    previousTerm: number,
    committed: number,
    entries: fc.array(entry, { maxLength: 5 }),
  }),
  fc.record({ ...envelope, kind: fc.constant('append-accepted' as const), matched: number }),
  fc.record({
    ...envelope,
    kind: fc.constant('append-refused' as const),
    previousIndex: number,
    hintIndex: number,
    hintTerm: number,
  }),
  fc.record({
    ...envelope,
    kind: fc.constant('heartbeat' as const),
    committed: number,
    sentAt: time,
  }),
  fc.record({ ...envelope, kind: fc.constant('heartbeat-reply' as const), sentAt: time }),
  fc.record({
    ...envelope,
    kind: fc.constant('snapshot-chunk' as const),
    snapshotIndex: number,
    snapshotTerm: number,
    configuration: anyConfiguration,
    size: number,
    offset: number,
    bytes,
  }),
  fc.record({
    ...envelope,
    kind: fc.constant('snapshot-reply' as const),
    snapshotIndex: number,
    received: number,
  }),
  fc.record({ ...envelope, kind: fc.constant('timeout-now' as const) }),
)

describe('The codec', () => {
  it('reads every message that it writes', () => {
    fc.assert(
      fc.property(message, value => {
        expect(decodeMessage(encodeMessage(value))).toEqual(value)
      }),
    )
  })

  it('reads every entry, snapshot and hard state that it writes', () => {
    const state = fc.record({ term: number, vote: fc.option(id, { nil: undefined }) })
    fc.assert(
      fc.property(entry, state, bytes, (one, hardState, snapshotState) => {
        expect(decodeEntry(encodeEntry(one))).toEqual(one)
        expect(decodeHardState(encodeHardState(hardState))).toEqual(hardState)
        const snapshot = {
          index: one.index,
          term: one.term,
          configuration: configuration([nodeId(1)]),
          state: snapshotState,
        }
        expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot)
      }),
    )
  })

  it('gives copies, so that a buffer that was read from may be used again', () => {
    const written = encodeEntry({ kind: 'command', index: 1, term: 1, bytes: Buffer.from('abc') })
    const read = decodeEntry(written)
    written.fill(0)
    expect(read).toMatchObject({ bytes: new Uint8Array(Buffer.from('abc')) })
  })

  it('answers bytes cut short with a DecodeError', () => {
    fc.assert(
      fc.property(message, fc.nat(), (value, cut) => {
        const whole = encodeMessage(value)
        expect(() => decodeMessage(whole.subarray(0, cut % whole.length))).toThrow(DecodeError)
      }),
    )
  })

  it('answers bytes too many with a DecodeError', () => {
    fc.assert(
      fc.property(message, value => {
        const longer = Buffer.concat([encodeMessage(value), Buffer.from([0])])
        expect(() => decodeMessage(longer)).toThrow(DecodeError)
      }),
    )
  })

  it('reads damaged bytes as some message or not at all', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), (value, at, byte) => {
        const damaged = Uint8Array.from(encodeMessage(value))
        damaged[at % damaged.length] = byte
        try {
          decodeMessage(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
    )
  })

  it('refuses another version of the format', () => {
    const bytesOfNext = Uint8Array.from([2, 0])
    expect(() => decodeMessage(bytesOfNext)).toThrow('unknown format version 2')
  })

  it('does not believe a count that the bytes have no room for', () => {
    const writer = new Writer().number(1_000_000_000)
    expect(() => new Reader(writer.finish()).ids()).toThrow('no room')
  })

  it('writes numbers up to 2^53 - 1 in the fewest bytes, and refuses others', () => {
    expect(new Writer().number(127).finish()).toHaveLength(1)
    expect(new Writer().number(128).finish()).toHaveLength(2)
    const largest = new Writer().number(Number.MAX_SAFE_INTEGER).finish()
    expect(new Reader(largest).number()).toBe(Number.MAX_SAFE_INTEGER)
    for (const wrong of [-1, 0.5, 2 ** 53, Number.NaN]) {
      expect(() => new Writer().number(wrong)).toThrow(RangeError)
    }
    const tooLarge = new Uint8Array(9).fill(0xff)
    expect(() => new Reader(tooLarge).number()).toThrow('number too large')
  })

  it('writes only node ids of 40 hexadecimal characters', () => {
    for (const wrong of ['', 'abc', 'z'.repeat(40), 'A'.repeat(40), 'a'.repeat(41)]) {
      expect(() => new Writer().id(wrong)).toThrow(RangeError)
    }
  })
})
