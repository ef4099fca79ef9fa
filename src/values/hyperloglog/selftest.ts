// selftest.ts — PFSELFTEST: shows on the running machine that registers keep what they are given
// and that estimates stay within their error.
//
// Runs on the thread that serves commands, so it is sized to take some tens of milliseconds.

import { add, count, createHyperLogLog, encoding, toDense } from '../hyperloglog.ts'
import { DENSE_BYTES, denseRegister, setDenseRegister } from './dense.ts'
import { REGISTERS } from './hash.ts'

const REGISTER_CYCLES = 20
const ELEMENTS = 100_000
/** Standard error of the estimator with 16384 registers. */
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS)
/** An estimate this many standard errors off is a defect, not bad luck. */
const ERRORS_ALLOWED = 6

/** Undefined if all is well, otherwise the text of the error. `random` is uniform in [0, 1). */
export function selfTest(random: () => number, sparseBytesMax: number): string | undefined {
  return testRegisters(random) ?? testEstimates(random, sparseBytesMax)
}

function testRegisters(random: () => number): string | undefined {
  const dense = Buffer.alloc(DENSE_BYTES)
  const expected = new Uint8Array(REGISTERS)
  for (let cycle = 0; cycle < REGISTER_CYCLES; cycle++) {
    for (let index = 0; index < REGISTERS; index++) {
      expected[index] = Math.floor(random() * 64)
      setDenseRegister(dense, index, expected[index]!)
    }
    for (let index = 0; index < REGISTERS; index++) {
      const value = denseRegister(dense, index)
      if (value !== expected[index]) {
        return `TESTFAILED Register ${index} should be ${expected[index]} but is ${value}`
      }
    }
  }
  return undefined
}

function testEstimates(random: () => number, sparseBytesMax: number): string | undefined {
  const element = Buffer.alloc(8)
  const seed = Math.floor(random() * 2 ** 32)
  element.writeUInt32LE(Math.floor(random() * 2 ** 32), 4)
  let dense = toDense(createHyperLogLog())!
  let grown = createHyperLogLog()
  let checkpoint = 1
  for (let added = 1; added <= ELEMENTS; added++) {
    element.writeUInt32LE((added ^ seed) >>> 0, 0)
    dense = add(dense, element, 0, 8, 0)!.bytes
    grown = add(grown, element, 0, 8, sparseBytesMax)!.bytes
    if (added !== checkpoint) continue
    if (added < sparseBytesMax / 2 && encoding(grown) !== 'sparse') {
      return 'TESTFAILED sparse encoding not used'
    }
    const cardinality = count(dense)!
    if (cardinality !== count(grown)) return 'TESTFAILED dense/sparse disagree'
    const error = Math.abs(cardinality - added)
    if (error > Math.ceil(STANDARD_ERROR * ERRORS_ALLOWED * added)) {
      return `TESTFAILED Too big error. card:${added} abserr:${error}`
    }
    checkpoint *= 10
  }
  return undefined
}
