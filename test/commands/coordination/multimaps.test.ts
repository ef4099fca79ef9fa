import { describe, test } from 'vitest'
import { plays } from './plays.ts'

describe('MULTIMAP', () => {
  test('keeps each pair once, and no empty field or key', () => {
    plays(`
      a MULTIMAP.PUT m f x y x       -> 2
      a MULTIMAP.PUT m f y z         -> 1
      a MULTIMAP.GET m f             -> [x, y, z]
      a MULTIMAP.GET m g             -> []
      a MULTIMAP.LEN m               -> 3
      a MULTIMAP.COUNT m             -> 1
      a MULTIMAP.COUNT m f           -> 3
      a MULTIMAP.HAS m f             -> 1
      a MULTIMAP.HAS m f x           -> 1
      a MULTIMAP.HAS m f q           -> 0
      a MULTIMAP.HASVALUE m z        -> 1
      a MULTIMAP.REMOVE m f x q      -> 1
      a MULTIMAP.TAKE m f            -> [y, z]
      a MULTIMAP.TAKE m f            -> []
      a EXISTS m                     -> 0
    `)
  })

  test('as LIST counts duplicates, and stays when it was made on purpose', () => {
    plays(`
      a MULTIMAP.CREATE m LIST       -> 1
      a MULTIMAP.CREATE m SET        -> 0
      a MULTIMAP.PUT m f x x y       -> 3
      a MULTIMAP.REMOVE m f x        -> 1
      a MULTIMAP.GET m f             -> [x, y]
      a MULTIMAP.REPLACE m f z z     -> [x, y]
      a MULTIMAP.GET m f             -> [z, z]
      a MULTIMAP.DELETE m f g        -> 1
      a TYPE m                       -> multimap
      a MULTIMAP.CREATE n BAG        -> -ERR syntax error
    `)
  })

  test('is walked by SCAN', () => {
    plays(
      `
      a MULTIMAP.SCAN m 0            -> [0, []]
      a MULTIMAP.PUT m f 1 2         -> 2
      a MULTIMAP.PUT m g 3           -> 1
      a MULTIMAP.SCAN m 0            -> [0, [g, [3], f, [1, 2]]]
      a MULTIMAP.SCAN m 0 COUNT 1    -> [1, [g, [3]]]
      a MULTIMAP.SCAN m 1 COUNT 1    -> [0, [f, [1, 2]]]
      a MULTIMAP.SCAN m x            -> -ERR invalid cursor
      a MULTIMAP.FIELDS m            -> [f, g]
    `,
    )
  })

  test('fields may have a lifetime', () => {
    plays(`
      a MULTIMAP.PUT m f 1             -> 1
      a MULTIMAP.PUT m g 2             -> 1
      a MULTIMAP.EXPIRE m PX 1000 f x  -> [1, 0]
      a MULTIMAP.TTL m f g x           -> [1000, -1, -2]
      pass 900
      a MULTIMAP.PUT m f 3             -> 1
      a MULTIMAP.TTL m f               -> [100]
      pass 100
      a MULTIMAP.GET m f               -> []
      a MULTIMAP.LEN m                 -> 1
      a MULTIMAP.EXPIRE m EX 1 g       -> [1]
      pass 1000
      a EXISTS m                       -> 0
      a MULTIMAP.EXPIRE m PX 0 g       -> -ERR value is not an integer or out of range
      a MULTIMAP.EXPIRE m XX 5 g       -> -ERR syntax error
    `)
  })
})
