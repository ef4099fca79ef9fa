import { describe, expect, it } from 'vitest'
import { readSeed } from '../../../cluster/metadata/configured.ts'
import { meet } from '../../../cluster/node/meet.ts'
import type { Introduction } from '../../../cluster/topology/member.ts'
import { foundingTopology } from '../../../cluster/topology/topology.ts'
import type { ReplyError } from '../../../src/errors.ts'
import { introduction, nodeId } from '../topology/fixtures.ts'

const SELF = nodeId(1)

/** What the node answers to MEET; empty if it takes it. */
function answer(own: Partial<Introduction>, host: string, port: number): string {
  try {
    meet(foundingTopology(introduction(1, own)), SELF, host, port)
    return ''
  } catch (error) {
    return (error as ReplyError).text
  }
}

describe('CLUSTER MEET', () => {
  it('of a member does nothing', () => {
    const own = { host: '10.0.0.1', hostname: 'one.example', port: 7000 }
    expect(answer(own, '10.0.0.1', 7000)).toBe('')
    expect(answer(own, 'one.example', 7000)).toBe('')
    expect(answer(own, '10.0.0.1', 7001)).toContain('--cluster-join')
  })

  it.each(['10.0.0.1', 'fd00::1'])('of another says how it joins, at %s', host => {
    const text = answer({ host, port: 7000, busPort: 7777 }, 'elsewhere', 7001)
    const seed = /--cluster-join (\S+),/.exec(text)![1]!
    expect(readSeed(seed)).toEqual({ host, port: 7777 })
  })
})
