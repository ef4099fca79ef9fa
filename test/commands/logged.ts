// What a server writes to its effect log, as words.
import type { InProcessServer } from '../harness/in-process.ts'
import { decodeFrame } from '../harness/resp-value.ts'

/** The effects that are logged from now on: entries of effects, each a line of words. */
export function logOf({ server }: InProcessServer): string[][] {
  const entries: string[][] = []
  server.effects.subscribe(entry => {
    entries.push(entry.effects.map(({ bytes }) => (decodeFrame(bytes) as string[]).join(' ')))
  })
  return entries
}
