// effect-keys.ts — Which keys an effect touches, and so to which segment it belongs.
//
// Both follow from the row of its command, like everything that is known of keys. A row of the log
// that is about a segment itself says where the segment's number stands.
//
// In a cluster every write is of one segment, since a command that names keys of two is refused.
// Only libraries of functions belong to no segment; anything else without keys would be lost on the
// way to the copies, so it is not to be: it throws.

import type { Call, EffectPart } from './call.ts'
import type { Command } from './command.ts'
import { type Effect, NO_SEGMENT } from './effects.ts'
import { keySlot, SEGMENT_SHIFT, segmentOfKey } from './keyspace/slot.ts'
import { type KeyArguments, KeyPositions } from './keyspecs.ts'
import type { Registry } from './registry.ts'
import { COMPLETE, Decoder } from './wire/decoder.ts'

export interface EffectKey {
  readonly database: number
  readonly key: string
}

/** What an effect does with keys. */
export interface EffectAccess {
  readonly command: Command
  /** Its words; good until the next effect is looked at. */
  readonly args: KeyArguments
  /** Keys that it may change, delete or make. */
  readonly written: readonly EffectKey[]
  /** Keys that it only looks at. */
  readonly read: readonly EffectKey[]
}

/** What was accepted once is within limits. */
const LIMITS = { bulkBytesMax: Number.POSITIVE_INFINITY, authenticated: true }

export class EffectKeys {
  readonly #registry: Registry
  readonly #positions = new KeyPositions()
  readonly #decoder = new Decoder()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** The segment of a command that is logged as it came; NO_SEGMENT for what is no data. */
  segmentOfCall(call: Call): number {
    const { spec } = call.command
    if (spec.segmentAt !== undefined) return call.integer(spec.segmentAt)
    if (this.#positions.find(spec, call) === 0) return this.#withoutKeys(call.command)
    const [first] = this.#positions.positions as [number]
    return keySlot(call.bytes, call.start(first), call.end(first)) >>> SEGMENT_SHIFT
  }

  /** The segment of an effect that is given in parts. */
  segmentOf(parts: readonly EffectPart[]): number {
    const args = new Parts(parts)
    const command = this.#commandOf(args)
    const { spec } = command
    if (spec.segmentAt !== undefined) return Number(args.text(spec.segmentAt))
    if (this.#positions.find(spec, args) === 0) return this.#withoutKeys(command)
    return segmentOfKey(args.text(this.#positions.positions[0]!))
  }

  #withoutKeys({ spec, fullName }: Command): number {
    if (spec.group === 'scripting') return NO_SEGMENT
    throw new Error(`${fullName} has changed data of no segment`)
  }

  /** The command of an effect and its keys. */
  accessOf({ database, bytes }: Effect): EffectAccess {
    if (this.#decoder.read(bytes, 0, bytes.length, LIMITS) !== COMPLETE) {
      throw new Error('an effect is no command')
    }
    const { request } = this.#decoder
    const args: KeyArguments = {
      count: request.count,
      text: i => request.bytes.latin1Slice(request.offsets[2 * i], request.offsets[2 * i + 1]),
    }
    const command = this.#commandOf(args)
    const found = this.#positions
    const written: EffectKey[] = []
    const read: EffectKey[] = []
    const count = found.find(command.spec, args)
    const other = command.spec.otherDatabase?.(args)
    for (let i = 0; i < count; i++) {
      const key = args.text(found.positions[i]!)
      const isRead = found.flags[i]!.includes('RO')
      ;(isRead ? read : written).push({ database, key })
      if (other !== undefined && !isRead) written.push({ database: other, key })
    }
    return { command, args, written, read }
  }

  #commandOf(args: KeyArguments): Command {
    const command = this.#registry.commands.get(args.text(0).toLowerCase())
    const sub =
      command?.subcommands && args.count > 1
        ? command.subcommands.get(args.text(1).toLowerCase())
        : command
    if (sub === undefined) throw new Error(`an effect is the unknown command ${args.text(0)}`)
    return sub
  }
}

class Parts implements KeyArguments {
  readonly #parts: readonly EffectPart[]

  constructor(parts: readonly EffectPart[]) {
    this.#parts = parts
  }

  get count(): number {
    return this.#parts.length
  }

  text(i: number): string {
    const part = this.#parts[i]!
    return Buffer.isBuffer(part) ? part.latin1Slice() : String(part)
  }
}
