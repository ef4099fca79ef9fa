// What the commands on sorted sets do, by example.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

function connect(protocol: 2 | 3 = 2): InProcessClient {
  return new InProcessServer().connect(protocol)
}

/** A sorted set z of a, b, c and d with scores 1 to 4. */
function withLetters(protocol: 2 | 3 = 2): InProcessClient {
  const client = connect(protocol)
  client.call('ZADD', 'z', '1', 'a', '2', 'b', '3', 'c', '4', 'd')
  return client
}

function error(text: string): RespError {
  return new RespError(text)
}

describe('ZADD', () => {
  it('counts the members that are new', () => {
    const client = connect()
    expect(client.call('ZADD', 'z', '1', 'a', '2', 'b')).toBe(2)
    expect(client.call('ZADD', 'z', '5', 'a', '3', 'c')).toBe(1)
    expect(client.call('ZRANGE', 'z', '0', '-1')).toEqual(['b', 'c', 'a'])
  })

  it('with CH counts those that changed too', () => {
    const client = withLetters()
    expect(client.call('ZADD', 'z', 'CH', '9', 'a', '2', 'b', '0', 'e')).toBe(2)
  })

  it('with NX leaves those that are there, with XX adds none', () => {
    const client = withLetters()
    expect(client.call('ZADD', 'z', 'NX', 'CH', '9', 'a', '9', 'e')).toBe(1)
    expect(client.call('ZADD', 'z', 'XX', 'CH', '8', 'a', '9', 'f')).toBe(1)
    expect(client.call('ZMSCORE', 'z', 'a', 'e', 'f')).toEqual(['8', '9', null])
    expect(client.call('ZADD', 'none', 'XX', '1', 'a')).toBe(0)
    expect(client.call('EXISTS', 'none')).toBe(0)
  })

  it('with GT or LT moves a score in one direction only, and adds', () => {
    const client = withLetters()
    client.call('ZADD', 'z', 'GT', '0', 'a', '5', 'b', '1', 'x')
    client.call('ZADD', 'z', 'LT', '9', 'c', '0', 'd', '1', 'y')
    expect(client.call('ZMSCORE', 'z', 'a', 'b', 'c', 'd', 'x', 'y')).toEqual([
      ...['1', '5', '3', '0', '1', '1'],
    ])
  })

  it('with INCR adds to a score, or answers null where a condition forbids it', () => {
    const client = withLetters()
    expect(client.call('ZADD', 'z', 'INCR', '1.5', 'a')).toBe('2.5')
    expect(client.call('ZADD', 'z', 'INCR', 'NX', '1', 'a')).toBe(null)
    expect(client.call('ZADD', 'z', 'INCR', 'XX', '1', 'e')).toBe(null)
    expect(client.call('ZADD', 'z', 'INCR', 'GT', '-1', 'a')).toBe(null)
  })

  it.each([
    [['NX', 'XX', '1', 'a'], 'ERR XX and NX options at the same time are not compatible'],
    [['GT', 'LT', '1', 'a'], 'ERR GT, LT, and/or NX options at the same time are not compatible'],
    [['NX', 'GT', '1', 'a'], 'ERR GT, LT, and/or NX options at the same time are not compatible'],
    [['INCR', '1', 'a', '2', 'b'], 'ERR INCR option supports a single increment-element pair'],
    [['1', 'a', 'x', 'b'], 'ERR value is not a valid float'],
    [['1', 'a', 'nan', 'b'], 'ERR value is not a valid float'],
    [['1', 'a', '2'], 'ERR syntax error'],
    [['CH', 'XX'], 'ERR syntax error'],
  ])('refuses %j, and changes nothing', (args, text) => {
    const client = connect()
    expect(client.call('ZADD', 'z', ...args)).toEqual(error(text))
    expect(client.call('EXISTS', 'z')).toBe(0)
  })

  it('refuses keys that hold something else', () => {
    const client = connect()
    client.call('SET', 's', 'text')
    expect(client.call('ZADD', 's', '1', 'a')).toEqual(
      error('WRONGTYPE Operation against a key holding the wrong kind of value'),
    )
  })
})

it('ZINCRBY refuses a sum that is no number', () => {
  const client = connect()
  client.call('ZADD', 'z', 'inf', 'a')
  expect(client.call('ZINCRBY', 'z', '-inf', 'a')).toEqual(
    error('ERR resulting score is not a number (NaN)'),
  )
  expect(client.call('ZINCRBY', 'z', '2', 'b')).toBe('2')
})

describe('scores', () => {
  it('are doubles: bulk strings in RESP2, numbers in RESP3', () => {
    const client = connect()
    client.call('ZADD', 'z', '1e3', 'a', '0.1', 'b', '-inf', 'c')
    expect(client.call('ZMSCORE', 'z', 'a', 'b', 'c')).toEqual([
      ...['1000', '0.10000000000000001', '-inf'],
    ])
    client.call('HELLO', '3')
    expect(client.call('ZMSCORE', 'z', 'a', 'b', 'c', 'd')).toEqual([1000, 0.1, -Infinity, null])
  })
})

describe('ZRANK and ZREVRANK', () => {
  it('count from either end', () => {
    const client = withLetters()
    expect(client.call('ZRANK', 'z', 'b')).toBe(1)
    expect(client.call('ZREVRANK', 'z', 'b')).toBe(2)
    expect(client.call('ZRANK', 'z', 'x')).toBe(null)
  })

  it('give the score as well WITHSCORE', () => {
    const client = withLetters(3)
    expect(client.call('ZRANK', 'z', 'b', 'WITHSCORE')).toEqual([1, 2])
    expect(client.call('ZREVRANK', 'z', 'b', 'WITHSCORE')).toEqual([2, 2])
    expect(client.call('ZRANK', 'z', 'b', 'WITHSCORES')).toEqual(error('ERR syntax error'))
    expect(client.call('ZRANK', 'z', 'b', 'WITHSCORE', 'x')).toEqual(
      error("ERR wrong number of arguments for 'zrank' command"),
    )
    client.call('HELLO', '2')
    expect(client.callBytes('ZRANK', 'z', 'x', 'WITHSCORE').toString()).toBe('*-1\r\n')
    expect(client.callBytes('ZRANK', 'none', 'x').toString()).toBe('$-1\r\n')
  })
})

describe('ZRANGE', () => {
  it('takes ranks, from the end where they are negative', () => {
    const client = withLetters()
    expect(client.call('ZRANGE', 'z', '1', '2')).toEqual(['b', 'c'])
    expect(client.call('ZRANGE', 'z', '-2', '-1')).toEqual(['c', 'd'])
    expect(client.call('ZRANGE', 'z', '-100', '100')).toEqual(['a', 'b', 'c', 'd'])
    expect(client.call('ZRANGE', 'z', '2', '1')).toEqual([])
    expect(client.call('ZRANGE', 'z', '0', '1', 'REV')).toEqual(['d', 'c'])
  })

  it('takes scores, inclusive or not, with LIMIT', () => {
    const client = withLetters()
    expect(client.call('ZRANGE', 'z', '(1', '3', 'BYSCORE')).toEqual(['b', 'c'])
    expect(client.call('ZRANGE', 'z', '+inf', '-inf', 'BYSCORE', 'REV')).toEqual([
      ...['d', 'c', 'b', 'a'],
    ])
    expect(client.call('ZRANGE', 'z', '-inf', 'inf', 'BYSCORE', 'LIMIT', '1', '2')).toEqual([
      ...['b', 'c'],
    ])
    expect(client.call('ZRANGE', 'z', 'inf', '0', 'BYSCORE', 'REV', 'LIMIT', '3', '-1')).toEqual([
      'a',
    ])
    expect(client.call('ZRANGE', 'z', '0', '9', 'BYSCORE', 'LIMIT', '-1', '2')).toEqual([])
  })

  it('takes members where all scores are equal', () => {
    const client = connect()
    client.call('ZADD', 'z', '0', 'apple', '0', 'banana', '0', 'cherry')
    expect(client.call('ZRANGE', 'z', '[b', '+', 'BYLEX')).toEqual(['banana', 'cherry'])
    expect(client.call('ZRANGE', 'z', '(banana', '-', 'BYLEX', 'REV')).toEqual(['apple'])
    expect(client.call('ZLEXCOUNT', 'z', '-', '+')).toBe(3)
  })

  it('gives scores flat in RESP2, in pairs in RESP3', () => {
    const client = withLetters()
    expect(client.call('ZRANGE', 'z', '0', '1', 'WITHSCORES')).toEqual(['a', '1', 'b', '2'])
    client.call('HELLO', '3')
    expect(client.call('ZRANGE', 'z', '0', '1', 'WITHSCORES')).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  it.each([
    [
      ['0', '1', 'LIMIT', '0', '1'],
      'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
    ],
    [
      ['-', '+', 'BYLEX', 'WITHSCORES'],
      'ERR syntax error, WITHSCORES not supported in combination with BYLEX',
    ],
    [['a', '1'], 'ERR value is not an integer or out of range'],
    [['a', '1', 'BYSCORE'], 'ERR min or max is not a float'],
    [['a', '+', 'BYLEX'], 'ERR min or max not valid string range item'],
    [['0', '1', 'BYSCORE', 'BYLEX'], 'ERR syntax error'],
  ])('refuses %j', (args, text) => {
    expect(withLetters().call('ZRANGE', 'z', ...args)).toEqual(error(text))
  })
})

it('ZRANGESTORE stores a range, over itself too, and deletes where there is none', () => {
  const client = withLetters()
  expect(client.call('ZRANGESTORE', 'z', 'z', '1', '2')).toBe(2)
  expect(client.call('ZRANGE', 'z', '0', '-1')).toEqual(['b', 'c'])
  client.call('SET', 'other', 'text')
  expect(client.call('ZRANGESTORE', 'other', 'z', '9', '9')).toBe(0)
  expect(client.call('EXISTS', 'other')).toBe(0)
})

describe('ZREM and ZREMRANGEBY…', () => {
  it('delete the key with the last member', () => {
    const client = withLetters()
    expect(client.call('ZREM', 'z', 'a', 'x', 'd')).toBe(2)
    expect(client.call('ZREMRANGEBYRANK', 'z', '0', '0')).toBe(1)
    expect(client.call('ZREMRANGEBYSCORE', 'z', '3', '3')).toBe(1)
    expect(client.call('EXISTS', 'z')).toBe(0)
  })

  it('ZREMRANGEBYLEX removes a stretch of members', () => {
    const client = connect()
    client.call('ZADD', 'z', '0', 'a', '0', 'b', '0', 'c')
    expect(client.call('ZREMRANGEBYLEX', 'z', '[a', '(c')).toBe(2)
    expect(client.call('ZRANGE', 'z', '0', '-1')).toEqual(['c'])
  })
})

describe('ZUNION, ZINTER and ZDIFF', () => {
  function withTwo(protocol: 2 | 3 = 2) {
    const client = connect(protocol)
    client.call('ZADD', 'x', '1', 'a', '2', 'b')
    client.call('ZADD', 'y', '10', 'b', '20', 'c')
    return client
  }

  it('aggregate the scores of members that meet', () => {
    const client = withTwo()
    expect(client.call('ZUNION', '2', 'x', 'y', 'WITHSCORES')).toEqual([
      ...['a', '1', 'b', '12', 'c', '20'],
    ])
    expect(
      client.call('ZUNION', '2', 'x', 'y', 'WEIGHTS', '2', '0.5', 'AGGREGATE', 'MAX', 'WITHSCORES'),
    ).toEqual(['a', '2', 'b', '5', 'c', '10'])
    expect(client.call('ZINTER', '2', 'x', 'y', 'WITHSCORES')).toEqual(['b', '12'])
    expect(client.call('ZDIFF', '2', 'x', 'y', 'WITHSCORES')).toEqual(['a', '1'])
    expect(client.call('ZINTERCARD', '2', 'x', 'y')).toBe(1)
    expect(client.call('ZINTERCARD', '2', 'x', 'x', 'LIMIT', '1')).toBe(1)
  })

  it('store their result, over one of their inputs too', () => {
    const client = withTwo()
    expect(client.call('ZUNIONSTORE', 'x', '2', 'x', 'y')).toBe(3)
    expect(client.call('ZINTERSTORE', 'y', '2', 'x', 'y')).toBe(2)
    expect(client.call('ZRANGE', 'y', '0', '-1', 'WITHSCORES')).toEqual(['b', '22', 'c', '40'])
    expect(client.call('ZDIFFSTORE', 'x', '2', 'x', 'x')).toBe(0)
    expect(client.call('EXISTS', 'x')).toBe(0)
  })

  it('count infinity less infinity as 0', () => {
    const client = connect()
    client.call('ZADD', 'x', 'inf', 'a')
    client.call('ZADD', 'y', '-inf', 'a')
    expect(client.call('ZUNION', '2', 'x', 'y', 'WITHSCORES')).toEqual(['a', '0'])
    expect(client.call('ZINTER', '2', 'x', 'y', 'WEIGHTS', '0', '0', 'WITHSCORES')).toEqual([
      ...['a', '0'],
    ])
  })

  it.each([
    [['0'], "ERR at least 1 input key is needed for 'zunion' command"],
    [['3', 'x', 'y'], 'ERR syntax error'],
    [['2', 'x', 'y', 'WEIGHTS', '1'], 'ERR syntax error'],
    [['2', 'x', 'y', 'WEIGHTS', '1', 'z'], 'ERR weight value is not a float'],
    [['2', 'x', 'y', 'AGGREGATE', 'AVG'], 'ERR syntax error'],
  ])('refuse %j', (args, text) => {
    const rest = args[0] === '0' ? ['0', 'x'] : args
    expect(withTwo().call('ZUNION', ...rest)).toEqual(error(text))
  })
})

describe('ZPOPMIN, ZPOPMAX and ZMPOP', () => {
  it('take from the ends', () => {
    const client = withLetters()
    expect(client.call('ZPOPMIN', 'z')).toEqual(['a', '1'])
    expect(client.call('ZPOPMAX', 'z', '2')).toEqual(['d', '4', 'c', '3'])
    expect(client.call('ZPOPMAX', 'z', '0')).toEqual([])
    expect(client.call('ZMPOP', '2', 'none', 'z', 'MIN', 'COUNT', '9')).toEqual(['z', [['b', '2']]])
    expect(client.call('EXISTS', 'z')).toBe(0)
    expect(client.call('ZPOPMIN', 'z')).toEqual([])
    expect(client.callBytes('ZMPOP', '1', 'z', 'MAX').toString()).toBe('*-1\r\n')
  })

  it('answer pairs in RESP3 where a count is given', () => {
    const client = withLetters(3)
    expect(client.call('ZPOPMIN', 'z')).toEqual(['a', 1])
    expect(client.call('ZPOPMIN', 'z', '1')).toEqual([['b', 2]])
    expect(client.call('ZMPOP', '1', 'z', 'MAX')).toEqual(['z', [['d', 4]]])
  })
})

describe('ZSCAN', () => {
  it('answers a packed set at once', () => {
    expect(withLetters().call('ZSCAN', 'z', '0', 'MATCH', '[ab]', 'COUNT', '1')).toEqual([
      '0',
      ['a', '1', 'b', '2'],
    ])
  })

  it('meets every member of a large set that stays, while others go', () => {
    const client = connect()
    for (let i = 0; i < 1000; i++) client.call('ZADD', 'z', String(i), `m${i}`)
    const seen = new Set<string>()
    let cursor = '0'
    do {
      const [next, found] = client.call('ZSCAN', 'z', cursor, 'COUNT', '7') as [string, string[]]
      for (let i = 0; i < found.length; i += 2) seen.add(found[i]!)
      for (let i = 0; i < 3; i++) client.call('ZREM', 'z', `m${seen.size * 3 + i}`)
      cursor = next
    } while (cursor !== '0')
    for (const member of client.call('ZRANGE', 'z', '0', '-1') as string[]) {
      expect(seen.has(member)).toBe(true)
    }
  })
})
