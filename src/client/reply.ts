// reply.ts — Reads replies, which differ between protocols and libraries.
//
// A map is a flat array in RESP2, and in RESP3 an object, a Map or a flat array; a string may come
// as a Buffer, an integer as a string or a bigint. What is none of what it should be is a fault.

import { LatchkeyError } from './errors.ts'

function unexpected(wanted: string, reply: unknown): LatchkeyError {
  return new LatchkeyError(
    'ERR',
    `the server answered ${typeof reply} where ${wanted} was expected`,
  )
}

export function readInteger(reply: unknown): number {
  const isNumeric = typeof reply === 'bigint' || (typeof reply === 'string' && reply !== '')
  const value = isNumeric ? Number(reply) : reply
  if (typeof value !== 'number' || Number.isNaN(value)) throw unexpected('an integer', reply)
  if (!Number.isSafeInteger(value)) {
    throw new LatchkeyError('INEXACT', `${reply} is too large for a JavaScript number`)
  }
  return value
}

export function readIntegerOrNull(reply: unknown): number | null {
  return reply === null ? null : readInteger(reply)
}

/** With fractions; RESP2 tells them as text. */
export function readNumber(reply: unknown): number {
  const value = Number(readNumeric(reply))
  if (!Number.isFinite(value)) throw unexpected('a number', reply)
  return value
}

function readNumeric(reply: unknown): number | bigint | string {
  return typeof reply === 'number' || typeof reply === 'bigint' ? reply : readString(reply)
}

export function readFlag(reply: unknown): boolean {
  return readInteger(reply) === 1
}

export function readString(reply: unknown): string {
  if (typeof reply === 'string') return reply
  if (Buffer.isBuffer(reply)) return reply.toString()
  throw unexpected('a string', reply)
}

export function readArray(reply: unknown): readonly unknown[] {
  if (reply instanceof Set) return [...reply]
  if (!Array.isArray(reply)) throw unexpected('an array', reply)
  return reply
}

export function readStrings(reply: unknown): string[] {
  return readArray(reply).map(readString)
}

/** Name and value, over and over. */
export function readPairs(reply: unknown): [name: string, value: unknown][] {
  if (reply instanceof Map) return [...reply].map(([name, value]) => [readString(name), value])
  if (!Array.isArray(reply)) {
    if (typeof reply !== 'object' || reply === null) throw unexpected('a map', reply)
    return Object.entries(reply)
  }
  const pairs: [string, unknown][] = []
  for (let i = 0; i + 1 < reply.length; i += 2) pairs.push([readString(reply[i]), reply[i + 1]])
  return pairs
}

/** Facts about something, by name. */
export class Facts {
  readonly #facts: ReadonlyMap<string, unknown>

  constructor(reply: unknown) {
    this.#facts = new Map(readPairs(reply))
  }

  integer(name: string): number {
    return readInteger(this.#facts.get(name))
  }

  integerOrNull(name: string): number | null {
    return readIntegerOrNull(this.#facts.get(name) ?? null)
  }

  text(name: string): string {
    return readString(this.#facts.get(name))
  }

  textOrNull(name: string): string | null {
    const fact = this.#facts.get(name) ?? null
    return fact === null ? null : readString(fact)
  }
}
