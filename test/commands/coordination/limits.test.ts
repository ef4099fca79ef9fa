import { describe, test } from 'vitest'
import { plays } from './plays.ts'

describe('CL.THROTTLE', () => {
  test('answers as redis-cell does', () => {
    plays(`
      a CL.THROTTLE k 2 1 10     -> [0, 3, 2, -1, 10]
      a CL.THROTTLE k 2 1 10     -> [0, 3, 1, -1, 20]
      a CL.THROTTLE k 2 1 10 0   -> [0, 3, 1, -1, 20]
      a CL.THROTTLE k 2 1 10     -> [0, 3, 0, -1, 30]
      a CL.THROTTLE k 2 1 10     -> [1, 3, 0, 10, 30]
      pass 4000
      a CL.THROTTLE k 2 1 10     -> [1, 3, 0, 6, 26]
      pass 6000
      a CL.THROTTLE k 2 1 10     -> [0, 3, 0, -1, 30]
      a CL.THROTTLE k 2 1 10 4   -> [1, 3, 0, -1, 30]
      pass 30000
      a EXISTS k                 -> 0
    `)
  })

  test('with WAIT queues for capacity', () => {
    plays(
      `
      a CL.THROTTLE k 0 1 1               -> [0, 1, 0, -1, 1]
      a CL.THROTTLE k 0 1 1 WAIT 5000     -> waits
      b CL.THROTTLE k 0 1 1 1 WAIT 5000   -> waits
      c CL.THROTTLE k 0 1 1 WAIT 500      -> waits
      d CL.THROTTLE k 0 1 1               -> [1, 1, 0, 1, 1]
      pass 500
      c                                   -> [1, 1, 0, 1, 1]
      pass 500
      a                                   -> [0, 1, 0, -1, 1]
      b                                   -> waits
      pass 1000
      b                                   -> [0, 1, 0, -1, 1]
    `,
    )
  })

  test('refuses bad numbers', () => {
    plays(`
      a CL.THROTTLE k 2 0 10      -> -ERR the rate must be above zero
      a CL.THROTTLE k -1 1 10     -> -ERR value is not an integer or out of range
      a CL.THROTTLE k 2 1 10 x    -> -ERR value is not an integer or out of range
      a CL.THROTTLE k 2 1 10 1 x  -> -ERR syntax error
      a EXISTS k                  -> 0
    `)
  })
})

describe('RATE.WINDOW', () => {
  test('fixed: so many per window, which begins with the first', () => {
    plays(`
      a RATE.WINDOW k 2 1000        -> [0, 2, 1, -1, 1]
      pass 600
      a RATE.WINDOW k 2 1000        -> [0, 2, 0, -1, 1]
      a RATE.WINDOW k 2 1000        -> [1, 2, 0, 1, 1]
      pass 400
      a EXISTS k                    -> 0
      a RATE.WINDOW k 2 1000        -> [0, 2, 1, -1, 1]
    `)
  })

  test('sliding: never more in any window', () => {
    plays(`
      a RATE.WINDOW k 2 10000 SLIDING                 -> [0, 2, 1, -1, 10]
      pass 6000
      a RATE.WINDOW k 2 10000 SLIDING                 -> [0, 2, 0, -1, 10]
      a RATE.WINDOW k 2 10000 SLIDING                 -> [1, 2, 0, 4, 10]
      a RATE.WINDOW k 2 10000 SLIDING WAIT 0          -> waits
      pass 4000
      a                                               -> [0, 2, 0, -1, 10]
      a RATE.WINDOW k 2 10000                         -> -WRONGTYPE Operation against a key holding the wrong kind of value
      a RATE.WINDOW k 2 10000 SLIDING QUANTITY 3      -> [1, 2, 0, -1, 10]
    `)
  })

  test('a large request gets its turn', () => {
    plays(`
      a RATE.WINDOW k 2 1000 SLIDING                     -> [0, 2, 1, -1, 1]
      b RATE.WINDOW k 2 1000 SLIDING QUANTITY 2 WAIT 0   -> waits
      c RATE.WINDOW k 2 1000 SLIDING                     -> [1, 2, 1, 0, 1]
      pass 1000
      b                                                  -> [0, 2, 0, -1, 1]
    `)
  })
})
