import { describe, test } from 'vitest'
import { plays } from './plays.ts'

describe('SEMAPHORE.ACQUIRE', () => {
  test('grants permits until none is left, in strict order of arrival', () => {
    plays(`
      a SEMAPHORE.INIT s 3                         -> 1
      a SEMAPHORE.ACQUIRE s a PERMITS 2            -> T1
      b SEMAPHORE.ACQUIRE s b PERMITS 2 WAIT 0     -> waits
      c SEMAPHORE.ACQUIRE s c                      -> nil
      c SEMAPHORE.ACQUIRE s c WAIT 0               -> waits
      a SEMAPHORE.AVAILABLE s                      -> 1
      a SEMAPHORE.RELEASE s a                      -> 1
      b                                            -> T2
      c                                            -> waits
      a SEMAPHORE.RELEASE s a PERMITS 5            -> 1
      c                                            -> T3
      a SEMAPHORE.RELEASE s a                      -> 0
      a SEMAPHORE.AVAILABLE s                      -> 0
    `)
  })

  test('is idempotent for the owner: permits are a total', () => {
    plays(`
      a SEMAPHORE.INIT s 5                -> 1
      a SEMAPHORE.ACQUIRE s a PERMITS 2   -> T1
      a SEMAPHORE.ACQUIRE s a PERMITS 2   -> T1
      a SEMAPHORE.AVAILABLE s             -> 3
      a SEMAPHORE.ACQUIRE s a PERMITS 4   -> T1
      a SEMAPHORE.AVAILABLE s             -> 1
      a SEMAPHORE.RELEASE s a ALL         -> 4
    `)
  })

  test('with REQ asks for that many more, once', () => {
    plays(`
      a SEMAPHORE.INIT s 5                      -> 1
      a SEMAPHORE.ACQUIRE s a PERMITS 2 REQ r1  -> T1
      a SEMAPHORE.ACQUIRE s a PERMITS 2 REQ r1  -> T1
      a SEMAPHORE.AVAILABLE s                   -> 3
      a SEMAPHORE.ACQUIRE s a PERMITS 2 REQ r2  -> T1
      a SEMAPHORE.AVAILABLE s                   -> 1
    `)
  })

  test('with LIMIT makes a semaphore that disappears with its last permit', () => {
    plays(`
      a SEMAPHORE.ACQUIRE s a                   -> nil
      a SEMAPHORE.AVAILABLE s                   -> nil
      a SEMAPHORE.ACQUIRE s a LIMIT 1           -> T1
      b SEMAPHORE.ACQUIRE s b WAIT 0            -> waits
      a SEMAPHORE.RELEASE s a                   -> 1
      b                                         -> T2
      b SEMAPHORE.INFO s                        -> [limit, 1, available, 0, holders, 1, waiting, 0]
      b SEMAPHORE.RELEASE s b                   -> 1
      b DBSIZE                                  -> 0
    `)
  })

  test('waits for a semaphore to be made', () => {
    plays(`
      a SEMAPHORE.ACQUIRE s a WAIT 0     -> waits
      b SEMAPHORE.INIT s 1               -> 1
      a                                  -> T1
      c SEMAPHORE.ACQUIRE t c WAIT 0     -> waits
      d SEMAPHORE.ACQUIRE t d LIMIT 2    -> T1
      c                                  -> T2
    `)
  })

  test('refuses what could never be granted', () => {
    plays(`
      a SEMAPHORE.INIT s 2                -> 1
      a SEMAPHORE.ACQUIRE s a PERMITS 3   -> -OUTOFBOUNDS the result would leave the bounds
      a SEMAPHORE.ACQUIRE s a PERMITS 0   -> -ERR value is not an integer or out of range
    `)
  })

  test('permits of the dead come back by lease or connection', () => {
    plays(`
      a SEMAPHORE.INIT s 2                -> 1
      a SEMAPHORE.ACQUIRE s a PX 1000     -> T1
      b SEMAPHORE.ACQUIRE s b CONN        -> T2
      c SEMAPHORE.ACQUIRE s c WAIT 0      -> waits
      d SEMAPHORE.ACQUIRE s d WAIT 0      -> waits
      pass 1000
      c                                   -> T3
      d                                   -> waits
      b leaves
      d                                   -> T4
    `)
  })
})

describe('SEMAPHORE.SETLIMIT, INIT', () => {
  test('a lower limit takes nothing away; a higher one serves those who wait', () => {
    plays(`
      a SEMAPHORE.SETLIMIT s 2            -> 0
      a SEMAPHORE.INIT s 2                -> 1
      a SEMAPHORE.INIT s 9 NX             -> 0
      a SEMAPHORE.ACQUIRE s a PERMITS 2   -> T1
      a SEMAPHORE.SETLIMIT s 1            -> 1
      a SEMAPHORE.AVAILABLE s             -> 0
      a SEMAPHORE.INFO s                  -> [limit, 1, available, -1, holders, 1, waiting, 0]
      b SEMAPHORE.ACQUIRE s b WAIT 0      -> waits
      a SEMAPHORE.RELEASE s a             -> 1
      b                                   -> waits
      a SEMAPHORE.SETLIMIT s 2            -> 1
      b                                   -> T2
      a SEMAPHORE.RELEASE s a             -> 1
      b SEMAPHORE.RELEASE s b             -> 1
      b SEMAPHORE.AVAILABLE s             -> 2
    `)
  })
})

describe('SEMAPHORE.DRAIN, CANCEL, EXTEND and views', () => {
  test('DRAIN takes what is free', () => {
    plays(`
      a SEMAPHORE.DRAIN s a               -> 0
      a SEMAPHORE.INIT s 3                -> 1
      b SEMAPHORE.ACQUIRE s b             -> T1
      a SEMAPHORE.DRAIN s a PX 1000       -> 2
      a SEMAPHORE.DRAIN s a               -> 0
      pass 1000
      a SEMAPHORE.AVAILABLE s             -> 2
    `)
  })

  test('CANCEL ends a wait, or gives everything back', () => {
    plays(`
      a SEMAPHORE.INIT s 2                -> 1
      a SEMAPHORE.ACQUIRE s a PERMITS 2   -> T1
      b SEMAPHORE.ACQUIRE s b WAIT 0      -> waits
      c SEMAPHORE.CANCEL s b              -> 1
      b                                   -> nil
      c SEMAPHORE.CANCEL s a              -> 1
      c SEMAPHORE.CANCEL s a              -> 0
      c SEMAPHORE.AVAILABLE s             -> 2
    `)
  })

  test('EXTEND, HOLDERS, QUEUE', () => {
    plays(`
      a3 SEMAPHORE.INIT s 2                     -> 1
      a3 SEMAPHORE.ACQUIRE s a PERMITS 2 EX 1   -> T1
      b3 SEMAPHORE.ACQUIRE s b PERMITS 2 WAIT 0 -> waits
      pass 500
      a3 SEMAPHORE.EXTEND s a PX 2000           -> 2000
      a3 SEMAPHORE.EXTEND s x PX 2000           -> 0
      a3 SEMAPHORE.HOLDERS s                    -> [{owner: a, token: T1, permits: 2, ttl-ms: 2000, held-ms: 500, client: 0}]
      a3 SEMAPHORE.QUEUE s                      -> [{owner: b, wants: 2, waiting-ms: 500, client: 2}]
    `)
  })

  test('some permits are given back once, however often that is asked for by one id', () => {
    plays(`
      a SEMAPHORE.INIT s 3                      -> 1
      a SEMAPHORE.ACQUIRE s a PERMITS 3         -> T1
      a SEMAPHORE.RELEASE s a REQ r             -> 1
      a SEMAPHORE.RELEASE s a REQ r             -> 1
      a SEMAPHORE.AVAILABLE s                   -> 1
      a SEMAPHORE.RELEASE s x REQ q             -> 0
      a SEMAPHORE.RELEASE s a PERMITS 5 REQ q   -> 2
      a SEMAPHORE.RELEASE s a ALL REQ q         -> 2
      a SEMAPHORE.AVAILABLE s                   -> 3
    `)
  })
})
