// The decoder: whole pipelines in one chunk, inline commands, and a request that comes in two pieces.
import { COMPLETE, Decoder, INCOMPLETE, Pending } from '../../src/wire/decoder.ts'
import type { MicroCase } from './measure.ts'
import { encode, keyName, pipelineOf, VALUE_3, VALUE_100 } from './requests.ts'

const PIPELINE = 16
const limits = { bulkBytesMax: 512 * 2 ** 20, authenticated: true }

function decoding(name: string, command: (n: number) => string): MicroCase {
  const decoder = new Decoder()
  const chunk = pipelineOf(PIPELINE, command)
  return {
    name: `decode ${name}`,
    operations: PIPELINE,
    run() {
      for (let at = 0; at < chunk.length; at = decoder.at) {
        if (decoder.read(chunk, at, chunk.length, limits) !== COMPLETE) throw new Error('a request')
      }
    },
  }
}

function decodingInTwo(): MicroCase {
  const decoder = new Decoder()
  const pending = new Pending()
  const request = pipelineOf(1, n => encode('SET', keyName(n), VALUE_100))
  const middle = request.length >> 1
  return {
    name: 'decode SET, 100 bytes, in two chunks',
    operations: 1,
    run() {
      if (decoder.read(request, 0, middle, limits) !== INCOMPLETE) throw new Error('half a request')
      pending.append(request, 0, middle)
      decoder.suspend(pending, 0)
      pending.append(request, middle, request.length)
      if (decoder.resume(pending, limits) !== COMPLETE) throw new Error('a request')
      pending.discard(pending.length, pending.bytes.length)
      pending.count = 0
    },
  }
}

export const decoderCases: readonly (() => MicroCase)[] = [
  () => decoding('PING', () => encode('PING')),
  () => decoding('PING, inline', () => 'PING\r\n'),
  () => decoding('GET', n => encode('GET', keyName(n))),
  () => decoding('SET, 3 bytes', n => encode('SET', keyName(n), VALUE_3)),
  () => decoding('SET, 100 bytes', n => encode('SET', keyName(n), VALUE_100)),
  decodingInTwo,
]
