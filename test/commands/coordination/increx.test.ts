// Facts: Redis's own tests of INCREX (tests/unit/type/increx.tcl at 8.8).
import { describe, test } from 'vitest'
import { plays } from './plays.ts'

describe('INCREX', () => {
  test('adds one, an integer or a float', () => {
    plays(`
      a INCREX k               -> [1, 1]
      a INCREX k BYINT 5       -> [6, 5]
      a INCREX k BYINT -10     -> [-4, -10]
      a INCREX k BYFLOAT 0.25  -> [-3.75, 0.25]
      a INCREX k BYFLOAT 1     -> [-2.75, 1]
      a INCREX k               -> -ERR value is not an integer or out of range
      a3 INCREX k BYFLOAT 1    -> [-1.75, 1]
    `)
  })

  test('beyond a bound changes nothing, or goes to the bound', () => {
    plays(`
      a SET k 10 EX 100                              -> OK
      a INCREX k BYINT 10 UBOUND 15 EX 500           -> [10, 0]
      a TTL k                                        -> 100
      a INCREX k BYINT 10 UBOUND 15 SATURATE         -> [15, 5]
      a INCREX k BYINT -20 LBOUND 0 SATURATE         -> [0, -15]
      a INCREX k BYINT 15 UBOUND 10                  -> [0, 0]
      a INCREX k BYFLOAT 15.5 UBOUND 10.5 SATURATE   -> [10.5, 10.5]
      a INCREX n BYINT 5 LBOUND 10                   -> [0, 0]
      a INCREX n BYFLOAT -0.5 UBOUND -1.5            -> [0, 0]
      a EXISTS n                                     -> 0
      a SET k 50                                     -> OK
      a INCREX k BYINT 5 UBOUND 30 SATURATE          -> [30, -20]
      a SET k 50                                     -> OK
      a INCREX k BYINT -25 UBOUND 30                 -> [25, -25]
      a INCREX k LBOUND 10 UBOUND 5                  -> -ERR LBOUND can't be greater than UBOUND
    `)
  })

  test('the type has bounds too', () => {
    plays(`
      a SET k 9223372036854775800                                -> OK
      a INCREX k BYINT 9223372036854775800                       -> [9223372036854775800, 0]
      a INCREX k BYINT 9223372036854775800 SATURATE              -> [9223372036854775807, 7]
      a INCREX k BYINT 1 SATURATE UBOUND -9223372036854775808    -> -ERR applied increment would overflow
      a SET k -9223372036854775800                               -> OK
      a INCREX k BYINT -9223372036854775800 SATURATE             -> [-9223372036854775808, -8]
      a SET k inf                                                -> OK
      a INCREX k BYFLOAT 1                                       -> -ERR value cannot be Infinity
      a INCREX x BYFLOAT +inf                                    -> -ERR BYFLOAT increment cannot be Infinity
    `)
  })

  test('sets, keeps or drops the expiry', () => {
    plays(`
      a INCREX k EX 100              -> [1, 1]
      a TTL k                        -> 100
      a INCREX k                     -> [2, 1]
      a TTL k                        -> 100
      a INCREX k EX 500 ENX          -> [3, 1]
      a TTL k                        -> 100
      a INCREX k PERSIST             -> [4, 1]
      a TTL k                        -> -1
      a INCREX k EX 500 ENX          -> [5, 1]
      a TTL k                        -> 500
      a INCREX k EXAT 1 ENX          -> [6, 1]
      a GET k                        -> 6
      a INCREX k EXAT 1              -> [7, 1]
      a EXISTS k                     -> 0
    `)
  })

  test('options come in any order, none twice', () => {
    plays(`
      a INCREX k EX 100 LBOUND 0 BYINT 100 UBOUND 10 SATURATE   -> [10, 10]
      a INCREX k BYINT 1 BYINT 2                                -> -ERR syntax error
      a INCREX k BYINT 1 BYFLOAT 2                              -> -ERR syntax error
      a INCREX k EX 10 PX 20                                    -> -ERR syntax error
      a INCREX k PERSIST EX 10                                  -> -ERR syntax error
      a INCREX k PERSIST ENX                                    -> -ERR syntax error
      a INCREX k ENX                                            -> -ERR ENX flag requires an expiration
      a INCREX k SAT                                            -> -ERR syntax error
      a INCREX k BYINT abc                                      -> -ERR Increment is not an integer or out of range
      a INCREX k BYFLOAT abc                                    -> -ERR Increment is not a valid float
      a INCREX k EX 0                                           -> -ERR invalid expire time in 'increx' command
    `)
  })

  test('tells what happened', () => {
    plays(`
      a CONFIG SET notify-keyspace-events EA          -> OK
      s PSUBSCRIBE __keyevent@0__:*                   -> [psubscribe, __keyevent@0__:*, 1]
      a INCREX k EX 10                                -> [1, 1]
      a INCREX k BYFLOAT 0.5 PERSIST                  -> [1.5, 0.5]
      a INCREX k BYFLOAT 1 EXAT 1                     -> [2.5, 1]
      s -> [pmessage, __keyevent@0__:*, __keyevent@0__:incrby, k] [pmessage, __keyevent@0__:*, __keyevent@0__:expire, k] [pmessage, __keyevent@0__:*, __keyevent@0__:incrbyfloat, k] [pmessage, __keyevent@0__:*, __keyevent@0__:persist, k] [pmessage, __keyevent@0__:*, __keyevent@0__:del, k]
    `)
  })
})
