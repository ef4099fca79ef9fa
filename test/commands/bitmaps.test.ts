import { beforeEach, describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const SYNTAX = new RespError('ERR syntax error')
const WRONG_TYPE = new RespError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
)
const NOT_OFFSET = new RespError('ERR bit offset is not an integer or out of range')

let client: InProcessClient
beforeEach(() => {
  client = new InProcessServer({ settings: [['proto-max-bulk-len', '1mb']] }).connect()
})
const call = (line: string) => client.call(...line.split(' '))

describe('SETBIT and GETBIT', () => {
  it('set, clear and read bits, and make the string as long as it must be', () => {
    expect([call('SETBIT k 7 1'), call('SETBIT k 7 0'), call('SETBIT k 7 0')]).toEqual([0, 1, 0])
    expect([call('SETBIT k 100 0'), call('STRLEN k')]).toEqual([0, 13])
    expect([call('GETBIT k 100'), call('GETBIT k 1000000'), call('GETBIT no 0')]).toEqual([0, 0, 0])
    call('SET k \x01')
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(bit => call(`GETBIT k ${bit}`))).toEqual([
      0, 0, 0, 0, 0, 0, 0, 1,
    ])
  })

  it('leave an integer as a raw string', () => {
    call('SET k 1')
    expect(call('SETBIT k 3 1')).toBe(1)
    expect([call('OBJECT ENCODING k'), call('GET k')]).toEqual(['raw', '1'])
  })

  it('refuse offsets beyond the longest string, and bits that are none', () => {
    for (const offset of ['-1', '8388608', 'x', '9223372036854775808', '#1']) {
      expect(call(`SETBIT k ${offset} 1`)).toEqual(NOT_OFFSET)
      expect(call(`GETBIT k ${offset}`)).toEqual(NOT_OFFSET)
    }
    for (const bit of ['2', '-1', 'x']) {
      expect(call(`SETBIT k 0 ${bit}`)).toEqual(
        new RespError('ERR bit is not an integer or out of range'),
      )
    }
    expect(call('EXISTS k')).toBe(0)
    expect(call('SETBIT k 8388607 1')).toBe(0)
    call('RPUSH l x')
    expect([call('SETBIT l 0 1'), call('GETBIT l 0')]).toEqual([WRONG_TYPE, WRONG_TYPE])
  })
})

describe('BITCOUNT and BITPOS', () => {
  beforeEach(() => {
    call('SET k foobar')
  })

  it('count in ranges of bytes or bits', () => {
    expect(call('BITCOUNT k')).toBe(26)
    expect([call('BITCOUNT k 0 0'), call('BITCOUNT k 1 1 BYTE')]).toEqual([4, 6])
    expect(call('BITCOUNT k 5 30 BIT')).toBe(17)
    expect(call('BITCOUNT k -2 -1')).toBe(7)
    expect([call('BITCOUNT k 3 1'), call('BITCOUNT no'), call('BITCOUNT k 0')]).toEqual([
      0,
      0,
      SYNTAX,
    ])
    expect(call('BITCOUNT k 0 1 NIBBLE')).toEqual(SYNTAX)
  })

  it('find the first bit', () => {
    call('SET k \xff\xf0\x00')
    expect([call('BITPOS k 0'), call('BITPOS k 1 2'), call('BITPOS k 0 2')]).toEqual([12, -1, 16])
    expect(call('BITPOS k 1 15 -1 BIT')).toBe(-1)
    call('SET k \xff\xff')
    expect([call('BITPOS k 0'), call('BITPOS k 0 0 -1')]).toEqual([16, -1])
    expect([call('BITPOS no 0'), call('BITPOS no 1')]).toEqual([0, -1])
    expect(call('BITPOS k 2')).toEqual(new RespError('ERR The bit argument must be 1 or 0.'))
  })
})

describe('BITOP', () => {
  it('combines strings as if the shorter were padded with zeros', () => {
    call('MSET a abc b \xff\x00')
    expect([call('BITOP AND r a b'), call('GET r')]).toEqual([3, 'a\0\0'])
    expect([call('BITOP or r a b'), call('GET r')]).toEqual([3, '\xffbc'])
    expect([call('BITOP XOR r a b nosuch'), call('GET r')]).toEqual([3, '\x9ebc'])
    expect([call('BITOP NOT r b'), call('GET r')]).toEqual([2, '\x00\xff'])
    expect(call('OBJECT ENCODING r')).toBe('raw')
  })

  it('of nothing deletes the destination', () => {
    call('SET r x')
    expect([call('BITOP AND r no such'), call('EXISTS r')]).toEqual([0, 0])
  })

  it('refuses what it cannot do, and then changes nothing', () => {
    call('SET r x')
    call('RPUSH l x')
    expect(call('BITOP NAND r a b')).toEqual(SYNTAX)
    expect(call('BITOP NOT r a b')).toEqual(
      new RespError('ERR BITOP NOT must be called with a single source key.'),
    )
    expect(call('BITOP OR r r l')).toEqual(WRONG_TYPE)
    expect(call('GET r')).toBe('x')
  })
})

describe('BITFIELD', () => {
  it('reads and changes integers of any width', () => {
    expect(call('BITFIELD k INCRBY i5 100 1 GET u4 0')).toEqual([1, 0])
    expect(call('BITFIELD k SET u8 #0 255 GET u8 0 GET i8 #0 GET u3 6')).toEqual([0, 255, -1, 6])
    expect(call('BITFIELD k SET i64 0 9223372036854775807 GET i64 0')).toEqual([
      -72057594037927936n,
      9223372036854775807n,
    ])
    expect(call('BITFIELD k')).toEqual([])
  })

  it('wraps, saturates or fails at the ends', () => {
    expect(call('BITFIELD k INCRBY u2 0 3 INCRBY u2 0 1')).toEqual([3, 0])
    expect(call('BITFIELD k OVERFLOW SAT INCRBY u2 0 5 OVERFLOW FAIL INCRBY u2 0 1')).toEqual([
      3,
      null,
    ])
    expect(call('BITFIELD k GET u2 0')).toEqual([3])
  })

  it('makes room even for a write that fails', () => {
    expect(call('BITFIELD k OVERFLOW FAIL SET u1 15 2')).toEqual([null])
    expect(call('STRLEN k')).toBe(2)
  })

  it('refuses all operations where one is wrong', () => {
    const wrongType = new RespError(
      'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
    )
    expect(call('BITFIELD k SET u8 0 1 GET u64 0')).toEqual(wrongType)
    expect(call('BITFIELD k SET u8 0 1 GET u8')).toEqual(SYNTAX)
    expect(call('BITFIELD k SET u8 0 1 GET u8 x')).toEqual(NOT_OFFSET)
    expect(call('BITFIELD k SET u8 0 x')).toEqual(
      new RespError('ERR value is not an integer or out of range'),
    )
    expect(call('BITFIELD k OVERFLOW CLAMP SET u8 0 1')).toEqual(
      new RespError('ERR Invalid OVERFLOW type specified'),
    )
    expect(call('EXISTS k')).toBe(0)
  })

  it('BITFIELD_RO only reads', () => {
    call('SET k a')
    expect(call('BITFIELD_RO k GET u8 0 GET u8 8')).toEqual([97, 0])
    expect(call('BITFIELD_RO k GET u8 0 SET u8 0 1')).toEqual(
      new RespError('ERR BITFIELD_RO only supports the GET subcommand'),
    )
  })
})
