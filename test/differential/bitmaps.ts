// Random commands on single bits and on whole bitmaps.
import fc from 'fast-check'
import { encoding } from '../harness/agreement.ts'
import { command, integer, key, optional, several, token, value, weighted } from './alphabet.ts'

/** Both servers run with `proto-max-bulk-len 1mb`: the last bit is 8388607. */
const offset = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 200 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('8388607', '8388608', '4294967295', '4294967296') },
  { weight: 1, arbitrary: integer },
)
const bit = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('0', '1') },
  { weight: 1, arbitrary: fc.constantFrom('2', '-1', '', 'x', '01') },
)
const position = fc.oneof(integer, fc.integer({ min: -30, max: 30 }).map(String))
const unit = optional(token('BYTE'), token('BIT'))
const range = fc.tuple(position, position, unit).map(words => words.flat())
const bits = fc.oneof(
  value,
  fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    '\x00',
    '\x00\x00\x00',
    '\xff',
    '\xff\xff\xff\xff\xff\xff\xff\xff\xff',
    '\xff\xf0\x00',
  ),
)

export const bitmaps = weighted(
  [4, command('SET', [key, bits])],
  [6, command('SETBIT', [key, offset, bit])],
  [4, command('GETBIT', [key, offset])],
  [2, command('BITCOUNT', [key])],
  [4, command('BITCOUNT', [key, range])],
  [2, command('BITPOS', [key, bit])],
  [2, command('BITPOS', [key, bit, position])],
  [4, command('BITPOS', [key, bit, range])],
  [3, command('BITOP', [fc.constantFrom('AND', 'OR', 'XOR', 'and', 'Xor'), key, several(key)])],
  [1, command('BITOP', [fc.constantFrom('NOT', 'not'), key, key])],
  [1, command('BITOP', [fc.constantFrom('NOT', 'NAND', ''), key, several(key)])],
  [2, command('GET', [key])],
  [1, command('STRLEN', [key])],
  [1, command('OBJECT ENCODING', [key], encoding)],
  [1, command('APPEND', [key, bits])],
  [1, command('INCR', [key])],
  [1, command('DEL', [key])],
)
