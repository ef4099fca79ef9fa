// What commands on sorted sets write to the effect log.
import { expect, it } from 'vitest'
import { sortedSets } from '../../differential/sorted-sets.ts'
import { InProcessServer } from '../../harness/in-process.ts'
import { logOf } from '../logged.ts'
import { expectReplayEquivalence } from '../replay.ts'

it('what changed nothing is not logged', () => {
  const server = new InProcessServer()
  const client = server.connect()
  client.call('ZADD', 'z', '1', 'a')
  const log = logOf(server)
  client.call('ZADD', 'z', '1', 'a')
  client.call('ZADD', 'z', 'NX', '2', 'a')
  client.call('ZADD', 'z', 'XX', '2', 'b')
  client.call('ZINCRBY', 'z', '0', 'a')
  client.call('ZREM', 'z', 'b')
  client.call('ZREMRANGEBYRANK', 'z', '5', '6')
  client.call('ZUNIONSTORE', 'none', '1', 'none')
  client.call('ZMPOP', '1', 'none', 'MIN')
  expect(log).toEqual([])
})

it('pops are logged as the pop from the one key', () => {
  const server = new InProcessServer()
  const [actor, waiter] = [server.connect(), server.connect()]
  actor.call('ZADD', 'z', '1', 'a', '2', 'b', '3', 'c', '4', 'd', '5', 'e')
  const log = logOf(server)
  actor.call('ZPOPMIN', 'z')
  actor.call('ZMPOP', '2', 'y', 'z', 'MAX', 'COUNT', '2')
  actor.call('BZPOPMAX', 'y', 'z', '0')
  actor.call('BZMPOP', '0', '2', 'y', 'z', 'MIN', 'COUNT', '9')
  waiter.send('BZPOPMIN', 'z', '0')
  actor.call('ZADD', 'z', '1', 'a')
  expect(log).toEqual([
    ['ZPOPMIN z'],
    ['ZPOPMAX z 2'],
    ['ZPOPMAX z'],
    ['ZPOPMIN z 1'],
    ['ZADD z 1 a'],
    ['ZPOPMIN z'],
  ])
})

it('replayed, the log makes the same sorted sets', () => {
  expectReplayEquivalence(sortedSets)
})
