import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeMetadataMessage,
  encodeMetadataMessage,
  MESSAGE_KINDS,
  METADATA_FORMAT_VERSION,
} from '../../../cluster/metadata/codec.ts'
import type { Body, MetadataMessage } from '../../../cluster/metadata/message.ts'
import { DecodeError } from '../../../cluster/raft/bytes.ts'
import type { TopologyEntry } from '../../../cluster/topology/entry.ts'
import { introduction, nodeId } from '../topology/fixtures.ts'

const id = fc.integer({ min: 1, max: 0xffff }).map(nodeId)
const number = fc.maxSafeNat()
const time = fc.double({ noNaN: true })
const text = fc.string({ unit: 'binary-ascii', maxLength: 40 })
const segment = fc.nat(255)

const entry: fc.Arbitrary<TopologyEntry> = fc.oneof(
  fc.record({ kind: fc.constant('leave' as const), id, expects: number }),
  fc.record({ kind: fc.constant('out-of-sync' as const), segment, id, expects: number }),
  fc.record({
    kind: fc.constant('define-cache' as const),
    name: text,
    definition: text,
    expects: number,
  }),
)

const body: fc.Arbitrary<Body> = fc.oneof(
  fc.record({
    kind: fc.constant('beat' as const),
    incarnation: number,
    sentAt: time,
    epoch: number,
  }),
  fc.record({
    kind: fc.constant('grant' as const),
    incarnation: number,
    sentAt: time,
    leaseMs: time,
  }),
  fc.record({
    kind: fc.constant('join' as const),
    member: fc
      .record({ host: text, hostname: text, capacity: time, incarnation: number })
      .map(changes => introduction(3, changes)),
    leaseMs: time,
    nodeTimeoutMs: time,
  }),
  fc.record({ kind: fc.constant('welcome' as const) }),
  fc.record({
    kind: fc.constant('redirect' as const),
    term: number,
    coordinator: id,
    address: fc.record({ host: text, port: fc.nat(65_535) }),
  }),
  fc.record({
    kind: fc.constant('refused' as const),
    reason: fc.constantFrom(
      'foreign-cluster' as const,
      'forgotten' as const,
      'superseded' as const,
      'not-up' as const,
      'other-timing' as const,
      'invalid' as const,
    ),
  }),
  fc.record({ kind: fc.constant('propose' as const), entries: fc.array(entry, { maxLength: 5 }) }),
  fc.record({
    kind: fc.constant('order' as const),
    orders: fc.array(fc.record({ segment, to: id, epoch: number }), { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('raft' as const),
    message: fc.record({
      kind: fc.constant('append-accepted' as const),
      from: id,
      to: id,
      term: number,
      matched: number,
    }),
  }),
  fc.record({ kind: fc.constant('goodbye' as const), incarnation: number }),
)

const message: fc.Arbitrary<MetadataMessage> = fc.record({
  cluster: fc.option(id, { nil: undefined }),
  from: id,
  body,
})

describe('The codec of metadata messages', () => {
  it('reads what it has written, of every kind', () => {
    const kinds = new Set<string>()
    fc.assert(
      fc.property(message, written => {
        kinds.add(written.body.kind)
        expect(decodeMetadataMessage(encodeMetadataMessage(written))).toEqual(written)
      }),
      { numRuns: 500 },
    )
    expect([...kinds].sort()).toEqual([...MESSAGE_KINDS].sort())
  })

  it('answers bytes cut short, damaged or made up with a DecodeError or a message', () => {
    const isHandled = (bytes: Uint8Array) => {
      try {
        decodeMetadataMessage(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
      }
    }
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, at, change) => {
        const bytes = encodeMetadataMessage(written)
        const length = at % bytes.length
        expect(() => decodeMetadataMessage(bytes.subarray(0, length))).toThrow(DecodeError)
        const damaged = Uint8Array.from(bytes)
        damaged[length] = damaged[length]! ^ change
        isHandled(damaged)
      }),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), isHandled))
  })

  it('refuses another version before it reads on', () => {
    const bytes = Uint8Array.of(METADATA_FORMAT_VERSION + 1)
    expect(() => decodeMetadataMessage(bytes)).toThrow(/unknown format version/)
  })
})
