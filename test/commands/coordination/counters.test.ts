import { describe, expect, test } from 'vitest'
import { plays } from './plays.ts'
import { Transcript } from './transcript.ts'

describe('a strong counter', () => {
  test('is made by the first command that gives it a value', () => {
    plays(`
      a COUNTER.GET c          -> nil
      a COUNTER.ADD c 5        -> 5
      a COUNTER.INCR c         -> 6
      a COUNTER.DECR c         -> 5
      a COUNTER.ADD c -10      -> -5
      a COUNTER.SET c 7        -> 7
      a COUNTER.GETSET c 8     -> 7
      a COUNTER.GETSET d 8     -> nil
      a COUNTER.GET d          -> 8
      a COUNTER.RESET c        -> 0
      a COUNTER.RESET nokey    -> nil
    `)
  })

  test('stays within its bounds', () => {
    plays(`
      a COUNTER.CREATE c INIT 5 MIN 0 MAX 10   -> 1
      a COUNTER.ADD c 6                        -> -OUTOFBOUNDS the result would leave the bounds
      a COUNTER.GET c                          -> 5
      a COUNTER.ADD c 5                        -> 10
      a COUNTER.INCR c                         -> -OUTOFBOUNDS the result would leave the bounds
      a COUNTER.SET c -1                       -> -OUTOFBOUNDS the result would leave the bounds
      a COUNTER.CAS c 10 11                    -> -OUTOFBOUNDS the result would leave the bounds
      a COUNTER.RESET c                        -> 5
      a COUNTER.CREATE c NX                    -> 0
      a COUNTER.CREATE d INIT 5 MIN 6          -> -OUTOFBOUNDS the result would leave the bounds
      a COUNTER.CREATE e MIN 6                 -> 1
      a COUNTER.GET e                          -> 6
      a EXISTS d                               -> 0
    `)
  })

  test('is exact over 64 bits', () => {
    plays(`
      a COUNTER.SET c 9223372036854775806   -> 9223372036854775806
      a COUNTER.INCR c                      -> 9223372036854775807
      a COUNTER.INCR c                      -> -OUTOFBOUNDS the result would leave the bounds
      a COUNTER.GET c                       -> 9223372036854775807
      a COUNTER.ADD c -9223372036854775808  -> -1
      a COUNTER.ADD c 9223372036854775808   -> -ERR value is not an integer or out of range
      a COUNTER.ADD c 1.5                   -> -ERR value is not an integer or out of range
    `)
  })

  test('CAS and CMPSWAP set what is as expected', () => {
    plays(`
      a COUNTER.CAS c 0 1       -> 0
      a COUNTER.CMPSWAP c 0 1   -> nil
      a COUNTER.SET c 1         -> 1
      a COUNTER.CAS c 0 5       -> 0
      a COUNTER.CAS c 1 5       -> 1
      a COUNTER.CMPSWAP c 4 9   -> 5
      a COUNTER.CMPSWAP c 5 9   -> 5
      a COUNTER.GET c           -> 9
    `)
  })

  test('NEXT hands out blocks that nobody else gets', () => {
    plays(`
      a COUNTER.NEXT c 10    -> [1, 10]
      b COUNTER.NEXT c 1     -> [11, 11]
      a COUNTER.NEXT c 0     -> -ERR value is not an integer or out of range
      a COUNTER.GET c        -> 11
    `)
  })

  test('counts a request once, however often it is sent', () => {
    plays(`
      a COUNTER.ADD c 5 REQ r1   -> 5
      a COUNTER.ADD c 5          -> 10
      a COUNTER.ADD c 5 REQ r1   -> 5
      a COUNTER.GET c            -> 10
      a COUNTER.ADD d 5 REQ r1   -> 5
      pass 300000
      a COUNTER.ADD c 5 REQ r1   -> 15
    `)
  })

  test('lives as long as it was told', () => {
    plays(`
      a COUNTER.CREATE c INIT 3 PX 1000  -> 1
      a COUNTER.INCR c                   -> 4
      a COUNTER.INFO c                   -> [strength, strong, value, 4, initial, 3, min, -9223372036854775808, max, 9223372036854775807, ttl-ms, 1000]
      pass 1000
      a COUNTER.GET c                    -> nil
    `)
  })
})

describe('COUNTER.AWAIT', () => {
  test('answers when the threshold holds', () => {
    plays(`
      a COUNTER.AWAIT c GE 3                -> nil
      a COUNTER.AWAIT c GE 3 WAIT 0         -> waits
      b COUNTER.AWAIT c EQ 2 WAIT 0         -> waits
      x COUNTER.AWAIT c LE -1 WAIT 0        -> waits
      y COUNTER.AWAIT c GE 100 WAIT 500     -> waits
      d COUNTER.ADD c 2                     -> 2
      b                                     -> 2
      a                                     -> waits
      d COUNTER.ADD c 2                     -> 4
      a                                     -> 4
      d COUNTER.SET c -5                    -> -5
      x                                     -> -5
      pass 500
      y                                     -> nil
      a COUNTER.AWAIT c LE 0                -> -5
      a COUNTER.AWAIT c GT 0                -> -ERR syntax error
    `)
  })

  test('wakes nobody whose threshold is not reached', () => {
    const transcript = new Transcript()
    for (let i = 1; i <= 200; i++) transcript.play(`w${i}x COUNTER.AWAIT c GE ${i * 10} WAIT 0`)
    const { server } = transcript.server
    const awaits = server.registry.named('counter.await')!
    const before = awaits.calls
    let attempts = 0
    const handler = awaits.handler!
    Object.assign(awaits, {
      handler: (call: Parameters<typeof handler>[0]) => {
        attempts++
        handler(call)
      },
    })
    transcript.play('a COUNTER.ADD c 9')
    expect(attempts).toBe(0)
    transcript.play('a COUNTER.ADD c 11')
    expect(attempts).toBe(2)
    expect(transcript.play('w1x')).toBe('w1x -> 20')
    expect(transcript.play('w2x')).toBe('w2x -> 20')
    expect(awaits.calls).toBe(before)
    for (let i = 3; i <= 200; i++) transcript.play(`w${i}x leaves`)
    expect(server.coordination.thresholds.size).toBe(0)
  })
})

describe('a weak counter', () => {
  test('accepts adds with OK, and tells the sum', () => {
    plays(`
      a COUNTER.CREATE c WEAK INIT 10   -> 1
      a COUNTER.ADD c 5                 -> OK
      a COUNTER.DECR c                  -> OK
      a COUNTER.ADD c 5 REQ r           -> OK
      a COUNTER.ADD c 5 REQ r           -> OK
      a COUNTER.GET c                   -> 19
      a COUNTER.CAS c 19 20             -> -ERR not possible on a weak counter
      a COUNTER.NEXT c 1                -> -ERR not possible on a weak counter
      a COUNTER.SET c 3                 -> 3
      a COUNTER.RESET c                 -> 0
      a COUNTER.CREATE d WEAK MIN 0     -> -ERR syntax error
    `)
  })
})

describe('events', () => {
  test('tell the old and the new value', () => {
    plays(`
      s SUBSCRIBE __coord__:c   -> [subscribe, __coord__:c, 1]
      a COUNTER.ADD c 5         -> 5
      a COUNTER.SET c 5         -> 5
      a COUNTER.DECR c          -> 4
      s                         -> [message, __coord__:c, "counter:changed 0 5"] [message, __coord__:c, "counter:changed 5 4"]
    `)
  })
})
