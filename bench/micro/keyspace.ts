// The keyspace: finding, overwriting, creating and deleting among a hundred thousand keys.
import type { Database } from '../../src/keyspace/database.ts'
import { Keyspace } from '../../src/keyspace/keyspace.ts'
import type { MicroCase } from './measure.ts'
import { keyName, VALUE_3, VALUE_100 } from './requests.ts'

const KEYS = 100_000
const OPERATIONS = 1000
const KEY_BYTES = 16

/** All keys one after another, as they would lie in chunks. */
const keys = Buffer.from(Array.from({ length: KEYS }, (_, n) => keyName(n)).join(''), 'latin1')
const short = Buffer.from(VALUE_3, 'latin1')
const long = Buffer.from(VALUE_100, 'latin1')

function filledDatabase(value: Buffer): Database {
  const ignore = () => undefined
  const hooks = {
    changed: ignore,
    flushing: ignore,
    leaving: ignore,
    expired: ignore,
    freed: ignore,
  }
  const database = new Keyspace(1, hooks).databases[0]!
  for (let at = 0; at < keys.length; at += KEY_BYTES) {
    database.setString(keys, at, at + KEY_BYTES, value, 0, value.length, false)
  }
  return database
}

/** Calls `operate` with the place of one key after another. */
function onKeys(name: string, operate: (start: number, end: number) => void): MicroCase {
  let at = 0
  return {
    name,
    operations: OPERATIONS,
    run() {
      for (let i = 0; i < OPERATIONS; i += 1) {
        operate(at, at + KEY_BYTES)
        at = at + KEY_BYTES === keys.length ? 0 : at + KEY_BYTES
      }
    },
  }
}

function finding(): MicroCase {
  const database = filledDatabase(short)
  return onKeys('find', (start, end) => {
    if (database.find(keys, start, end) === 0) throw new Error('the key is there')
  })
}

function missing(): MicroCase {
  const database = filledDatabase(short)
  const absent = Buffer.from(keys)
  for (let at = 0; at < absent.length; at += KEY_BYTES) absent[at] = 0x4b
  return onKeys('miss', (start, end) => {
    if (database.find(absent, start, end) !== 0) throw new Error('the key is not there')
  })
}

function overwriting(value: Buffer): MicroCase {
  const database = filledDatabase(value)
  return onKeys(`overwrite, ${value.length} bytes`, (start, end) => {
    database.setString(keys, start, end, value, 0, value.length, false)
  })
}

function resizing(): MicroCase {
  const database = filledDatabase(short)
  let grow = false
  return onKeys('overwrite, 3 and 100 bytes in turns', (start, end) => {
    const value = grow ? long : short
    grow = !grow
    database.setString(keys, start, end, value, 0, value.length, false)
  })
}

function replacing(): MicroCase {
  const database = filledDatabase(long)
  return onKeys('delete and create, 100 bytes', (start, end) => {
    database.delete(keys, start, end)
    database.setString(keys, start, end, long, 0, long.length, false)
  })
}

export const keyspaceCases: readonly (() => MicroCase)[] = [
  finding,
  missing,
  () => overwriting(short),
  () => overwriting(long),
  resizing,
  replacing,
]
