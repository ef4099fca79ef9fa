// slowlog.ts — The last commands that took longer than `slowlog-log-slower-than`.

import type { Call } from './call.ts'
import type { Client } from './client.ts'
import { SKIP_SLOWLOG } from './command.ts'

/** As in Redis: so many arguments are kept, so many bytes of each. */
const ARGUMENTS_MAX = 32
const ARGUMENT_BYTES_MAX = 128

/** What stands in place of an argument that must not be seen. */
export const REDACTED = '(redacted)'
export const NOTHING_HIDDEN: ReadonlySet<number> = new Set()

export interface SlowEntry {
  readonly id: number
  /** Seconds since the epoch. */
  readonly at: number
  readonly microseconds: number
  readonly args: readonly string[]
  readonly address: string
  readonly clientName: string
}

/** As in Redis: a script has no connection. */
const SCRIPT_ADDRESS = '?:0'

export class Slowlog {
  /** Newest first. */
  readonly entries: SlowEntry[] = []
  #nextId = 0
  #lengthMax = 128

  resize(lengthMax: number): void {
    this.#lengthMax = lengthMax
    if (this.entries.length > lengthMax) this.entries.length = lengthMax
  }

  /** Keeps the call if it took at least `threshold` µs; a negative threshold keeps nothing. */
  offer(call: Call, client: Client, microseconds: number, threshold: number, now: number): void {
    if (threshold < 0 || microseconds < threshold || this.#lengthMax === 0) return
    if ((call.command.bits & SKIP_SLOWLOG) !== 0) return
    this.entries.unshift({
      id: this.#nextId++,
      at: Math.floor(now / 1000),
      microseconds: Math.round(microseconds),
      args: shownArguments(call),
      address: call.isScripted ? SCRIPT_ADDRESS : client.link.address,
      clientName: call.isScripted ? '' : client.name,
    })
    if (this.entries.length > this.#lengthMax) this.entries.pop()
  }

  reset(): void {
    this.entries.length = 0
  }
}

function shownArguments(call: Call): string[] {
  const args: string[] = []
  const hidden = call.command.spec.hides?.(call) ?? NOTHING_HIDDEN
  const shown = call.count > ARGUMENTS_MAX ? ARGUMENTS_MAX - 1 : call.count
  for (let i = 0; i < shown; i++) {
    const more = call.length(i) - ARGUMENT_BYTES_MAX
    const text = hidden.has(i) ? REDACTED : call.text(i)
    args.push(
      more > 0 && !hidden.has(i)
        ? `${text.slice(0, ARGUMENT_BYTES_MAX)}... (${more} more bytes)`
        : text,
    )
  }
  if (shown < call.count) args.push(`... (${call.count - shown} more arguments)`)
  return args
}
