// Random transactions of two connections over the same keys: what one watches the other changes, or
// changes and puts back, or makes expire.
import fc from 'fast-check'
import { commandStep, type Move, type Step } from '../harness/trace.ts'
import { aboutSeconds, command, integer, key, several, value, weighted } from './alphabet.ts'

const database = fc.constantFrom('0', '0', '1')

const commands = weighted(
  [6, command('WATCH', [several(key, 1, 2)])],
  [1, command('UNWATCH')],
  [6, command('MULTI')],
  [6, command('EXEC')],
  [1, command('DISCARD')],
  [5, command('SET', [key, value])],
  [2, command('SET', [key, value, fc.constantFrom('XX', 'NX')])],
  [3, command('GET', [key])],
  [3, command('INCR', [key])],
  [2, command('INCRBY', [key, integer])],
  [2, command('APPEND', [key, value])],
  [2, command('DEL', [several(key, 1, 2)])],
  [1, command('MSET', [several(fc.tuple(key, value), 1, 2)])],
  [1, command('MGET', [several(key)])],
  [1, command('GETDEL', [key])],
  [1, command('PERSIST', [key])],
  [1, command('EXPIRE', [key, fc.constantFrom('100', '0', '-1')])],
  [1, command('TTL', [key], aboutSeconds)],
  [1, command('RENAME', [key, key])],
  [1, command('COPY', [key, key, fc.constantFrom([], ['REPLACE'])])],
  [1, command('MOVE', [key, database])],
  [1, command('SELECT', [database])],
  [1, command('SWAPDB', [database, database])],
  [1, command('FLUSHDB')],
  [1, command('FLUSHALL')],
  [1, command('SETRANGE', [key, fc.constantFrom('0', '-1', '3'), fc.constantFrom('', 'x')])],
  [1, command('PFADD', [key, value])],
  [1, command('NOSUCHCOMMAND', [value])],
  [1, command('PING', [])],
  [1, command('ECHO', [value])],
  [1, command('RESET')],
)

function by(connection: number, move: Move): Move {
  return move.map((step): Step => (step.kind === 'command' ? { ...step, connection } : step))
}

/** A whole transaction with an attempt to disturb it, which random commands alone seldom line up. */
const disturbed = fc
  .tuple(key, commands, fc.array(commands, { maxLength: 3 }), fc.nat({ max: 1 }))
  .map(
    ([watched, disturbance, queued, connection]): Move => [
      ...by(connection, [commandStep(['WATCH', watched])]),
      ...by(1 - connection, disturbance),
      ...by(connection, [commandStep(['MULTI']), ...queued.flat(), commandStep(['EXEC'])]),
    ],
  )

export const transactions: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.nat({ max: 1 }), commands)
      .map(([connection, move]) => by(connection, move)),
  },
  { weight: 1, arbitrary: disturbed },
)
