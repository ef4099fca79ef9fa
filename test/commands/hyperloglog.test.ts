import { beforeEach, describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const WRONG_TYPE = new RespError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
)
const NOT_HLL = new RespError('WRONGTYPE Key is not a valid HyperLogLog string value.')
const DAMAGED = new RespError('INVALIDOBJ Corrupted HLL object detected')

let client: InProcessClient
beforeEach(() => {
  client = new InProcessServer().connect()
})
const call = (line: string) => client.call(...line.split(' '))
const crowd = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `element ${from + i}`)

describe('PFADD and PFCOUNT', () => {
  it('count what is different', () => {
    expect(call('PFADD h a b c a')).toBe(1)
    expect(call('PFADD h a b')).toBe(0)
    expect(call('PFCOUNT h')).toBe(3)
    expect([call('PFCOUNT nosuch'), call('PFADD empty'), call('PFADD empty')]).toEqual([0, 1, 0])
    expect(call('PFCOUNT empty')).toBe(0)
  })

  it('stay within two per cent, in twelve kilobytes', () => {
    client.call('PFADD', 'h', ...crowd(0, 20_000))
    const count = call('PFCOUNT h') as number
    expect(Math.abs(count - 20_000)).toBeLessThan(400)
    expect(call('STRLEN h')).toBe(12304)
    expect(call('PFDEBUG ENCODING h')).toBe('dense')
  })

  it('count the union of several keys, and skip those that are missing', () => {
    client.call('PFADD', 'a', ...crowd(0, 100))
    client.call('PFADD', 'b', ...crowd(50, 150))
    const union = call('PFCOUNT a b nosuch') as number
    expect(Math.abs(union - 150)).toBeLessThan(5)
  })

  it('keep the count in the value until something is added', () => {
    call('PFADD h a')
    const stale = call('GET h') as string
    call('PFCOUNT h')
    const fresh = call('GET h') as string
    expect(fresh).not.toBe(stale)
    expect(fresh.charCodeAt(8)).toBe(1)
    call('PFADD h b')
    expect((call('GET h') as string).charCodeAt(15)).toBe(0x80)
  })

  it('refuse what is no HyperLogLog', () => {
    call('SET s text')
    call('RPUSH l x')
    expect([call('PFADD s a'), call('PFCOUNT s'), call('PFCOUNT h s')]).toEqual([
      NOT_HLL,
      NOT_HLL,
      NOT_HLL,
    ])
    expect([call('PFADD l a'), call('PFMERGE h l'), call('PFCOUNT l')]).toEqual([
      WRONG_TYPE,
      WRONG_TYPE,
      WRONG_TYPE,
    ])
    expect(call('EXISTS h')).toBe(0)
  })

  it('notice damage', () => {
    client.call('SET', 'h', `HYLL\x01${'\0'.repeat(11)}`)
    client.call('SETRANGE', 'h', '15', '\x80')
    expect([
      call('PFCOUNT h'),
      call('PFADD h a'),
      call('PFCOUNT h h'),
      call('PFMERGE r h'),
    ]).toEqual([DAMAGED, DAMAGED, DAMAGED, DAMAGED])
    expect(call('EXISTS r')).toBe(0)
  })
})

describe('PFMERGE', () => {
  it('adds all sources to the destination', () => {
    call('PFADD a 1 2')
    call('PFADD b 2 3')
    expect(call('PFMERGE r a b nosuch')).toBe('OK')
    expect(call('PFCOUNT r')).toBe(3)
    expect(call('PFMERGE r')).toBe('OK')
    expect(call('PFMERGE a b')).toBe('OK')
    expect([call('PFCOUNT a'), call('PFCOUNT b')]).toEqual([3, 2])
  })

  it('keeps the expiry, and is dense where one of them is', () => {
    call('PFADD r 1')
    call('EXPIRE r 100')
    client.call('PFADD', 'dense', ...crowd(0, 5000))
    call('PFMERGE r dense')
    expect([call('TTL r'), call('PFDEBUG ENCODING r')]).toEqual([100, 'dense'])
  })
})

describe('PFDEBUG and PFSELFTEST', () => {
  it('look inside', () => {
    call('PFADD h a')
    expect(call('PFDEBUG ENCODING h')).toBe('sparse')
    expect(call('PFDEBUG DECODE h')).toMatch(/^Z:\d+ v:\d+,1 Z:\d+$/)
    expect((call('PFDEBUG GETREG h') as number[]).length).toBe(16384)
    expect(call('PFDEBUG ENCODING h')).toBe('dense')
    expect(call('PFDEBUG TODENSE h')).toBe(0)
    expect(call('PFDEBUG DECODE h')).toEqual(new RespError('ERR HLL encoding is not sparse'))
    expect(call('PFDEBUG NOSUCH h')).toEqual(
      new RespError("ERR Unknown PFDEBUG subcommand 'NOSUCH'"),
    )
    expect(call('PFDEBUG ENCODING no')).toEqual(
      new RespError('ERR The specified key does not exist'),
    )
    expect(call('PFSELFTEST')).toBe('OK')
  })
})
