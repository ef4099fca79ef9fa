import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Change,
  DiskImage,
  encodeRecord,
  FILE_HEADER,
  readFile,
} from '../../../cluster/metadata/record.ts'
import { DecodeError } from '../../../cluster/raft/bytes.ts'
import { configuration } from '../../../cluster/raft/configuration.ts'
import type { Entry } from '../../../cluster/raft/entry.ts'
import { BLANK } from '../../../cluster/raft/raft.ts'
import { foundingSnapshot } from '../../../cluster/raft/snapshot.ts'
import { nodeId } from '../topology/fixtures.ts'

function command(index: number, term: number): Entry {
  return { kind: 'command', index, term, bytes: Uint8Array.of(index % 256, term % 256) }
}

/** Writes as a node makes them: entries follow what is there, or replace its end. */
const changes: fc.Arbitrary<readonly Change[]> = fc
  .array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 }), fc.nat(4)), { maxLength: 12 })
  .map(steps => {
    let last = 1
    let snapshotIndex = 1
    const first = foundingSnapshot([nodeId(1)], Uint8Array.of(1, 2, 3))
    const made: Change[] = [
      {
        hardState: { term: 1, vote: undefined },
        snapshot: first,
        isSnapshotInstalled: true,
        entries: [],
      },
    ]
    steps.forEach(([kind, count, back], step) => {
      const term = step + 2
      const from = Math.max(snapshotIndex + 1, last + 1 - back)
      const entries = Array.from({ length: count }, (_, offset) => command(from + offset, term))
      const hardState = kind === 1 ? { term, vote: nodeId(2) } : undefined
      if (kind === 2 || kind === 3) {
        const isSnapshotInstalled = kind === 3
        snapshotIndex = isSnapshotInstalled ? last + 5 : last
        last = Math.max(last, snapshotIndex)
        const voters = configuration([nodeId(1), nodeId(2)], [nodeId(3)])
        const snapshot = {
          index: snapshotIndex,
          term,
          configuration: voters,
          state: Uint8Array.of(term),
        }
        made.push({ hardState, snapshot, isSnapshotInstalled, entries: [] })
      } else {
        last = from + count - 1
        made.push({ hardState, snapshot: undefined, isSnapshotInstalled: false, entries })
      }
    })
    return made
  })

function imageOf(list: readonly Change[]) {
  const image = new DiskImage(BLANK)
  for (const change of list) image.keep(change)
  return image.restored
}

function fileOf(list: readonly Change[]): Buffer {
  return Buffer.concat([FILE_HEADER, ...list.map(encodeRecord)])
}

describe('A file of records', () => {
  it('is read as what its writes made of the disk', () => {
    fc.assert(
      fc.property(changes, list => {
        const { restored, bytes } = readFile(fileOf(list))
        expect(restored).toEqual(imageOf(list))
        expect(bytes).toBe(fileOf(list).length)
        const { index } = restored.snapshot!
        restored.entries.forEach((entry, at) => {
          expect(entry.index).toBe(index + 1 + at)
        })
      }),
    )
  })

  it('cut anywhere is read as the whole records before', () => {
    fc.assert(
      fc.property(changes, fc.nat(), (list, at) => {
        const file = fileOf(list)
        const length = FILE_HEADER.length + (at % (file.length - FILE_HEADER.length))
        const { restored, bytes } = readFile(file.subarray(0, length))
        let whole = 0
        while (fileOf(list.slice(0, whole + 1)).length <= length) whole++
        expect(restored).toEqual(imageOf(list.slice(0, whole)))
        expect(bytes).toBe(fileOf(list.slice(0, whole)).length)
      }),
    )
  })

  it('with a damaged byte is read up to the record before', () => {
    fc.assert(
      fc.property(changes, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, at, change) => {
        const file = fileOf(list)
        const position = FILE_HEADER.length + (at % (file.length - FILE_HEADER.length))
        file[position] = file[position]! ^ change
        let whole = 0
        while (fileOf(list.slice(0, whole + 1)).length <= position) whole++
        expect(readFile(file).restored).toEqual(imageOf(list.slice(0, whole)))
      }),
    )
  })

  it('of another kind or version is refused', () => {
    expect(() => readFile(Buffer.from('something else'))).toThrow(DecodeError)
    const next = Buffer.from(FILE_HEADER)
    next[next.length - 1]!++
    expect(() => readFile(next)).toThrow(DecodeError)
    expect(() => readFile(Buffer.alloc(0))).toThrow(DecodeError)
  })
})
