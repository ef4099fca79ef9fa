import fc from 'fast-check'
import RedisParser from 'redis-parser'
import { describe, expect, it } from 'vitest'
import { elementFrames, RespFramer, RespProtocolError, splitFrames } from './resp-framer.ts'
import { decodeFrame, RespError, type RespValue } from './resp-value.ts'

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1')

const line = fc.stringMatching(/^[ -~]{0,12}$/)
const binary = fc.uint8Array({ maxLength: 40 }).map(body => Buffer.from(body).toString('latin1'))
const blob = (type: string) => binary.map(body => `${type}${body.length}\r\n${body}\r\n`)
const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(n => `:${n}\r\n`)

const resp2 = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    line.map(text => `+${text}\r\n`),
    line.map(text => `-ERR ${text}\r\n`),
    integer,
    blob('$'),
    fc.constantFrom('$-1\r\n', '*-1\r\n', '*0\r\n'),
    fc.array(tie('value'), { maxLength: 5 }).map(all => `*${all.length}\r\n${all.join('')}`),
  ),
})).value

const resp3 = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    resp2,
    fc.constantFrom(
      '_\r\n',
      '#t\r\n',
      '#f\r\n',
      ',inf\r\n',
      ',-1.5e300\r\n',
      '(-12345678901234567890\r\n',
    ),
    blob('!'),
    binary.map(body => `=${body.length + 4}\r\ntxt:${body}\r\n`),
    fc.array(tie('value'), { maxLength: 5 }).map(all => `~${all.length}\r\n${all.join('')}`),
    fc.array(tie('value'), { maxLength: 5 }).map(all => `>${all.length}\r\n${all.join('')}`),
    fc
      .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
      .map(pairs => `%${pairs.length}\r\n${pairs.flat().join('')}`),
    fc
      .tuple(tie('value'), tie('value'), tie('value'))
      .map(([key, value, follows]) => `|1\r\n${key}${value}${follows}`),
  ),
})).value

/** What redis-parser makes of a reply, in the terms of `decodeFrame`. */
function oracleValue(reply: unknown): RespValue {
  if (reply instanceof Error) return new RespError(reply.message)
  if (Buffer.isBuffer(reply)) return reply.toString('latin1')
  if (Array.isArray(reply)) return reply.map(oracleValue)
  if (typeof reply === 'string' && /^-?\d{16,}$/.test(reply)) return BigInt(reply)
  return reply as RespValue
}

describe('RespFramer', () => {
  it('gives back each RESP3 value whole, however the stream is split', () => {
    fc.assert(
      fc.property(fc.array(resp3, { maxLength: 6 }), fc.array(fc.nat()), (values, cuts) => {
        const stream = bytes(values.join(''))
        const points = cuts.map(cut => cut % (stream.length + 1)).sort((a, b) => a - b)
        const framer = new RespFramer()
        const frames: Buffer[] = []
        let from = 0
        for (const point of [...points, stream.length]) {
          frames.push(...framer.push(stream.subarray(from, point)))
          from = point
        }
        expect(frames.map(frame => frame.toString('latin1'))).toEqual(values)
      }),
    )
  })

  it('cuts at every single byte', () => {
    const stream = bytes(
      '>2\r\n+a\r\n$3\r\n\r\n\n\r\n%1\r\n:1\r\n*2\r\n_\r\n#t\r\n|1\r\n+k\r\n+v\r\n,1.5\r\n',
    )
    const framer = new RespFramer()
    const frames: string[] = []
    for (const byte of stream) {
      frames.push(...framer.push(Buffer.of(byte)).map(frame => frame.toString('latin1')))
    }
    expect(frames).toEqual([
      '>2\r\n+a\r\n$3\r\n\r\n\n\r\n',
      '%1\r\n:1\r\n*2\r\n_\r\n#t\r\n',
      '|1\r\n+k\r\n+v\r\n,1.5\r\n',
    ])
  })

  it('frames an array nested deeper than any call stack', () => {
    const depth = 200_000
    const nested = bytes(`${'*1\r\n'.repeat(depth)}:1\r\n`)
    expect(new RespFramer().push(nested)[0]?.equals(nested)).toBe(true)
  })

  it.each([
    ['an unknown type', '?1\r\n'],
    ['a length that is no number', '$x\r\n'],
    ['a negative length other than -1', '*-2\r\n'],
    ['a set of length -1', '~-1\r\n'],
    ['a string without its CRLF', '$1\r\nabc'],
    ['a streamed string', '$?\r\n'],
  ])('refuses %s', (_what, stream) => {
    expect(() => new RespFramer().push(bytes(stream))).toThrow(RespProtocolError)
  })
})

describe('splitFrames and elementFrames', () => {
  it('refuse a last frame that is cut off', () => {
    expect(() => splitFrames(bytes('+a\r\n+b'))).toThrow(RespProtocolError)
  })

  it('give the elements of an aggregate, and undefined for a scalar or a null', () => {
    expect(elementFrames(bytes('%1\r\n+a\r\n*1\r\n:1\r\n'))).toEqual([
      bytes('+a\r\n'),
      bytes('*1\r\n:1\r\n'),
    ])
    expect(elementFrames(bytes('*0\r\n'))).toEqual([])
    expect(elementFrames(bytes('*-1\r\n'))).toBeUndefined()
    expect(elementFrames(bytes('$2\r\nab\r\n'))).toBeUndefined()
  })
})

describe('decodeFrame', () => {
  it('reads RESP2 as redis-parser does', () => {
    fc.assert(
      fc.property(fc.array(resp2, { minLength: 1, maxLength: 6 }), values => {
        const replies: unknown[] = []
        const parser = new RedisParser({
          returnReply: reply => replies.push(reply),
          returnError: error => replies.push(error),
          returnBuffers: true,
          stringNumbers: true,
        })
        parser.execute(bytes(values.join('')))
        const ours = splitFrames(bytes(values.join(''))).map(decodeFrame)
        expect(stringNumbers(ours)).toEqual(stringNumbers(replies.map(oracleValue)))
      }),
    )
  })

  it('reads every type of RESP3', () => {
    const stream =
      '%2\r\n+map\r\n~2\r\n:1\r\n:2\r\n$1\r\nk\r\n*7\r\n,1.5\r\n,-inf\r\n#f\r\n_\r\n=7\r\ntxt:abc\r\n' +
      '(12345678901234567890\r\n!5\r\nERR x\r\n'
    expect(decodeFrame(bytes(stream))).toEqual(
      new Map<RespValue, RespValue>([
        ['map', new Set([1, 2])],
        [
          'k',
          [
            1.5,
            Number.NEGATIVE_INFINITY,
            false,
            null,
            'abc',
            12345678901234567890n,
            new RespError('ERR x'),
          ],
        ],
      ]),
    )
  })

  it('reads the value that an attribute belongs to', () => {
    expect(decodeFrame(bytes('|1\r\n+ttl\r\n:3\r\n+value\r\n'))).toBe('value')
  })
})

/** redis-parser gives integers as strings here, its one way to keep 64 bits. */
function stringNumbers(value: RespValue): RespValue {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return Array.isArray(value) ? value.map(stringNumbers) : value
}
