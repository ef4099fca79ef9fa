import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Arena, PAGE_BYTES, PAGE_SHIFT, UNIT_MASK } from '../../src/keyspace/arena.ts'

const size = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 32, max: 600 }) },
  { weight: 2, arbitrary: fc.integer({ min: 600, max: 70_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 400_000 }) },
)

function region(arena: Arena, address: number, length: number): Buffer {
  const start = (address & UNIT_MASK) << 4
  return arena.bytes[address >>> PAGE_SHIFT]!.subarray(start, start + length)
}

test('records never overlap and keep what was written to them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(size, fc.nat()), { maxLength: 400 }), steps => {
      const arena = new Arena()
      const live: { address: number; length: number; mark: number }[] = []
      let mark = 0
      for (const [length, choice] of steps) {
        if (choice % 3 === 0 && live.length > 0) {
          const [gone] = live.splice(choice % live.length, 1)
          arena.free(gone!.address)
        } else {
          const address = arena.allocate(length)
          expect(address).toBeGreaterThan(0)
          mark = (mark + 1) % 251
          region(arena, address, length).fill(mark)
          live.push({ address, length, mark })
        }
        for (const { address, length, mark } of live) {
          const bytes = region(arena, address, length)
          expect(bytes.length).toBe(length)
          expect(bytes[0]).toBe(mark)
          expect(bytes[length - 1]).toBe(mark)
        }
      }
      const sizes = live.reduce((sum, { address }) => sum + arena.sizeAt(address), 0)
      expect(arena.liveBytes).toBe(sizes)
    }),
    { numRuns: 40 },
  )
})

test('no more than an eighth of a small record is waste', () => {
  const arena = new Arena()
  for (let length = 128; length <= 4096; length += 7) {
    const held = arena.sizeAt(arena.allocate(length))
    expect(held).toBeGreaterThanOrEqual(length)
    expect(held - length).toBeLessThan(Math.max(16, length / 8))
  }
})

test('freeing everything gives all pages back', () => {
  const arena = new Arena()
  const addresses: number[] = []
  for (let i = 0; i < 20_000; i++) addresses.push(arena.allocate(32 + (i % 500)))
  expect(arena.pageBytes).toBeGreaterThan(20 * PAGE_BYTES)
  for (const address of addresses) arena.free(address)
  expect(arena.liveBytes).toBe(0)
  expect(arena.pageBytes).toBe(0)
})

test('a freed record is used again before a page is added', () => {
  const arena = new Arena()
  const first = arena.allocate(100)
  arena.allocate(100)
  arena.free(first)
  expect(arena.allocate(100)).toBe(first)
})

test('a record too large for a page has a page of its own, which goes when it is freed', () => {
  const arena = new Arena()
  const address = arena.allocate(10_000_000)
  expect(arena.pageBytes).toBe(10_000_000)
  arena.free(address)
  expect(arena.pageBytes).toBe(0)
})
