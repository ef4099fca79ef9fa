import { describe, expect, it } from 'vitest'
import { runnableCases } from '../../bench/cases.ts'
import { parseOptions } from '../../bench/options.ts'
import { latencyTable, memoryTable, throughputTable } from '../../bench/report.ts'
import { median, medianRatio, percentile } from '../../bench/statistics.ts'
import { formatTable } from '../../bench/table.ts'

describe('median', () => {
  it('is the middle value, or the mean of the middle two', () => {
    expect(median([10, 1, 2])).toBe(2)
    expect(median([10, 1, 2, 4])).toBe(3)
    expect(() => median([])).toThrow(RangeError)
  })
})

describe('percentile', () => {
  it('is the smallest value that the share does not exceed', () => {
    const ascending = Array.from({ length: 1000 }, (_, i) => i + 1)
    expect(percentile(ascending, 0.5)).toBe(500)
    expect(percentile(ascending, 0.999)).toBe(999)
    expect(percentile(ascending, 1)).toBe(1000)
    expect(percentile([7], 0.001)).toBe(7)
  })
})

describe('medianRatio', () => {
  it('is taken round by round, so that a slow round does not count', () => {
    expect(medianRatio([20, 2, 20], [10, 1, 10])).toBe(2)
    expect(() => medianRatio([1], [1, 2])).toThrow(RangeError)
  })
})

describe('formatTable', () => {
  it('lines the columns up, numbers to the right', () => {
    expect(
      formatTable(
        ['name', 'n:'],
        [
          ['a', '1'],
          ['longer', '1000'],
        ],
      ),
    ).toBe(
      ['| name   |    n |', '| ------ | ---: |', '| a      |    1 |', '| longer | 1000 |'].join(
        '\n',
      ),
    )
  })
})

describe('the tables of results', () => {
  const measurement = (scale: number) => ({
    requestsPerSecond: 1000 * scale,
    p50Ms: 1,
    p99Ms: 2 * scale,
    cpuMicrosPerCommand: 4,
  })

  it('give every figure with its ratio to the reference, test by test and depth by depth', () => {
    const rows = [
      { test: 'get', pipeline: 1, label: 'Redis', measurements: [measurement(1)] },
      { test: 'get', pipeline: 1, label: 'Other', measurements: [measurement(1.5)] },
      { test: 'get', pipeline: 16, label: 'Redis', measurements: [measurement(10)] },
      { test: 'get', pipeline: 16, label: 'Other', measurements: [measurement(5)] },
    ]
    const cells = throughputTable(rows, 'Redis')
      .split('\n')
      .map(line => line.split('|').map(cell => cell.trim()))
    expect(cells[3]).toEqual([
      '',
      'get',
      '1',
      'Other',
      '1500',
      '1.50',
      '1.000',
      '1.00',
      '3.000',
      '1.50',
      '4.00',
      '1.00',
      '',
    ])
    expect(cells[5]?.slice(4, 6)).toEqual(['5000', '0.50'])
  })

  const memoryRow = (filling: string, label: string, bytes: number) => ({
    filling,
    label,
    count: 10,
    residentBytesEach: bytes,
    usedBytesEach: bytes / 2,
  })

  it('compare memory filling by filling', () => {
    const rows = [
      memoryRow('sets', 'Redis', 100),
      memoryRow('sets', 'Other', 150),
      memoryRow('lists', 'Redis', 10),
      memoryRow('lists', 'Other', 5),
    ]
    const table = memoryTable(rows, 'Redis')
    expect(table).toMatch(/\| 10 sets +\| Other +\| +150\.0 \| +1\.50 \|/)
    expect(table).toMatch(/\| 10 lists +\| Other +\| +5\.0 \| +0\.50 \|/)
  })

  it('say nothing of ratios where the reference was not measured', () => {
    const memory = memoryRow('sets', 'Other', 200)
    expect(memoryTable([memory], 'Redis')).toMatch(/ 200\.0 \| {7}\| /)
    const latency = {
      label: 'Other',
      keys: 10,
      samples: 9,
      p50Ms: 1,
      p99Ms: 2,
      p999Ms: 3,
      maxMs: 4,
    }
    expect(latencyTable([latency], 'Redis')).not.toContain('NaN')
  })
})

describe('runnableCases', () => {
  it('leaves out tests whose commands the server lacks', () => {
    const names = runnableCases(undefined, new Set(['ping', 'lpush'])).map(row => row.name)
    expect(names).toEqual(['ping_inline', 'ping_mbulk', 'lpush'])
  })

  it('refuses tests that redis-benchmark does not know', () => {
    expect(() => runnableCases(['get', 'nosuch'], new Set(['get']))).toThrow('no test nosuch')
  })
})

describe('parseOptions', () => {
  it('measures all there is, by default', () => {
    expect(parseOptions([])).toMatchObject({
      sections: ['throughput', 'memory', 'latency', 'coordination', 'cluster'],
      tests: undefined,
      pipelines: [1, 16, 64],
      rounds: 5,
      memoryKeys: 1_000_000,
      latencyKeys: 4_000_000,
      writesResults: true,
    })
  })

  it('takes its options in any order', () => {
    const options = parseOptions([
      '--pipelines',
      '4',
      '--tests',
      'get,set',
      '--quick',
      '--node',
      '/n',
    ])
    expect(options).toMatchObject({ pipelines: [4], tests: ['get', 'set'], node: '/n', rounds: 1 })
    expect(options.writesResults).toBe(false)
  })

  it.each([
    [['--pipelines', '0'], '--pipelines'],
    [['--rounds', 'many'], '--rounds'],
    [['--sections', 'speed'], 'no section speed'],
    [['--nosuch'], '--nosuch'],
  ])('refuses %j', (args, reason) => {
    expect(() => parseOptions(args)).toThrow(reason)
  })
})
