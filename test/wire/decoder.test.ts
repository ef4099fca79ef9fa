import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Decoder, INCOMPLETE, INVALID, Pending } from '../../src/wire/decoder.ts'

const limits = { bulkBytesMax: 512 * 1024 * 1024, authenticated: true }

function encode(args: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)]
  for (const arg of args) parts.push(Buffer.from(`$${arg.length}\r\n`), arg, Buffer.from('\r\n'))
  return Buffer.concat(parts)
}

/** Feeds chunks as a connection would; answers the requests, or the error that ended it. */
function decode(
  chunks: readonly Buffer[],
  within: typeof limits = limits,
): { requests: string[][]; error: string | undefined; held: number } {
  const decoder = new Decoder()
  const pending = new Pending()
  const requests: string[][] = []
  const take = () => {
    const { bytes, offsets, count } = decoder.request
    const args: string[] = []
    for (let i = 0; i < count; i++) {
      args.push(bytes.latin1Slice(offsets[2 * i], offsets[2 * i + 1]))
    }
    if (count > 0) requests.push(args)
  }
  const scratch = Buffer.alloc(1 << 20)
  for (const chunk of chunks) {
    // As in the listener, the chunk's memory is used again for the next one.
    chunk.copy(scratch)
    let at = 0
    if (pending.length === 0) {
      for (;;) {
        const status = decoder.read(scratch, at, chunk.length, within)
        if (status === INVALID) return { requests, error: decoder.error, held: 0 }
        if (status === INCOMPLETE) {
          if (at < chunk.length) {
            decoder.suspend(pending, at)
            pending.append(scratch, at, chunk.length)
          }
          break
        }
        at = decoder.at
        take()
      }
      scratch.fill(0x21)
      continue
    }
    pending.append(scratch, 0, chunk.length)
    scratch.fill(0x21)
    let done = 0
    while (pending.length > done) {
      const status = decoder.resume(pending, within)
      if (status === INVALID) return { requests, error: decoder.error, held: 0 }
      if (status === INCOMPLETE) {
        decoder.suspend(pending, 0)
        break
      }
      done = decoder.at
      take()
      pending.missing = 0
      pending.bulkLength = -1
      pending.count = 0
      pending.at = done
    }
    pending.discard(done, 1 << 16)
  }
  return { requests, error: undefined, held: pending.bytes.length }
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const chunks: Buffer[] = []
  let from = 0
  for (const place of [...places, bytes.length]) {
    if (place > from) chunks.push(bytes.subarray(from, place))
    from = place
  }
  return chunks
}

const argument = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 90, maxLength: 2000 }),
)

test('requests come out whole, however the packets are split and merged', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(argument, { minLength: 1, maxLength: 12 }), { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (requests, cuts) => {
        const wire = Buffer.concat(requests.map(args => encode(args.map(arg => Buffer.from(arg)))))
        const decoded = decode(split(wire, cuts))
        expect(decoded.error).toBeUndefined()
        expect(decoded.requests).toEqual(
          requests.map(args => args.map(arg => Buffer.from(arg).latin1Slice())),
        )
      },
    ),
    { numRuns: 300 },
  )
})

test('every split point of a pipeline gives the same requests', () => {
  const wire = Buffer.from(
    '*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING\r\n*0\r\n*-1\r\n\r\nSET "a b" \'c\'\r\n*1\r\n$4\r\nQUIT\r\n',
  )
  const whole = decode([wire]).requests
  expect(whole).toEqual([['GET', 'a'], ['PING'], ['SET', 'a b', 'c'], ['QUIT']])
  for (let i = 1; i < wire.length; i++) {
    for (let j = i; j < wire.length; j += 3) {
      expect(decode(split(wire, [i, j])).requests).toEqual(whole)
    }
  }
  expect(decode([...wire].map(byte => Buffer.from([byte]))).requests).toEqual(whole)
})

test('any bytes at all end in requests, patience or an error, and hold no more than they sent', () => {
  const hostile = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
      fc
        .constantFrom('*', '$', '\r\n', '*1', '*2\r\n', '$-1\r\n', '$5\r\n', '*99999999999\r\n')
        .map(text => Buffer.from(text)),
      fc.constantFrom('"', "'", '\\x', '*1\r\n$1\r\n', '$536870912\r\n').map(t => Buffer.from(t)),
    ),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(hostile, chunks => {
      const sent = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      const { held } = decode(chunks.filter(chunk => chunk.length > 0))
      expect(held).toBeLessThanOrEqual(2 * sent + 1024)
    }),
    { numRuns: 2000 },
  )
})

test('lengths beyond the limits are errors with the texts of Redis', () => {
  const cases = [
    ['*1048577\r\n', 'invalid multibulk length'],
    ['*4294967296\r\n', 'invalid multibulk length'],
    ['*abc\r\n', 'invalid multibulk length'],
    ['*01\r\n', 'invalid multibulk length'],
    ['*1\r\n$536870913\r\n', 'invalid bulk length'],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$\r\n', 'invalid bulk length'],
    ['*1\r\n:1\r\n', "expected '$', got ':'"],
    ['SET "a\r\n', 'unbalanced quotes in request'],
    ['SET "a"b\r\n', 'unbalanced quotes in request'],
    [`*${'1'.repeat(70_000)}`, 'too big mbulk count string'],
    [`*1\r\n$${'1'.repeat(70_000)}`, 'too big bulk count string'],
    ['x'.repeat(70_000), 'too big inline request'],
  ] as const
  for (const [wire, error] of cases) expect(decode([Buffer.from(wire)]).error).toBe(error)
})

test('a client that has not authenticated may only send small requests', () => {
  const strict = { ...limits, authenticated: false }
  expect(decode([Buffer.from('*11\r\n')], strict).error).toBe('unauthenticated multibulk length')
  expect(decode([Buffer.from('*1\r\n$16385\r\n')], strict).error).toBe(
    'unauthenticated bulk length',
  )
  expect(decode([Buffer.from('*10\r\n$16384\r\n')], strict).error).toBeUndefined()
})

test('a request of very many arguments in small packets is read once', () => {
  const args = Array.from({ length: 20_000 }, (_, i) => Buffer.from(String(i)))
  const wire = encode(args)
  const chunks: Buffer[] = []
  for (let at = 0; at < wire.length; at += 1000) chunks.push(wire.subarray(at, at + 1000))
  const { requests } = decode(chunks)
  expect(requests).toHaveLength(1)
  expect(requests[0]).toHaveLength(20_000)
  expect(requests[0]![19_999]).toBe('19999')
})

test('inline words take quotes and escapes as redis-cli writes them', () => {
  const { requests } = decode([Buffer.from('SET k "a\\x41\\n\\"\\\\" \'it\\\'s\'\n')])
  expect(requests).toEqual([['SET', 'k', 'aA\n"\\', "it's"]])
})
