import { describe, expect, it } from 'vitest'
import {
  cpuSeconds,
  parseCpuSeconds,
  parseResidentBytes,
  residentBytes,
} from '../../bench/process-clock.ts'

describe('parseCpuSeconds', () => {
  it('adds user and system time', () => {
    const stat =
      '42 (node) S 1 42 42 0 -1 4194560 2460 51603 0 75 150 50 68 215 20 0 11 0 106164 1 2'
    expect(parseCpuSeconds(stat)).toBe(2)
  })

  it('is not led astray by the name of the program', () => {
    const stat =
      '42 (a) S (b 1 2) S 1 42 42 0 -1 4194560 2460 51603 0 75 100 0 68 215 20 0 11 0 1 1 2'
    expect(parseCpuSeconds(stat)).toBe(1)
  })

  it('refuses what is no stat line', () => {
    expect(() => parseCpuSeconds('no such process')).toThrow('not a stat line')
  })
})

describe('parseResidentBytes', () => {
  it('reads VmRSS in kB of 1024 bytes', () => {
    expect(parseResidentBytes('VmPeak:\t  900 kB\nVmRSS:\t   2048 kB\nThreads: 1\n')).toBe(2 ** 21)
  })

  it('refuses a status without it', () => {
    expect(() => parseResidentBytes('Name:\tkthreadd\n')).toThrow('no VmRSS')
  })
})

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  it('this process has used time and memory', () => {
    expect(cpuSeconds(process.pid)).toBeGreaterThan(0)
    expect(residentBytes(process.pid)).toBeGreaterThan(2 ** 20)
  })
})
