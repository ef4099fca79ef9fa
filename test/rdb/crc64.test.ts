import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Crc64 } from '../../src/rdb/crc64.ts'

const POLYNOMIAL = 0xad93d23594c935a9n

/** Bit by bit, as the definition has it. */
function plainCrc(bytes: Uint8Array): bigint {
  let crc = 0n
  for (const byte of bytes) {
    for (let mask = 1; mask < 256; mask <<= 1) {
      let carries = (crc >> 63n) & 1n
      if (byte & mask) carries ^= 1n
      crc = BigInt.asUintN(64, crc << 1n)
      if (carries) crc ^= POLYNOMIAL
    }
  }
  let reflected = 0n
  for (let bit = 0n; bit < 64n; bit++) if ((crc >> bit) & 1n) reflected |= 1n << (63n - bit)
  return reflected
}

function value({ high, low }: Crc64): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}

describe('CRC-64', () => {
  it('of the digits 1 to 9 is the check value of the polynomial', () => {
    expect(value(new Crc64().update(Buffer.from('123456789')))).toBe(0xe9c6d914c4b8d9can)
    expect(value(new Crc64())).toBe(0n)
  })

  it('agrees with the definition on any bytes, in any pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (bytes, cut) => {
        const middle = Math.min(cut, bytes.length)
        const crc = new Crc64().update(bytes, 0, middle).update(bytes, middle)
        expect(value(crc)).toBe(plainCrc(bytes))
      }),
    )
  })
})
