// ZRANDMEMBER by statistics: every member has its chance, packed or not, and no draw repeats a member
// unless it may.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import { RespError } from '../../harness/resp-value.ts'

const SETTINGS = {
  packed: [],
  large: [['zset-max-listpack-entries', '0']],
} as const

const MEMBERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const DRAWS = 4000

function connect(form: keyof typeof SETTINGS, protocol: 2 | 3 = 2): InProcessClient {
  const client = new InProcessServer({ settings: SETTINGS[form] }).connect(protocol)
  client.call('ZADD', 'z', ...MEMBERS.flatMap((member, i) => [String(i), member]))
  return client
}

/**
 * Chi-square of the draws against equal chances. For seven degrees of freedom it is above 29.9 once in
 * ten thousand times; the draws are the same in every run.
 */
function chiSquare(drawn: readonly string[]): number {
  const expected = drawn.length / MEMBERS.length
  let sum = 0
  for (const member of MEMBERS) {
    const count = drawn.filter(each => each === member).length
    sum += (count - expected) ** 2 / expected
  }
  return sum
}

describe.each(['packed', 'large'] as const)('ZRANDMEMBER of a %s set', form => {
  it('draws each member with the same chance', () => {
    const client = connect(form)
    const drawn = Array.from({ length: DRAWS }, () => client.call('ZRANDMEMBER', 'z') as string)
    expect(chiSquare(drawn)).toBeLessThan(29.9)
  })

  it('with a negative count repeats', () => {
    const client = connect(form)
    const drawn = client.call('ZRANDMEMBER', 'z', `-${DRAWS}`) as string[]
    expect(drawn).toHaveLength(DRAWS)
    expect(chiSquare(drawn)).toBeLessThan(29.9)
  })

  it('with a count draws that many different members, each as often', () => {
    const client = connect(form)
    const drawn: string[] = []
    for (let i = 0; i < DRAWS / 2; i++) {
      const some = client.call('ZRANDMEMBER', 'z', '3') as string[]
      expect(new Set(some).size).toBe(3)
      drawn.push(...some)
    }
    expect(chiSquare(drawn)).toBeLessThan(29.9)
  })

  it('with a count beyond its size gives all', () => {
    const all = connect(form).call('ZRANDMEMBER', 'z', '100') as string[]
    expect(all.sort()).toEqual(MEMBERS)
  })

  it('gives the scores of what it drew', () => {
    const pairs = connect(form, 3).call('ZRANDMEMBER', 'z', '-50', 'WITHSCORES')
    for (const [member, score] of pairs as [string, number][]) expect(MEMBERS[score]).toBe(member)
  })
})

it('ZRANDMEMBER of nothing is null, or empty', () => {
  const client = new InProcessServer().connect()
  expect(client.call('ZRANDMEMBER', 'none')).toBe(null)
  expect(client.call('ZRANDMEMBER', 'none', '3')).toEqual([])
})

it('ZRANDMEMBER refuses to draw without end', () => {
  expect(connect('packed').call('ZRANDMEMBER', 'z', '-9223372036854775807')).toEqual(
    new RespError('ERR value is out of range'),
  )
})
