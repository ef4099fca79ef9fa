// Replay equivalence: random commands on one server, its effect log alone on another, and both hold
// the same.
import fc from 'fast-check'
import { expect } from 'vitest'
import { TYPE_NAMES } from '../../src/keyspace/record.ts'
import { InProcessServer } from '../harness/in-process.ts'
import { decodeFrame, type RespValue } from '../harness/resp-value.ts'
import type { Move } from '../harness/trace.ts'

/** How to ask for all that a key of a type holds. */
const CONTENTS: Record<string, readonly (readonly string[])[]> = {
  string: [['GET']],
  list: [['LRANGE', '0', '-1']],
  set: [['SMEMBERS']],
  zset: [['ZRANGE', '0', '-1', 'WITHSCORES']],
  hash: [['HGETALL']],
  stream: [['XINFO', 'STREAM', 'FULL', 'COUNT', '0']],
}

/** Commands whose effects are a wait: nobody serves them here. */
const WAITING = /^(B[LRZ]|XREAD)/i

/** Holds `runs` traces of `moves` to it, each of up to `length` moves. */
export function expectReplayEquivalence(moves: fc.Arbitrary<Move>, runs = 60, length = 80): void {
  const traces = fc.array(moves, { minLength: 1, maxLength: length, size: 'max' })
  fc.assert(
    fc.property(traces, trace => {
      const primary = new InProcessServer()
      const backup = new InProcessServer()
      const applier = backup.connect()
      const from = backup.clock.now()
      primary.server.effects.subscribe(({ now, effects }) => {
        backup.advance(now - backup.clock.now())
        for (const { database, bytes } of effects) {
          applier.call('SELECT', String(database))
          applier.call(...(decodeFrame(bytes) as string[]))
        }
      })
      const client = primary.connect()
      for (const step of trace.flat()) {
        if (step.kind === 'wait') primary.advance(step.ms)
        else if (!WAITING.test(step.args[0]!)) client.call(...step.args)
        else client.pipeline(['MULTI'], step.args, ['EXEC'])
        primary.advance(1)
      }
      backup.advance(primary.clock.now() - backup.clock.now())
      expect(backup.clock.now()).toBeGreaterThan(from)
      expect(contentsOf(backup)).toEqual(contentsOf(primary))
    }),
    { numRuns: runs },
  )
}

/** All keys of a server with what they hold. */
function contentsOf(server: InProcessServer): Map<string, RespValue[]> {
  const contents = new Map<string, RespValue[]>()
  for (const db of server.server.keyspace.databases) {
    const client = server.connect()
    client.call('SELECT', String(db.index))
    db.forEach(entry => {
      const key = db.key(entry)
      const type = TYPE_NAMES[db.type(entry)]!
      const held = (CONTENTS[type] ?? []).map(([name, ...rest]) => {
        const words =
          type === 'stream' ? [name!, rest[0]!, key, ...rest.slice(1)] : [name!, key, ...rest]
        return client.call(...words)
      })
      contents.set(`${db.index} ${key}`, [type, db.encodingName(entry), db.expiry(entry), ...held])
    })
  }
  return contents
}
