// Random HyperLogLog commands. The bytes of the value are compared too: sparse, dense, with its cached
// count fresh or stale, and after a client has damaged it.
import fc from 'fast-check'
import { encoding } from '../harness/agreement.ts'
import { command, key, several, value, weighted } from './alphabet.ts'

const element = fc.oneof(
  fc.integer({ min: 0, max: 50 }).map(n => `element:${n}`),
  value,
)

/** Enough elements at once to turn a sparse representation dense. */
const crowd = fc
  .tuple(fc.nat({ max: 5 }), fc.constantFrom(50, 300, 1500))
  .map(([batch, size]) => Array.from({ length: size }, (_, i) => `batch:${batch}:${i}`))

/** No run that ends with the value in its middle: how Redis reads on there depends on what was there. */
const damage = fc.constantFrom('\x00', '\x01', '\x02', '\xff\xff', '\x80', '\x7f\xff')
const place = fc.constantFrom(
  '0',
  '4',
  '5',
  '8',
  '15',
  '16',
  '17',
  '18',
  '20',
  '100',
  '12303',
  '12304',
)

export const hyperloglog = weighted(
  [8, command('PFADD', [key, several(element, 0, 8)])],
  [2, command('PFADD', [key, crowd])],
  [4, command('PFCOUNT', [key])],
  [3, command('PFCOUNT', [several(key)])],
  [3, command('PFMERGE', [key, several(key, 0, 3)])],
  [5, command('GET', [key])],
  [2, command('STRLEN', [key])],
  [1, command('SETRANGE', [key, place, damage])],
  [1, command('SETRANGE', [key, fc.constant('0'), fc.constantFrom('HYLL', 'HYL')])],
  [1, command('SET', [key, value])],
  [
    1,
    command('SET', [
      key,
      fc.constantFrom('HYLL', `HYLL${'\x00'.repeat(12)}`, `HYLL\x01${'\x00'.repeat(11)}`),
    ]),
  ],
  [1, command('APPEND', [key, damage])],
  [1, command('PFDEBUG ENCODING', [key])],
  [1, command('PFDEBUG TODENSE', [key])],
  [1, command('OBJECT ENCODING', [key], encoding)],
  [1, command('COPY', [key, key])],
  [2, command('DEL', [key])],
)
