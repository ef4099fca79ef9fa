// Replies are cut out whole however their bytes are split, and nonsense ends the conversation.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FramingError, ReplyFramer } from '../../../cluster/routing/reply-framer.ts'

const MEGABYTE = 1 << 20

/** Bytes of one value, of any type of RESP3. */
const value: fc.Arbitrary<Buffer> = fc.letrec<{ any: Buffer; scalar: Buffer; many: Buffer }>(
  tie => ({
    any: fc.oneof({ maxDepth: 4, depthSize: 'small' }, tie('scalar'), tie('many')),
    scalar: fc.oneof(
      fc
        .constantFrom(
          '+OK',
          '-ERR x',
          ':12',
          ':-1',
          '_',
          ',1.5',
          ',inf',
          '#t',
          '(123456789',
          '$-1',
          '*-1',
        )
        .map(line => Buffer.from(`${line}\r\n`)),
      fc
        .tuple(fc.constantFrom('$', '!', '='), fc.uint8Array({ maxLength: 40 }))
        .map(([type, bytes]) =>
          Buffer.concat([Buffer.from(`${type}${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]),
        ),
    ),
    many: fc
      .tuple(
        fc.constantFrom('*', '~', '%', '|'),
        fc.array(tie('any'), { maxLength: 3 }),
        tie('any'),
      )
      .map(([type, parts, last]) => {
        const pairs = type === '%' || type === '|'
        const all = pairs ? [...parts, ...parts] : parts
        const head = Buffer.from(`${type}${parts.length}\r\n`)
        return Buffer.concat([head, ...all, ...(type === '|' ? [last] : [])])
      }),
  }),
).any

function frames(framer: ReplyFramer, chunks: readonly Buffer[]): string[] {
  const taken: string[] = []
  for (const chunk of chunks) {
    // The reader's buffer is used again, so what is kept must be copied.
    const shared = Buffer.from(chunk)
    framer.push(shared, reply => taken.push(reply.toString('latin1')))
    shared.fill(0x58)
  }
  return taken
}

test('replies come out whole and in order, however their bytes are split', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 40 }),
      (replies, sizes) => {
        const bytes = Buffer.concat(replies)
        const chunks: Buffer[] = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = 1 + sizes[i % sizes.length]!
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(frames(new ReplyFramer(MEGABYTE), chunks)).toEqual(
          replies.map(reply => reply.toString('latin1')),
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('whatever comes is cut, or refused by a framing error', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom(...'+-:$*%~>|=_#0123456789x\r\n') }), {
        maxLength: 20,
      }),
      texts => {
        try {
          frames(
            new ReplyFramer(1024),
            texts.map(text => Buffer.from(text, 'latin1')),
          )
        } catch (error) {
          expect(error).toBeInstanceOf(FramingError)
        }
      },
    ),
    { numRuns: 500 },
  )
})

describe('a reply is refused', () => {
  const framed = (text: string) => () => frames(new ReplyFramer(64), [Buffer.from(text, 'latin1')])

  test.each(['hello\r\n', '$x\r\n', '$99999999999\r\n', '+a\n', '$\r\n'])('if it is %j', text => {
    expect(framed(text)).toThrow(FramingError)
  })

  test('if it grows beyond what may be kept', () => {
    const framer = new ReplyFramer(64)
    expect(() => {
      for (let i = 0; i < 10; i++)
        framer.push(Buffer.from('$1000\r\n12345'.slice(i > 0 ? 7 : 0)), () => undefined)
      framer.push(Buffer.alloc(64), () => undefined)
    }).toThrow(FramingError)
  })

  test('if a line does not end', () => {
    const framer = new ReplyFramer(8 * MEGABYTE)
    expect(() => {
      for (let i = 0; i < 40; i++) framer.push(Buffer.alloc(64 * 1024, '+a'), () => undefined)
    }).toThrow(FramingError)
  })
})

test('a large value that comes in small pieces is looked at once', () => {
  const framer = new ReplyFramer(64 * MEGABYTE)
  const value = Buffer.alloc(16 * MEGABYTE, 'v')
  const bytes = Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')])
  const taken: number[] = []
  for (let at = 0; at < bytes.length; at += 1000) {
    framer.push(bytes.subarray(at, at + 1000), reply => taken.push(reply.length))
  }
  expect(taken).toEqual([bytes.length])
})
