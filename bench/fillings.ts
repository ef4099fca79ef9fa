// What a server is filled with to see how much memory it takes: strings, and each collection that
// applications keep a lot of.
//
// Numbers in keys and members have twelve digits, so that every server stores the same bytes.
import { encodeCommand } from '../test/harness/resp-client.ts'
import { loadCommands, loadKeys } from './loader.ts'

const VALUE_BYTES = 100
/** Elements that go to a large collection with one command. */
const ELEMENTS_PER_COMMAND = 100

export interface Filling {
  readonly title: string
  /** Fills the server with so many of them. */
  readonly fill: (port: number, count: number) => Promise<void>
}

export const fillings: readonly Filling[] = [
  {
    title: `strings: keys of 16 bytes, values of ${VALUE_BYTES}`,
    fill: (port, count) => loadKeys(port, count, VALUE_BYTES),
  },
  {
    title: 'hashes of 5 short fields',
    fill: (port, count) => loadCommands(port, count, hash),
  },
  { title: 'elements of one list', fill: many(number => ['RPUSH', 'list', element(number)]) },
  { title: 'members of one set', fill: many(number => ['SADD', 'set', element(number)]) },
  {
    title: 'members of one sorted set',
    fill: many(number => ['ZADD', 'zset', String(number), element(number)]),
  },
]

function digits(number: number): string {
  return String(number).padStart(12, '0')
}

function element(number: number): string {
  return `elem:${digits(number)}`
}

function hash(number: number): Buffer {
  const fields = ['name', `user${number}`, 'age', String(number % 100), 'city', 'Oslo']
  return encodeCommand([
    'HSET',
    `key:${digits(number)}`,
    ...fields,
    'plan',
    'free',
    'score',
    '12.5',
  ])
}

/** One collection, filled by a command that may repeat all that comes after its key. */
function many(single: (number: number) => string[]): Filling['fill'] {
  return (port, count) =>
    loadCommands(port, Math.ceil(count / ELEMENTS_PER_COMMAND), batch => {
      const first = batch * ELEMENTS_PER_COMMAND
      const length = Math.min(ELEMENTS_PER_COMMAND, count - first)
      const elements = Array.from({ length }, (_, i) => single(first + i).slice(2)).flat()
      return encodeCommand([...single(first).slice(0, 2), ...elements])
    })
}
