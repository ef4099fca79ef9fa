import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../cluster/raft/bytes.ts'
import { apply } from '../../../cluster/topology/apply.ts'
import {
  decodeTopology,
  decodeTopologyEntry,
  encodeTopology,
  encodeTopologyEntry,
} from '../../../cluster/topology/codec.ts'
import { foundingTopology } from '../../../cluster/topology/topology.ts'
import { fail, grid, introduction, join, proposals, topologies } from './fixtures.ts'

describe('The codec of topologies', () => {
  it('reads every topology that decisions can lead to', () => {
    fc.assert(
      fc.property(topologies, topology => {
        expect(decodeTopology(encodeTopology(topology))).toEqual(topology)
      }),
    )
  })

  it('reads every entry, and applying it has the same result', () => {
    fc.assert(
      fc.property(proposals, list => {
        let topology = foundingTopology(introduction(1))
        for (const { make } of list) {
          const entry = make(topology)
          const decoded = decodeTopologyEntry(encodeTopologyEntry(entry))
          expect(decoded).toEqual(entry)
          const { topology: expected } = apply(topology, entry)
          expect(apply(topology, decoded).topology).toEqual(expected)
          topology = expected
        }
      }),
      { numRuns: 30 },
    )
  })

  it('keeps a topology of 100 nodes under 12 kilobytes', () => {
    let topology = foundingTopology(introduction(1))
    for (let index = 2; index <= 100; index++) topology = join(topology, index)
    expect(encodeTopology(topology).length).toBeLessThan(12 * 1024)
  })

  it('answers bytes cut short or damaged with a DecodeError or a sound topology', () => {
    const whole = encodeTopology(fail(grid(3), 1, 2, 3))
    fc.assert(
      fc.property(fc.nat(whole.length - 1), cut => {
        expect(() => decodeTopology(whole.subarray(0, cut))).toThrow(DecodeError)
      }),
    )
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Uint8Array.from(whole)
        damaged[at] = byte
        try {
          decodeTopology(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
    )
  })

  it('refuses another version of the format', () => {
    const bytes = Uint8Array.from(encodeTopology(grid(1)))
    bytes[0] = 9
    expect(() => decodeTopology(bytes)).toThrow('unknown format version 9')
  })
})
