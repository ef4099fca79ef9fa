// What commands on hashes write to the effect log: times absolute, and every end of a field.
import { expect, it } from 'vitest'
import { InProcessServer } from '../../harness/in-process.ts'
import { logOf } from '../logged.ts'

const NOW = Date.UTC(2024, 0, 1)

function logged() {
  const server = new InProcessServer()
  return { server, client: server.connect(), log: logOf(server) }
}

it('commands without times are logged as they came', () => {
  const { client, log } = logged()
  client.call('HSET', 'h', 'a', '1')
  client.call('HSETNX', 'h', 'a', '2')
  client.call('HINCRBY', 'h', 'a', '2')
  client.call('HINCRBYFLOAT', 'h', 'a', '0.5')
  client.call('HDEL', 'h', 'x')
  client.call('HDEL', 'h', 'a', 'x')
  expect(log).toEqual([['HSET h a 1'], ['HINCRBY h a 2'], ['HINCRBYFLOAT h a 0.5'], ['HDEL h a x']])
})

it('times are logged absolute, for the fields that took them', () => {
  const { client, log } = logged()
  client.call('HSET', 'h', 'a', '1', 'b', '2', 'c', '3')
  client.call('HEXPIRE', 'h', '10', 'FIELDS', '2', 'a', 'x')
  client.call('HPEXPIRE', 'h', '20', 'NX', 'FIELDS', '3', 'a', 'b', 'c')
  client.call('HEXPIRE', 'h', '10', 'GT', 'FIELDS', '1', 'a')
  client.call('HPEXPIREAT', 'h', '1', 'FIELDS', '2', 'c', 'x')
  client.call('HPERSIST', 'h', 'FIELDS', '2', 'a', 'b')
  client.call('HPERSIST', 'h', 'FIELDS', '2', 'a', 'b')
  expect(log.slice(1)).toEqual([
    [`HPEXPIREAT h ${NOW + 10_000} FIELDS 1 a`],
    [`HPEXPIREAT h ${NOW + 20} FIELDS 2 b c`],
    ['HDEL h c'],
    ['HPERSIST h FIELDS 2 a b'],
  ])
})

it('the end of a field is logged with the command that meets it, before what that does', () => {
  const { server, client, log } = logged()
  client.call('HSET', 'h', 'a', '1', 'b', '2', 'c', 'text')
  client.call('HPEXPIRE', 'h', '5', 'FIELDS', '1', 'a')
  client.call('HPEXPIRE', 'h', '6', 'FIELDS', '1', 'b')
  log.length = 0
  server.clock.advance(5)
  client.call('HSET', 'h', 'd', '4')
  server.clock.advance(1)
  client.call('HINCRBY', 'h', 'c', '1')
  expect(log).toEqual([['HDEL h a', 'HSET h d 4'], ['HDEL h b']])
})

it('the end of a field that nobody meets is an entry of its own', () => {
  const { server, client, log } = logged()
  client.call('HSET', 'h', 'a', '1', 'b', '2', 'c', '3')
  client.call('HPEXPIRE', 'h', '5', 'FIELDS', '2', 'a', 'c')
  log.length = 0
  server.advance(5)
  expect(log).toEqual([['HDEL h a c']])
})
