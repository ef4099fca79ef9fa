// What the commands on streams do, by example.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const NOW = Date.UTC(2024, 0, 1)
const wrongType = new RespError('WRONGTYPE Operation against a key holding the wrong kind of value')
const notGreater = new RespError(
  'ERR The ID specified in XADD is equal or smaller than the target stream top item',
)
const badId = new RespError('ERR Invalid stream ID specified as stream command argument')

function connect(protocol: 2 | 3 = 2): InProcessClient {
  return new InProcessServer().connect(protocol)
}

/** A client, and a stream `s` with the entries 1-0 to 4-0, each of one field `n`. */
function withStream(protocol: 2 | 3 = 2): InProcessClient {
  const client = connect(protocol)
  for (const n of ['1', '2', '3', '4']) client.call('XADD', 's', `${n}-0`, 'n', n)
  return client
}

/** The same with a group `g` that has read nothing. */
function withGroup(protocol: 2 | 3 = 2): InProcessClient {
  const client = withStream(protocol)
  client.call('XGROUP', 'CREATE', 's', 'g', '0')
  return client
}

const entry = (n: number) => [`${n}-0`, ['n', String(n)]]

describe('XADD', () => {
  it('makes the ID of the time, and counts up within a millisecond', () => {
    const server = new InProcessServer()
    const client = server.connect()
    expect(client.call('XADD', 's', '*', 'a', '1')).toBe(`${NOW}-0`)
    expect(client.call('XADD', 's', '*', 'a', '1')).toBe(`${NOW}-1`)
    server.advance(5)
    expect(client.call('XADD', 's', '*', 'a', '1')).toBe(`${NOW + 5}-0`)
    expect(client.call('XLEN', 's')).toBe(3)
  })

  it('goes on after the last ID where the clock is behind it', () => {
    const client = connect()
    client.call('XADD', 's', '9999999999999-18446744073709551615', 'a', '1')
    expect(client.call('XADD', 's', '*', 'a', '1')).toBe('10000000000000-0')
  })

  it('takes an ID above the last one, and makes its sequence where that is left open', () => {
    const client = connect()
    expect(client.call('XADD', 's', '5-3', 'a', '1')).toBe('5-3')
    expect(client.call('XADD', 's', '5-*', 'a', '1')).toBe('5-4')
    expect(client.call('XADD', 's', '7-*', 'a', '1')).toBe('7-0')
    expect(client.call('XADD', 's', '8', 'a', '1')).toBe('8-0')
    expect(client.call('XADD', 's', '8-0', 'a', '1')).toEqual(notGreater)
    expect(client.call('XADD', 's', '7-*', 'a', '1')).toEqual(notGreater)
    expect(client.call('XADD', 's', '8-x', 'a', '1')).toEqual(badId)
    expect(client.call('XADD', 't', '0-*', 'a', '1')).toBe('0-1')
    expect(client.call('XADD', 't', '0-0', 'a', '1')).toEqual(
      new RespError('ERR The ID specified in XADD must be greater than 0-0'),
    )
  })

  it('has an end', () => {
    const client = connect()
    const last = '18446744073709551615-18446744073709551615'
    expect(client.call('XADD', 's', last, 'a', '1')).toBe(last)
    expect(client.call('XADD', 's', '*', 'a', '1')).toEqual(
      new RespError('ERR The stream has exhausted the last possible ID, unable to add more items'),
    )
  })

  it('keeps the order of fields, fields that repeat, and every byte', () => {
    const client = connect()
    const fields = ['b', '1', 'a', '\0\xff\r\n', 'b', '', '', '007', '12', '-9223372036854775808']
    client.call('XADD', 's', '1-0', ...fields)
    client.call('XADD', 's', '2-0', ...fields)
    expect(client.call('XRANGE', 's', '-', '+')).toEqual([
      ['1-0', fields],
      ['2-0', fields],
    ])
  })

  it('with NOMKSTREAM makes no stream', () => {
    const client = connect()
    expect(client.call('XADD', 's', 'NOMKSTREAM', '1-0', 'a', '1')).toBeNull()
    expect(client.call('EXISTS', 's')).toBe(0)
  })

  it('trims the stream to a length or to an ID', () => {
    const client = withStream()
    expect(client.call('XADD', 's', 'MAXLEN', '3', '5-0', 'n', '5')).toBe('5-0')
    expect(client.call('XRANGE', 's', '-', '+')).toEqual([entry(3), entry(4), entry(5)])
    client.call('XADD', 's', 'MINID', '=', '5', '6-0', 'n', '6')
    expect(client.call('XRANGE', 's', '-', '+')).toEqual([entry(5), entry(6)])
    client.call('XADD', 's', 'MAXLEN', '~', '1', 'LIMIT', '10', '7-0', 'n', '7')
    expect(client.call('XLEN', 's')).toBe(3)
  })

  it('refuses fields without a value, and keys that hold something else', () => {
    const client = connect()
    expect(client.call('XADD', 's', '*', 'a', '1', 'b')).toEqual(
      new RespError("ERR wrong number of arguments for 'xadd' command"),
    )
    client.call('SET', 'text', 'x')
    expect(client.call('XADD', 'text', '*', 'a', '1')).toEqual(wrongType)
  })
})

describe('XRANGE and XREVRANGE', () => {
  it('give what lies between two IDs, either way', () => {
    const client = withStream()
    expect(client.call('XRANGE', 's', '2', '3')).toEqual([entry(2), entry(3)])
    expect(client.call('XRANGE', 's', '(2-0', '+')).toEqual([entry(3), entry(4)])
    expect(client.call('XRANGE', 's', '-', '(3-0')).toEqual([entry(1), entry(2)])
    expect(client.call('XRANGE', 's', '-', '+', 'COUNT', '1')).toEqual([entry(1)])
    expect(client.call('XREVRANGE', 's', '+', '-', 'COUNT', '2')).toEqual([entry(4), entry(3)])
    expect(client.call('XRANGE', 's', '3', '2')).toEqual([])
    expect(client.call('XRANGE', 'none', '-', '+')).toEqual([])
  })

  it('refuse bounds that have nothing beyond them', () => {
    const client = withStream()
    const last = '(18446744073709551615-18446744073709551615'
    expect(client.call('XRANGE', 's', last, '+')).toEqual(
      new RespError('ERR invalid start ID for the interval'),
    )
    expect(client.call('XRANGE', 's', '-', '(0-0')).toEqual(
      new RespError('ERR invalid end ID for the interval'),
    )
  })
})

describe('XDEL and XTRIM', () => {
  it('delete by ID, or all but the newest', () => {
    const client = withStream()
    expect(client.call('XDEL', 's', '2-0', '2-0', '9-9')).toBe(1)
    expect(client.call('XLEN', 's')).toBe(3)
    expect(client.call('XTRIM', 's', 'MAXLEN', '1')).toBe(2)
    expect(client.call('XRANGE', 's', '-', '+')).toEqual([entry(4)])
    expect(client.call('XTRIM', 's', 'MINID', '9')).toBe(1)
    // A stream stays when it is empty, and its IDs go on.
    expect(client.call('EXISTS', 's')).toBe(1)
    expect(client.call('XADD', 's', '4-0', 'n', '4')).toEqual(notGreater)
  })

  it('delete nothing if one of the IDs is none', () => {
    const client = withStream()
    expect(client.call('XDEL', 's', '1-0', 'x')).toEqual(badId)
    expect(client.call('XLEN', 's')).toBe(4)
  })
})

it('XSETID sets what the next ID must be above, and the counters', () => {
  const client = withStream()
  client.call('XDEL', 's', '4-0')
  expect(client.call('XSETID', 's', '10-0', 'ENTRIESADDED', '20', 'MAXDELETEDID', '5-0')).toBe('OK')
  expect(client.call('XSETID', 's', '4-5')).toEqual(
    new RespError('ERR The ID specified in XSETID is smaller than current max_deleted_entry_id'),
  )
  expect(client.call('XADD', 's', '10-*', 'n', '10')).toBe('10-1')
  const info = client.call('XINFO', 'STREAM', 's') as unknown[]
  expect(info[info.indexOf('entries-added') + 1]).toBe(21)
  expect(client.call('XSETID', 'none', '1-1')).toEqual(new RespError('ERR no such key'))
})

describe('XREAD', () => {
  it('gives what follows an ID in each stream, and leaves out streams without', () => {
    const client = withStream()
    client.call('XADD', 't', '7-0', 'n', '7')
    expect(client.call('XREAD', 'STREAMS', 's', 't', 'none', '3', '7', '0')).toEqual([
      ['s', [entry(4)]],
    ])
    expect(client.call('XREAD', 'COUNT', '1', 'STREAMS', 's', 't', '0', '0')).toEqual([
      ['s', [entry(1)]],
      ['t', [entry(7)]],
    ])
    expect(client.call('XREAD', 'STREAMS', 's', '$')).toBeNull()
  })

  it('gives a map in RESP3', () => {
    const client = withStream(3)
    expect(client.call('XREAD', 'STREAMS', 's', '3')).toEqual(new Map([['s', [entry(4)]]]))
  })

  it('refuses a number of IDs other than that of keys', () => {
    const client = withStream()
    expect(client.call('XREAD', 'STREAMS', 's', 't', '0')).toEqual(
      new RespError(
        "ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
      ),
    )
  })
})

describe('XGROUP', () => {
  it('makes groups, also where there is no stream yet', () => {
    const client = withStream()
    expect(client.call('XGROUP', 'CREATE', 's', 'g', '$')).toBe('OK')
    expect(client.call('XGROUP', 'CREATE', 's', 'g', '$')).toEqual(
      new RespError('BUSYGROUP Consumer Group name already exists'),
    )
    expect(client.call('XGROUP', 'CREATE', 'new', 'g', '$')).toBeInstanceOf(RespError)
    expect(client.call('XGROUP', 'CREATE', 'new', 'g', '$', 'MKSTREAM')).toBe('OK')
    expect(client.call('TYPE', 'new')).toBe('stream')
    expect(client.call('XGROUP', 'DESTROY', 's', 'g')).toBe(1)
    expect(client.call('XGROUP', 'DESTROY', 's', 'g')).toBe(0)
  })

  it('makes consumers and deletes them, with what they have pending', () => {
    const client = withGroup()
    expect(client.call('XGROUP', 'CREATECONSUMER', 's', 'g', 'ann')).toBe(1)
    expect(client.call('XGROUP', 'CREATECONSUMER', 's', 'g', 'ann')).toBe(0)
    client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'COUNT', '3', 'STREAMS', 's', '>')
    expect(client.call('XGROUP', 'DELCONSUMER', 's', 'g', 'ann')).toBe(3)
    expect(client.call('XPENDING', 's', 'g')).toEqual([0, null, null, null])
    expect(client.call('XGROUP', 'DELCONSUMER', 's', 'none', 'ann')).toEqual(
      new RespError("NOGROUP No such consumer group 'none' for key name 's'"),
    )
  })

  it('sets where a group stands', () => {
    const client = withGroup()
    expect(client.call('XGROUP', 'SETID', 's', 'g', '3')).toBe('OK')
    expect(client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', 's', '>')).toEqual([
      ['s', [entry(4)]],
    ])
  })
})

describe('XREADGROUP', () => {
  it('gives each entry to one consumer', () => {
    const client = withGroup()
    const read = (who: string) =>
      client.call('XREADGROUP', 'GROUP', 'g', who, 'COUNT', '2', 'STREAMS', 's', '>')
    expect(read('ann')).toEqual([['s', [entry(1), entry(2)]]])
    expect(read('bob')).toEqual([['s', [entry(3), entry(4)]]])
    expect(read('ann')).toBeNull()
  })

  it('gives a consumer its history again, until it acknowledges', () => {
    const client = withGroup()
    client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'COUNT', '2', 'STREAMS', 's', '>')
    client.call('XDEL', 's', '1-0')
    const history = () => client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', 's', '0')
    expect(history()).toEqual([['s', [['1-0', null], entry(2)]]])
    expect(client.call('XACK', 's', 'g', '1-0', '2-0', '3-0')).toBe(2)
    expect(history()).toEqual([['s', []]])
  })

  it('with NOACK makes nothing pending', () => {
    const client = withGroup()
    client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'NOACK', 'STREAMS', 's', '>')
    expect(client.call('XPENDING', 's', 'g')).toEqual([0, null, null, null])
  })

  it('needs a group', () => {
    const client = withStream()
    expect(client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', 's', '>')).toEqual(
      new RespError(
        "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
      ),
    )
  })
})

it('XPENDING tells what is pending, for whom, how long and how often it was delivered', () => {
  const server = new InProcessServer()
  const client = server.connect()
  for (const n of ['1', '2', '3']) client.call('XADD', 's', `${n}-0`, 'n', n)
  client.call('XGROUP', 'CREATE', 's', 'g', '0')
  client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'COUNT', '2', 'STREAMS', 's', '>')
  server.advance(100)
  client.call('XREADGROUP', 'GROUP', 'g', 'bob', 'STREAMS', 's', '>')
  client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', 's', '1-0')
  server.advance(20)
  expect(client.call('XPENDING', 's', 'g')).toEqual([
    3,
    '1-0',
    '3-0',
    [
      ['ann', '2'],
      ['bob', '1'],
    ],
  ])
  expect(client.call('XPENDING', 's', 'g', '-', '+', '10')).toEqual([
    ['1-0', 'ann', 120, 1],
    ['2-0', 'ann', 20, 2],
    ['3-0', 'bob', 20, 1],
  ])
  expect(client.call('XPENDING', 's', 'g', 'IDLE', '100', '-', '+', '10')).toEqual([
    ['1-0', 'ann', 120, 1],
  ])
  expect(client.call('XPENDING', 's', 'g', '(1-0', '+', '10', 'ann')).toEqual([
    ['2-0', 'ann', 20, 2],
  ])
  expect(client.call('XPENDING', 's', 'none')).toEqual(
    new RespError("NOGROUP No such key 's' or consumer group 'none'"),
  )
})

describe('XCLAIM', () => {
  it('takes over what has been idle for long enough', () => {
    const server = new InProcessServer()
    const client = server.connect()
    client.call('XADD', 's', '1-0', 'n', '1')
    client.call('XGROUP', 'CREATE', 's', 'g', '0')
    client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', 's', '>')
    server.advance(50)
    expect(client.call('XCLAIM', 's', 'g', 'bob', '51', '1-0')).toEqual([])
    expect(client.call('XCLAIM', 's', 'g', 'bob', '50', '1-0')).toEqual([entry(1)])
    expect(client.call('XPENDING', 's', 'g', '-', '+', '9')).toEqual([['1-0', 'bob', 0, 2]])
  })

  it('sets time and count as it is told, and forces entries that are pending for nobody', () => {
    const client = withGroup()
    const claimed = (...options: string[]) => {
      expect(client.call('XCLAIM', 's', 'g', 'bob', '0', '2-0', ...options)).toEqual(['2-0'])
      return client.call('XPENDING', 's', 'g', '-', '+', '9')
    }
    expect(client.call('XCLAIM', 's', 'g', 'bob', '0', '2-0')).toEqual([])
    expect(claimed('FORCE', 'JUSTID')).toEqual([['2-0', 'bob', 0, 1]])
    expect(claimed('JUSTID', 'IDLE', '30', 'RETRYCOUNT', '7')).toEqual([['2-0', 'bob', 30, 7]])
    expect(claimed('JUSTID', 'TIME', String(NOW - 8))).toEqual([['2-0', 'bob', 8, 7]])
    expect(client.call('XCLAIM', 's', 'g', 'bob', '0', '2-0', 'AGAIN')).toEqual(
      new RespError("ERR Unrecognized XCLAIM option 'AGAIN'"),
    )
  })
})

it('XAUTOCLAIM goes through what is pending, and strikes off what was deleted', () => {
  const client = withGroup()
  client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', 's', '>')
  client.call('XDEL', 's', '2-0')
  expect(client.call('XAUTOCLAIM', 's', 'g', 'bob', '0', '0', 'COUNT', '2')).toEqual([
    '3-0',
    [entry(1)],
    ['2-0'],
  ])
  expect(client.call('XAUTOCLAIM', 's', 'g', 'bob', '0', '3-0', 'JUSTID')).toEqual([
    '0-0',
    ['3-0', '4-0'],
    [],
  ])
  expect(client.call('XPENDING', 's', 'g')).toEqual([3, '1-0', '4-0', [['bob', '3']]])
})

describe('XINFO', () => {
  it('describes a stream', () => {
    expect(withGroup(3).call('XINFO', 'STREAM', 's')).toEqual(
      new Map<string, unknown>([
        ['length', 4],
        ['radix-tree-keys', 1],
        ['radix-tree-nodes', 2],
        ['last-generated-id', '4-0'],
        ['max-deleted-entry-id', '0-0'],
        ['entries-added', 4],
        ['recorded-first-entry-id', '1-0'],
        ['groups', 1],
        ['first-entry', entry(1)],
        ['last-entry', entry(4)],
      ]),
    )
  })

  it('describes groups and consumers', () => {
    const server = new InProcessServer()
    const client = server.connect(3)
    for (const n of ['1', '2', '3']) client.call('XADD', 's', `${n}-0`, 'n', n)
    client.call('XGROUP', 'CREATE', 's', 'g', '0')
    client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'COUNT', '2', 'STREAMS', 's', '>')
    client.call('XGROUP', 'CREATECONSUMER', 's', 'g', 'bob')
    server.advance(10)
    expect(client.call('XINFO', 'GROUPS', 's')).toEqual([
      new Map<string, unknown>([
        ['name', 'g'],
        ['consumers', 2],
        ['pending', 2],
        ['last-delivered-id', '2-0'],
        ['entries-read', 2],
        ['lag', 1],
      ]),
    ])
    const consumer = (name: string, pending: number, inactive: number) =>
      new Map<string, unknown>([
        ['name', name],
        ['pending', pending],
        ['idle', 10],
        ['inactive', inactive],
      ])
    expect(client.call('XINFO', 'CONSUMERS', 's', 'g')).toEqual([
      consumer('ann', 2, 10),
      consumer('bob', 0, -1),
    ])
    const full = client.call('XINFO', 'STREAM', 's', 'FULL', 'COUNT', '1') as Map<string, unknown>
    expect(full.get('entries')).toEqual([entry(1)])
    const [group] = full.get('groups') as [Map<string, unknown>]
    expect(group.get('pending')).toEqual([['1-0', 'ann', NOW, 1]])
    expect((group.get('consumers') as unknown[])[0]).toEqual(
      new Map<string, unknown>([
        ['name', 'ann'],
        ['seen-time', NOW],
        ['active-time', NOW],
        ['pel-count', 2],
        ['pending', [['1-0', NOW, 1]]],
      ]),
    )
  })
})

it('other commands know streams', () => {
  const client = withGroup()
  client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', 's', '>')
  expect(client.call('TYPE', 's')).toBe('stream')
  expect(client.call('OBJECT', 'ENCODING', 's')).toBe('stream')
  expect(client.call('MEMORY', 'USAGE', 's')).toBeGreaterThan(300)
  expect(client.call('COPY', 's', 't')).toBe(1)
  client.call('XACK', 's', 'g', '1-0')
  client.call('XDEL', 's', '1-0')
  expect(client.call('XPENDING', 't', 'g')).toEqual([4, '1-0', '4-0', [['ann', '4']]])
  expect(client.call('XLEN', 't')).toBe(4)
  expect(client.call('SORT', 's')).toEqual(wrongType)
  expect(client.call('SCAN', '0', 'TYPE', 'stream')).toEqual(['0', expect.arrayContaining(['s'])])
})
