// What commands on sets write to the effect log: chance is logged as what it chose.
import { expect, it } from 'vitest'
import { InProcessServer } from '../../harness/in-process.ts'
import { logOf } from '../logged.ts'

it('SPOP is logged as the removal of the member that was drawn', () => {
  const server = new InProcessServer()
  const client = server.connect()
  client.call('SADD', 's', 'a', 'b', 'c')
  const log = logOf(server)
  const first = client.call('SPOP', 's')
  const [second] = client.call('SPOP', 's', '1') as [string]
  client.call('SPOP', 's', '9')
  expect(log).toEqual([[`SREM s ${first}`], [`SREM s ${second}`], ['DEL s']])
})

it('SPOP of thousands is logged in commands of bounded length, as one entry', () => {
  const server = new InProcessServer()
  const client = server.connect()
  client.call('SADD', 's', ...Array.from({ length: 3000 }, (_, i) => `m${i}`))
  const log = logOf(server)
  const popped = client.call('SPOP', 's', '2500') as string[]
  expect(log).toHaveLength(1)
  const removals = log[0]!.map(line => line.split(' '))
  expect(removals.map(words => words.length - 2)).toEqual([1024, 1024, 452])
  expect(removals.flatMap(words => words.slice(2)).sort()).toEqual([...popped].sort())
})

it('other changes are logged as they came, and what changed nothing is not', () => {
  const server = new InProcessServer()
  const log = logOf(server)
  const client = server.connect()
  client.call('SADD', 's', 'a', 'b')
  client.call('SADD', 's', 'a')
  client.call('SREM', 's', 'x')
  client.call('SMOVE', 's', 't', 'a')
  client.call('SMOVE', 's', 't', 'a')
  client.call('SPOP', 's', '0')
  client.call('SRANDMEMBER', 's', '5')
  client.call('SUNIONSTORE', 'u', 's', 't')
  client.call('SINTERSTORE', 'v', 's', 't')
  expect(log).toEqual([['SADD s a b'], ['SMOVE s t a'], ['SUNIONSTORE u s t']])
})
