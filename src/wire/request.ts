// request.ts — A command as a client would send it: an array of bulk strings.

import { writeInteger } from './integer.ts'

/** Room for a type, the digits of a length and two line ends. */
const FRAME_BYTES = 16

const CR = 13
const LF = 10
const STAR = 0x2a
const DOLLAR = 0x24

/** Arguments as they lie in `bytes`: argument i is [offsets[2i], offsets[2i + 1]). */
export interface RequestArguments {
  readonly bytes: Buffer
  readonly offsets: Int32Array
  readonly count: number
}

/** The request in memory of its own, whatever form it came in. */
export function encodeRequest({ bytes, offsets, count }: RequestArguments): Buffer {
  let size = FRAME_BYTES
  for (let i = 0; i < count; i++) size += FRAME_BYTES + offsets[2 * i + 1]! - offsets[2 * i]! + 2
  const request = Buffer.allocUnsafe(size)
  let at = writeHeader(request, 0, STAR, count)
  for (let i = 0; i < count; i++) {
    const [start, end] = [offsets[2 * i]!, offsets[2 * i + 1]!]
    at = writeHeader(request, at, DOLLAR, end - start)
    at += bytes.copy(request, at, start, end)
    at = writeLineEnd(request, at)
  }
  return request.subarray(0, at)
}

function writeHeader(request: Buffer, at: number, type: number, value: number): number {
  request[at] = type
  return writeLineEnd(request, writeInteger(request, at + 1, value))
}

function writeLineEnd(request: Buffer, at: number): number {
  request[at] = CR
  request[at + 1] = LF
  return at + 2
}
