// What commands on lists write to the effect log: what waited or chose is logged as what it did.
import { expect, it } from 'vitest'
import { InProcessServer } from '../../harness/in-process.ts'
import { logOf } from '../logged.ts'

it('commands that neither wait nor choose are logged as they came', () => {
  const server = new InProcessServer()
  const log = logOf(server)
  const client = server.connect()
  client.call('RPUSH', 'l', 'a', 'b', 'c')
  client.call('LPOP', 'l', '2')
  client.call('LMOVE', 'l', 'm', 'LEFT', 'RIGHT')
  expect(log).toEqual([['RPUSH l a b c'], ['LPOP l 2'], ['LMOVE l m LEFT RIGHT']])
})

it('what changed nothing is not logged', () => {
  const server = new InProcessServer()
  const log = logOf(server)
  const client = server.connect()
  client.call('LPUSHX', 'l', 'a')
  client.call('LPOP', 'l')
  client.call('LREM', 'l', '0', 'a')
  client.call('BLPOP', 'l', 'x')
  client.call('LMPOP', '1', 'l', 'LEFT')
  expect(log).toEqual([])
})

it('LMPOP is logged as the pop of the one key', () => {
  const server = new InProcessServer()
  const client = server.connect()
  client.call('RPUSH', 'b', '1', '2', '3')
  const log = logOf(server)
  client.call('LMPOP', '2', 'a', 'b', 'LEFT', 'COUNT', '2')
  client.call('LMPOP', '2', 'a', 'b', 'RIGHT', 'COUNT', '9')
  expect(log).toEqual([['LPOP b 2'], ['RPOP b 1']])
})

it('blocking commands are logged as those that do not wait, served at once or later', () => {
  const server = new InProcessServer()
  const [actor, waiter] = [server.connect(), server.connect()]
  const log = logOf(server)
  const steps = [
    ['BLPOP', 'l', '0'],
    ['BRPOP', 'l', '0'],
    ['BLMOVE', 'l', 'm', 'LEFT', 'LEFT', '0'],
    ['BRPOPLPUSH', 'l', 'm', '0'],
    ['BLMPOP', '0', '1', 'l', 'LEFT'],
  ]
  for (const step of steps) {
    waiter.send(...step)
    actor.call('RPUSH', 'l', 'x')
    actor.call('RPUSH', 'l', 'y')
    actor.call(...step)
  }
  const push = [['RPUSH l x'], ['RPUSH l y']]
  const [x, y] = push
  expect(log).toEqual([
    ...[x, ['LPOP l'], y, ['LPOP l']],
    ...[x, ['RPOP l'], y, ['RPOP l']],
    ...[x, ['LMOVE l m LEFT LEFT'], y, ['LMOVE l m LEFT LEFT']],
    ...[x, ['LMOVE l m RIGHT LEFT'], y, ['LMOVE l m RIGHT LEFT']],
    ...[x, ['LPOP l 1'], y, ['LPOP l 1']],
  ])
})
