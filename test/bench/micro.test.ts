import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeAll, describe, expect, it } from 'vitest'
import { measureCase } from '../../bench/micro/measure.ts'

describe('measureCase', () => {
  beforeAll(() => {
    setFlagsFromString('--expose-gc')
    globalThis.gc = runInNewContext('gc') as typeof globalThis.gc
  })

  it('counts the heap that each of the operations allocates', () => {
    const kept: { value: number }[] = [{ value: 0 }]
    const run = () => {
      for (let i = 0; i < 10; i += 1) kept[0] = { value: i }
    }
    const { heapBytesPerOperation } = measureCase({ name: 'an object', operations: 10, run })
    expect(heapBytesPerOperation).toBeGreaterThan(15)
    expect(heapBytesPerOperation).toBeLessThan(150)
  })

  it('counts next to nothing for what allocates nothing', () => {
    const counters = new Int32Array(1)
    const run = () => {
      counters[0]! += 1
    }
    const result = measureCase({ name: 'nothing', operations: 1, run })
    expect(result.heapBytesPerOperation).toBeLessThan(8)
    expect(result.nsPerOperation).toBeGreaterThan(0)
  })
})
