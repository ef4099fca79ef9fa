// command-keys.ts — Where a command's keys stand, as routing needs to know it: at a glance.
//
// Nearly all commands have one key at a fixed place, or none. That is found out once for each row,
// so that routing a GET takes one look at a table.

import { type Command, RUNS_QUEUE, WRITE } from '../../src/command.ts'
import type { Registry } from '../../src/registry.ts'

/** The keys have to be searched for, by the row's specs. */
export const SEARCHED = -1
export const KEYLESS = 0
/** It names no key, and changes those of all segments. */
export const EVERYWHERE = -2
const INDEX_MAX = 127

/** By the command's number: the index of its only key, or one of the above. */
export function keyIndexes(registry: Registry): Int8Array {
  return Int8Array.from(registry.all, keyIndex)
}

/** Redis's commands from this version on are not in the tables of today's libraries. */
const UNKNOWN_SINCE = 8

/**
 * 1 for commands that client libraries have no table of the keys for: ours, and the latest of
 * Redis's. They send them to any node, and would look at the map anew after each redirection.
 */
export function unroutedByClients(registry: Registry): Uint8Array {
  return Uint8Array.from(registry.all, ({ spec: { group, since } }) =>
    group === 'coordination' || Number.parseInt(since, 10) >= UNKNOWN_SINCE ? 1 : 0,
  )
}

function keyIndex(command: Command): number {
  // What the transaction has queued has keys, and they are those of EXEC.
  if ((command.bits & RUNS_QUEUE) !== 0) return SEARCHED
  const { arity, group, keys, keysOf } = command.spec
  if (keys === undefined || keys.length === 0) {
    // Libraries of functions are no data of a segment.
    return (command.bits & WRITE) !== 0 && group !== 'scripting' ? EVERYWHERE : KEYLESS
  }
  const [{ begin, find, flags }] = keys as [(typeof keys)[number]]
  const isOnly = keys.length === 1 && keysOf === undefined && !flags.includes('incomplete')
  const isFixed = begin.kind === 'index' && find.kind === 'range' && find.last === 0
  if (!isOnly || !isFixed || begin.index > INDEX_MAX) return SEARCHED
  // A key that may be left out has to be looked for.
  return begin.index < Math.abs(arity) ? begin.index : SEARCHED
}
