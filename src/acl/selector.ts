// selector.ts — One set of permissions: these commands, on these keys, with these channels.
//
// A user has one or more; a command is allowed if one of them alone allows all of it. Commands are
// bits by the command's number in the registry, so that the usual check is one look. The rules as
// they were given are kept beside the bits, because that is how people want to see them again.

import { type Command, NO_AUTH } from '../command.ts'
import { compileGlob, type Glob } from '../glob.ts'
import type { KeyArguments, KeyPositions } from '../keyspecs.ts'

/** What a rule lets be done with the keys that it names. */
export interface KeyPattern {
  readonly glob: Glob
  readonly read: boolean
  readonly write: boolean
}

/** The part of a call that is not allowed; `index` is the argument's. */
export interface Denial {
  readonly kind: 'command' | 'key' | 'channel'
  readonly index: number
}

const commandDenied: Denial = { kind: 'command', index: 0 }

export class Selector {
  allKeys = false
  allChannels = false
  /** All commands, none taken away since. */
  allCommands = false
  /** The last rule about all commands allowed them: so are those that a later version brings. */
  futureCommands = false
  readonly keys: KeyPattern[] = []
  readonly channels: Glob[] = []
  /** Rules about commands and categories, in order, without those that later ones made void. */
  readonly commandRules: string[] = []
  readonly #bits: Uint32Array
  /** First arguments with which a command is allowed that otherwise is not, by its number. */
  readonly #firstArguments = new Map<number, Set<string>>()

  constructor(commandCount: number) {
    this.#bits = new Uint32Array((commandCount + 31) >>> 5)
  }

  copy(): Selector {
    const copy = new Selector(this.#bits.length << 5)
    copy.allKeys = this.allKeys
    copy.allChannels = this.allChannels
    copy.allCommands = this.allCommands
    copy.futureCommands = this.futureCommands
    copy.keys.push(...this.keys)
    copy.channels.push(...this.channels)
    copy.commandRules.push(...this.commandRules)
    copy.#bits.set(this.#bits)
    for (const [id, words] of this.#firstArguments) copy.#firstArguments.set(id, new Set(words))
    return copy
  }

  get isUnrestricted(): boolean {
    return this.allKeys && this.allChannels && this.allCommands
  }

  // Changes

  setAllKeys(all: boolean): void {
    this.allKeys = all
    this.keys.length = 0
  }

  /** Adds a pattern, or what it lets be done to the same pattern. */
  addKeys(pattern: string, read: boolean, write: boolean): void {
    const place = this.keys.findIndex(each => each.glob.pattern === pattern)
    const before = this.keys[place]
    if (before === undefined) {
      this.keys.push({ glob: compileGlob(pattern), read, write })
    } else {
      this.keys[place] = {
        glob: before.glob,
        read: before.read || read,
        write: before.write || write,
      }
    }
  }

  setAllChannels(all: boolean): void {
    this.allChannels = all
    this.channels.length = 0
  }

  addChannels(pattern: string): void {
    if (this.channels.some(each => each.pattern === pattern)) return
    this.channels.push(compileGlob(pattern))
  }

  setAllCommands(allowed: boolean): void {
    this.#bits.fill(allowed ? 0xffffffff : 0)
    this.allCommands = allowed
    this.futureCommands = allowed
    this.commandRules.length = 0
    this.#firstArguments.clear()
  }

  /** Allows a command, or forbids it, with all its subcommands. */
  setCommand(command: Command, allowed: boolean): void {
    this.#setBit(command.id, allowed)
    this.#firstArguments.delete(command.id)
    for (const sub of command.subcommands?.values() ?? []) this.#setBit(sub.id, allowed)
  }

  allowFirstArgument(command: Command, word: string): void {
    const words = this.#firstArguments.get(command.id)
    if (words === undefined) this.#firstArguments.set(command.id, new Set([word]))
    else words.add(word)
  }

  /** Notes a rule, and drops the earlier ones about the same command or its subcommands. */
  noteCommandRule(subject: string, allowed: boolean): void {
    const rules = this.commandRules
    for (let i = rules.length - 1; i >= 0; i--) {
      const earlier = rules[i]!.slice(1)
      if (earlier === subject || earlier.startsWith(`${subject}|`)) rules.splice(i, 1)
    }
    rules.push(`${allowed ? '+' : '-'}${subject}`)
  }

  #setBit(id: number, allowed: boolean): void {
    const bit = 1 << (id & 31)
    if (allowed) {
      this.#bits[id >>> 5]! |= bit
    } else {
      this.#bits[id >>> 5]! &= ~bit
      this.allCommands = false
    }
  }

  // Checks

  /** Why the command must not run, if so. `positions` is room to work in. */
  denial(command: Command, args: KeyArguments, positions: KeyPositions): Denial | undefined {
    if (!this.#allowsCommand(command, args)) return commandDenied
    if (!this.allKeys && command.spec.keys !== undefined) {
      positions.find(command.spec, args)
      for (let i = 0; i < positions.count; i++) {
        const index = positions.positions[i]!
        const flags = positions.flags[i]!
        const read = flags.includes('access')
        const write = flags.some(flag => WRITING.has(flag))
        if (!this.allowsKey(args.text(index), read, write)) return { kind: 'key', index }
      }
    }
    if (!this.allChannels && command.spec.channels !== undefined) {
      const { first, last, pattern } = command.spec.channels
      const end = last < 0 ? args.count + last : last
      for (let index = first; index <= end; index++) {
        const name = args.text(index)
        const allowed = pattern ? this.allowsChannelPattern(name) : this.allowsChannel(name)
        if (!allowed) return { kind: 'channel', index }
      }
    }
    return undefined
  }

  #allowsCommand(command: Command, args: KeyArguments): boolean {
    if (this.allCommands || (command.bits & NO_AUTH) !== 0 || this.hasCommand(command)) return true
    const words = this.#firstArguments.get(command.id)
    return words !== undefined && args.count > 1 && words.has(args.text(1).toLowerCase())
  }

  hasCommand(command: Command): boolean {
    return (this.#bits[command.id >>> 5]! & (1 << (command.id & 31))) !== 0
  }

  /** Whether one pattern lets all of that be done with a key. */
  allowsKey(key: string, read: boolean, write: boolean): boolean {
    if (this.allKeys) return true
    return this.keys.some(
      each => (each.read || !read) && (each.write || !write) && each.glob.matches(key),
    )
  }

  allowsChannel(channel: string): boolean {
    return this.allChannels || this.channels.some(each => each.matches(channel))
  }

  /** A pattern could match anything, so only one that stands in the rules is allowed. */
  allowsChannelPattern(pattern: string): boolean {
    return this.allChannels || this.channels.some(each => each.pattern === pattern)
  }

  // How it reads

  describeCommands(): string {
    return [this.futureCommands ? '+@all' : '-@all', ...this.commandRules].join(' ')
  }

  describeKeys(): string {
    return this.allKeys ? '~*' : this.keys.map(describeKeyPattern).join(' ')
  }

  describeChannels(): string {
    return this.allChannels ? '&*' : this.channels.map(each => `&${each.pattern}`).join(' ')
  }

  describe(): string {
    const channels = this.describeChannels()
    const parts = [this.describeKeys()]
    if (!this.allChannels) parts.push('resetchannels')
    parts.push(channels, this.describeCommands())
    return parts.filter(part => part !== '').join(' ')
  }
}

const WRITING: ReadonlySet<string> = new Set(['update', 'insert', 'delete'])

function describeKeyPattern({ glob, read, write }: KeyPattern): string {
  if (read && write) return `~${glob.pattern}`
  return `%${read ? 'R' : 'W'}~${glob.pattern}`
}
