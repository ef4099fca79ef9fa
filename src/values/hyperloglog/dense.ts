// dense.ts — The dense half of Redis's HyperLogLog format: a header, then 16384 registers of six
// bits, the first in the low bits of the first byte.
//
// All positions here count from the start of the value, header included.

import { REGISTERS } from './hash.ts'

/** "HYLL", the encoding, three unused bytes, the cached cardinality in eight bytes. */
export const HEADER_BYTES = 16
export const DENSE_BYTES = HEADER_BYTES + (REGISTERS * 6) / 8

export function denseRegister(bytes: Uint8Array, index: number): number {
  const bit = index * 6
  const at = HEADER_BYTES + (bit >>> 3)
  const shift = bit & 7
  if (shift <= 2) return (bytes[at]! >>> shift) & 63
  return ((bytes[at]! >>> shift) | (bytes[at + 1]! << (8 - shift))) & 63
}

export function setDenseRegister(bytes: Uint8Array, index: number, value: number): void {
  const bit = index * 6
  const at = HEADER_BYTES + (bit >>> 3)
  const shift = bit & 7
  bytes[at] = (bytes[at]! & ~(63 << shift)) | (value << shift)
  if (shift <= 2) return
  bytes[at + 1] = (bytes[at + 1]! & ~(63 >>> (8 - shift))) | (value >>> (8 - shift))
}

/** Raises a register to `rank`; whether it was lower. */
export function raiseDense(bytes: Uint8Array, index: number, rank: number): boolean {
  if (denseRegister(bytes, index) >= rank) return false
  setDenseRegister(bytes, index, rank)
  return true
}

/** Adds the registers' values to `histogram`. Three bytes hold four registers. */
export function countDense(bytes: Uint8Array, histogram: Int32Array): void {
  for (let at = HEADER_BYTES; at < DENSE_BYTES; at += 3) {
    const four = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
    histogram[four & 63]!++
    histogram[(four >>> 6) & 63]!++
    histogram[(four >>> 12) & 63]!++
    histogram[four >>> 18]!++
  }
}

/** Raises each of `registers` (a byte each) to its value here. */
export function unionDense(bytes: Uint8Array, registers: Uint8Array): void {
  let index = 0
  for (let at = HEADER_BYTES; at < DENSE_BYTES; at += 3, index += 4) {
    const four = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
    const first = four & 63
    const second = (four >>> 6) & 63
    const third = (four >>> 12) & 63
    const fourth = four >>> 18
    if (first > registers[index]!) registers[index] = first
    if (second > registers[index + 1]!) registers[index + 1] = second
    if (third > registers[index + 2]!) registers[index + 2] = third
    if (fourth > registers[index + 3]!) registers[index + 3] = fourth
  }
}
