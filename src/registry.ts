// registry.ts — All commands of a server, found by the bytes of their name.
//
// The table is open addressing over a hash of the letters folded to lower case, so that looking up
// a command makes no string. Built once, at start.

import { Command, type CommandSpec } from './command.ts'

export class Registry {
  readonly commands: ReadonlyMap<string, Command>
  /** All commands and subcommands; the index is the command's id. */
  readonly all: readonly Command[]
  readonly #table: (Command | undefined)[]
  readonly #names: Buffer[]
  readonly #mask: number

  constructor(families: readonly (readonly CommandSpec[])[]) {
    const commands = new Map<string, Command>()
    const all: Command[] = []
    let id = 0
    const nextId = () => id++
    for (const family of families) {
      for (const spec of family) {
        if (commands.has(spec.name)) throw new Error(`command ${spec.name} has two rows`)
        commands.set(spec.name, new Command(spec, nextId))
      }
    }
    for (const command of commands.values()) {
      all[command.id] = command
      for (const sub of command.subcommands?.values() ?? []) all[sub.id] = sub
    }
    this.commands = commands
    this.all = all
    let size = 64
    while (size < commands.size * 4) size *= 2
    // Internal commands stay out of the table, so that no client finds one.
    this.#mask = size - 1
    this.#table = new Array(size).fill(undefined)
    this.#names = new Array(size).fill(Buffer.alloc(0))
    for (const [name, command] of commands) {
      if (command.spec.internal) continue
      const bytes = Buffer.from(name, 'latin1')
      let place = fold(bytes, 0, bytes.length) & this.#mask
      while (this.#table[place] !== undefined) place = (place + 1) & this.#mask
      this.#table[place] = command
      this.#names[place] = bytes
    }
  }

  /** The command named by `bytes[start, end)`, in any case. */
  find(bytes: Uint8Array, start: number, end: number): Command | undefined {
    const mask = this.#mask
    let place = fold(bytes, start, end) & mask
    for (;;) {
      const command = this.#table[place]
      if (command === undefined) return undefined
      const name = this.#names[place]!
      if (name.length === end - start) {
        let i = 0
        while (i < name.length && name[i] === lower(bytes[start + i]!)) i++
        if (i === name.length) return command
      }
      place = (place + 1) & mask
    }
  }

  /** A command of the effect log, which clients do not find. */
  findInternal(bytes: Buffer, start: number, end: number): Command | undefined {
    const command = this.commands.get(bytes.latin1Slice(start, end).toLowerCase())
    return command?.spec.internal ? command : undefined
  }

  /** A command by `name` or `name|subcommand`, lower case. */
  named(fullName: string): Command | undefined {
    const [name, sub] = fullName.split('|', 2) as [string, string | undefined]
    const command = this.commands.get(name)
    return sub === undefined ? command : command?.subcommands?.get(sub)
  }
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}

function fold(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + (bytes[i]! | 0x20)
  return hash ^ (hash >>> 15)
}
