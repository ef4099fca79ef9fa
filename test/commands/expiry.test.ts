import { beforeEach, describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const NOW = Date.UTC(2024, 0, 1)
const NOT_INTEGER = new RespError('ERR value is not an integer or out of range')
const invalidExpire = (command: string) =>
  new RespError(`ERR invalid expire time in '${command}' command`)

let server: InProcessServer
let client: InProcessClient
beforeEach(() => {
  server = new InProcessServer()
  client = server.connect()
  client.call('SET', 'k', 'v')
})
const call = (line: string) => client.call(...line.split(' '))

describe('EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT', () => {
  it('say when a key ends, from now or from the epoch', () => {
    expect([call('EXPIRE k 10'), call('PTTL k')]).toEqual([1, 10_000])
    expect([call('PEXPIRE k 1500'), call('PTTL k')]).toEqual([1, 1500])
    expect([call(`EXPIREAT k ${NOW / 1000 + 3}`), call('PTTL k')]).toEqual([1, 3000])
    expect([call(`PEXPIREAT k ${NOW + 7}`), call('PTTL k')]).toEqual([1, 7])
    expect(call('EXPIRE nosuch 10')).toBe(0)
  })

  it('end the key at its time, not before', () => {
    call('PEXPIRE k 100')
    server.clock.advance(99)
    expect(call('GET k')).toBe('v')
    server.clock.advance(1)
    expect([call('GET k'), call('TTL k')]).toEqual([null, -2])
  })

  it('end keys that nobody asks for', () => {
    for (let i = 0; i < 1000; i++) call(`SET k${i} v PX ${i + 1}`)
    server.advance(500)
    expect(call('DBSIZE')).toBe(501)
  })

  it('delete at once where the time is over', () => {
    expect([call('EXPIRE k 0'), call('EXISTS k')]).toEqual([1, 0])
    call('SET k v')
    expect([call('PEXPIREAT k -1'), call('EXISTS k')]).toEqual([1, 0])
    call('SET k v')
    expect([call('EXPIRE k -9223372036854775'), call('EXISTS k')]).toEqual([1, 0])
  })

  it('NX, XX, GT, LT compare with the time there was; none is the farthest', () => {
    expect([call('EXPIRE k 10 XX'), call('EXPIRE k 10 GT'), call('TTL k')]).toEqual([0, 0, -1])
    expect([call('EXPIRE k 10 LT'), call('EXPIRE k 20 NX'), call('TTL k')]).toEqual([1, 0, 10])
    expect([call('EXPIRE k 10 GT'), call('EXPIRE k 11 GT'), call('TTL k')]).toEqual([0, 1, 11])
    expect([call('EXPIRE k 11 LT'), call('EXPIRE k 5 xx LT'), call('TTL k')]).toEqual([0, 1, 5])
    expect([call('EXPIRE k 0 GT'), call('EXISTS k')]).toEqual([0, 1])
  })

  it('refuse conditions that contradict each other before they look at the time', () => {
    expect(call('EXPIRE k x NX GT')).toEqual(
      new RespError('ERR NX and XX, GT or LT options at the same time are not compatible'),
    )
    expect(call('EXPIRE k x GT LT')).toEqual(
      new RespError('ERR GT and LT options at the same time are not compatible'),
    )
    expect(call('EXPIRE k x SOON')).toEqual(new RespError('ERR Unsupported option SOON'))
    expect(call('EXPIRE k x')).toEqual(NOT_INTEGER)
  })

  it('refuse times that 64 bits of milliseconds cannot hold', () => {
    expect(call('EXPIRE k 9223372036854776')).toEqual(invalidExpire('expire'))
    expect(call('EXPIRE k -9223372036854776')).toEqual(invalidExpire('expire'))
    expect(call('PEXPIRE k 9223372036854775807')).toEqual(invalidExpire('pexpire'))
    expect(call('EXPIREAT k 9223372036854776')).toEqual(invalidExpire('expireat'))
    expect(call('PEXPIREAT k 9223372036854775807')).toBe(1)
    expect(call('PEXPIRETIME k')).toBe(9223372036854775807n)
    expect(call('EXPIRETIME k')).toBe(9223372036854776n)
  })
})

describe('TTL, PTTL, EXPIRETIME, PEXPIRETIME, PERSIST', () => {
  it('tell the time left or the time of the end, and round to seconds', () => {
    call('PEXPIRE k 1499')
    expect([call('TTL k'), call('PTTL k')]).toEqual([1, 1499])
    call('PEXPIRE k 1500')
    expect(call('TTL k')).toBe(2)
    call('PEXPIREAT k 4102444800123')
    expect([call('EXPIRETIME k'), call('PEXPIRETIME k')]).toEqual([4102444800, 4102444800123])
  })

  it('tell keys without end from keys that are not there', () => {
    for (const name of ['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME']) {
      expect([call(`${name} k`), call(`${name} nosuch`)]).toEqual([-1, -2])
    }
  })

  it('PERSIST takes the end away', () => {
    call('EXPIRE k 10')
    expect([call('PERSIST k'), call('TTL k'), call('PERSIST k'), call('PERSIST nosuch')]).toEqual([
      1, -1, 0, 0,
    ])
    server.advance(60_000)
    expect(call('GET k')).toBe('v')
  })
})
