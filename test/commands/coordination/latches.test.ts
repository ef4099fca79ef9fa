import { describe, test } from 'vitest'
import { plays } from './plays.ts'

describe('a latch', () => {
  test('opens at zero for all who wait, and stays readable for a minute', () => {
    plays(`
      a LATCH.AWAIT l              -> -NOLATCH there is no such latch
      a LATCH.CREATE l 2           -> 1
      a LATCH.CREATE l 5           -> 0
      a LATCH.AWAIT l              -> 0
      b LATCH.AWAIT l WAIT 0       -> waits
      c LATCH.AWAIT l WAIT 0       -> waits
      d LATCH.AWAIT l WAIT 100     -> waits
      pass 100
      d                            -> 0
      a LATCH.DOWN l               -> 1
      a LATCH.DOWN l 5             -> 0
      b                            -> 1
      c                            -> 1
      a LATCH.DOWN l               -> 0
      a LATCH.AWAIT l              -> 1
      pass 59900
      a LATCH.AWAIT l              -> 1
      pass 100
      a LATCH.AWAIT l              -> -NOLATCH there is no such latch
      a DBSIZE                     -> 0
    `)
  })

  test('counts a participant once, and keeps what it said', () => {
    plays(`
      a LATCH.CREATE l 3                      -> 1
      a LATCH.DOWN l ID w1 DATA "part one"    -> 2
      a LATCH.DOWN l ID w1 DATA other         -> 2
      a LATCH.DOWN l 1 ID w2                  -> 1
      a LATCH.DOWN l REQ r                    -> 0
      a LATCH.DOWN l REQ r                    -> 0
      a LATCH.RESULTS l                       -> [w1, "part one", w2, ""]
      a LATCH.DOWN l DATA x                   -> -ERR syntax error
      a DEL l                                 -> 1
      a LATCH.DOWN l REQ r                    -> 0
      a LATCH.DOWN l REQ q                    -> -NOLATCH there is no such latch
    `)
  })

  test('with UPDOWN and HOLD is a wait-group whose total is not known upfront', () => {
    plays(`
      a LATCH.CREATE l 0 UPDOWN HOLD   -> 1
      b LATCH.AWAIT l WAIT 0           -> waits
      a LATCH.UP l 2                   -> 2
      a LATCH.UP l ID w                -> 3
      a LATCH.UP l ID w                -> 3
      a LATCH.DOWN l 3                 -> 0
      b                                -> waits
      a LATCH.UP l                     -> 1
      a LATCH.ARM l                    -> 1
      a LATCH.DOWN l                   -> 0
      b                                -> 1
      a LATCH.UP l                     -> -LATCHOPEN the latch is open
      a LATCH.CREATE m 1               -> 1
      a LATCH.UP m                     -> -ERR the latch was not made with UPDOWN
    `)
  })

  test('made with zero is open at once', () => {
    plays(`
      a LATCH.CREATE l 0   -> 1
      a LATCH.AWAIT l      -> 1
    `)
  })

  test('broken, gives those who wait the reason', () => {
    plays(`
      a LATCH.CREATE l 1               -> 1
      b LATCH.AWAIT l WAIT 0           -> waits
      a LATCH.BREAK l "disk is full"   -> 1
      b                                -> -BROKEN disk is full
      b LATCH.AWAIT l                  -> -BROKEN disk is full
      a LATCH.DOWN l                   -> -BROKEN disk is full
      a LATCH.CREATE m 0               -> 1
      a LATCH.BREAK m                  -> -LATCHOPEN the latch is open
    `)
  })

  test('out of time, is expired or open as it was told', () => {
    plays(`
      a LATCH.CREATE l 1 PX 1000                  -> 1
      a LATCH.CREATE m 1 PX 1000 ONEXPIRE OPEN    -> 1
      b LATCH.AWAIT l WAIT 0                      -> waits
      c LATCH.AWAIT m WAIT 0                      -> waits
      pass 1000
      b                                           -> -EXPIRED the latch has run out of time
      c                                           -> 1
      a LATCH.DOWN l                              -> -EXPIRED the latch has run out of time
      a LATCH.COUNT m                             -> 0
      pass 60000
      a LATCH.COUNT l                             -> -NOLATCH there is no such latch
    `)
  })

  test('reset, begins a new generation and breaks the old one for those who wait', () => {
    plays(`
      a LATCH.CREATE l 1      -> 1
      b LATCH.AWAIT l WAIT 0  -> waits
      a LATCH.RESET l 2       -> 1
      b                       -> -BROKEN the latch was broken
      b LATCH.AWAIT l WAIT 0  -> waits
      a LATCH.DOWN l 2        -> 0
      b                       -> 1
      a LATCH.RESET l 1       -> 1
      b LATCH.AWAIT l         -> 0
      a LATCH.CREATE l 7 XX   -> 1
      a LATCH.COUNT l         -> 7
      a LATCH.CREATE x 7 XX   -> 0
      a EXISTS x              -> 0
    `)
  })

  test('keeps its time under another name', () => {
    plays(`
      a LATCH.CREATE {k}l 1 PX 1000 ONEXPIRE OPEN   -> 1
      a RENAME {k}l {k}m                            -> OK
      b LATCH.AWAIT {k}m WAIT 0                     -> waits
      pass 1000
      b                                             -> 1
    `)
  })

  test('deleted, is an error for those who wait', () => {
    plays(`
      a LATCH.CREATE l 1      -> 1
      b LATCH.AWAIT l WAIT 0  -> waits
      a DEL l                 -> 1
      b                       -> -NOLATCH there is no such latch
    `)
  })

  test('with a short LINGER is readable for those whom it has woken', () => {
    plays(`
      a LATCH.CREATE l 1 LINGER 1   -> 1
      b LATCH.AWAIT l WAIT 0        -> waits
      a LATCH.DOWN l                -> 0
      b                             -> 1
      pass 1
      a EXISTS l                    -> 0
    `)
  })

  test('tells how it stands', () => {
    plays(
      `
      a3 LATCH.INFO l                               -> nil
      a3 LATCH.CREATE l 2 SCOPE XDC EX 5            -> 1
      b3 LATCH.AWAIT l WAIT 0                       -> waits
      a3 LATCH.DOWN l ID x                          -> 1
      a3 LATCH.INFO l -> {state: closed, count: 1, armed: 1, generation: T1, waiting: 1, participants: 1, updown: 0, scope: xdc, reason: "", ttl-ms: 5000}
    `,
    )
  })
})

describe('LATCH.MAWAIT', () => {
  test('waits for any or all of several', () => {
    plays(
      `
      a LATCH.CREATE {l}x 1                       -> 1
      a LATCH.CREATE {l}y 1                       -> 1
      a LATCH.MAWAIT 2 {l}x {l}y ANY              -> nil
      b LATCH.MAWAIT 2 {l}x {l}y ANY WAIT 0       -> waits
      c LATCH.MAWAIT 2 {l}x {l}y ALL WAIT 0       -> waits
      a LATCH.DOWN {l}y                           -> 0
      b                                           -> ["{l}y"]
      c                                           -> waits
      a LATCH.DOWN {l}x                           -> 0
      c                                           -> ["{l}x", "{l}y"]
    `,
    )
  })

  test('one that is dead ends ALL, but not ANY', () => {
    plays(`
      a LATCH.CREATE {l}x 1                       -> 1
      a LATCH.CREATE {l}y 1                       -> 1
      a LATCH.MAWAIT 2 {l}x {l}z ALL              -> -NOLATCH there is no such latch
      b LATCH.MAWAIT 2 {l}x {l}y ANY WAIT 0       -> waits
      c LATCH.MAWAIT 2 {l}x {l}y ALL WAIT 0       -> waits
      a LATCH.BREAK {l}x no                       -> 1
      b                                           -> waits
      c                                           -> -BROKEN no
      a LATCH.BREAK {l}y too                      -> 1
      b                                           -> -BROKEN no
    `)
  })
})

describe('BARRIER', () => {
  test('lets all parties in together, and out together', () => {
    plays(`
      a BARRIER.ENTER b a 3 WAIT 0   -> waits
      b BARRIER.ENTER b b 3 WAIT 0   -> waits
      c BARRIER.ENTER b c 3          -> 1
      a                              -> 1
      b                              -> 1
      a BARRIER.LEAVE b a WAIT 0     -> waits
      b BARRIER.LEAVE b b            -> nil
      d BARRIER.ENTER b d 3 WAIT 0   -> waits
      c BARRIER.LEAVE b c WAIT 0     -> 1
      a                              -> 1
      d                              -> waits
      d leaves
      a DBSIZE                       -> 0
    `)
  })

  test('whoever gives up waiting has never come', () => {
    plays(`
      a BARRIER.ENTER b a 2            -> nil
      a EXISTS b                       -> 0
      a BARRIER.ENTER b a 2 WAIT 100   -> waits
      pass 100
      a                                -> nil
      a EXISTS b                       -> 0
      a BARRIER.ENTER b a 2 WAIT 0     -> waits
      a leaves
      x BARRIER.ENTER b x 2            -> nil
      x EXISTS b                       -> 0
    `)
  })

  test('is entered once by a participant that asks again', () => {
    plays(`
      a BARRIER.ENTER b a 2 WAIT 0    -> waits
      a2 BARRIER.ENTER b a 2 WAIT 0   -> waits
      a                               -> -UNBLOCKED superseded by the same owner on another connection
      x BARRIER.ENTER b x 2           -> 1
      a2                              -> 1
    `)
  })

  test('refuses another number of parties', () => {
    plays(`
      a BARRIER.ENTER b a 2 WAIT 0   -> waits
      c BARRIER.ENTER b c 3 WAIT 0   -> -ERR the others expect another number of parties
      c BARRIER.ENTER b c 3          -> -ERR the others expect another number of parties
      c BARRIER.LEAVE b c            -> nil
      c BARRIER.LEAVE b a            -> 1
      a                              -> nil
      c EXISTS b                     -> 0
    `)
  })

  test('keeps its participants under another name', () => {
    plays(`
      a BARRIER.ENTER {k}b a 1    -> 1
      c RENAME {k}b {k}d          -> OK
      c BARRIER.LEAVE {k}b a      -> nil
      a leaves
      c EXISTS {k}d               -> 0
    `)
  })

  test('a lease begins when all are in', () => {
    plays(`
      a BARRIER.ENTER b a 2 PX 1000 WAIT 0   -> waits
      pass 900
      c BARRIER.ENTER b c 2                  -> 1
      a                                      -> 1
      pass 900
      c BARRIER.LEAVE b c WAIT 0             -> waits
      pass 100
      c                                      -> 1
    `)
  })

  test('the dead do not keep the living', () => {
    plays(`
      a BARRIER.ENTER b a 2 WAIT 0           -> waits
      c BARRIER.ENTER b c 2 PX 1000 WAIT 0   -> 1
      a                                      -> 1
      a BARRIER.LEAVE b a WAIT 0             -> waits
      pass 1000
      a                                      -> 1
      a DBSIZE                               -> 0
    `)
  })
})
