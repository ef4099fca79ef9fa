// command-line.ts — A command line that is the argument of another command, as in ACL DRYRUN.

import type { Call } from '../src/call.ts'
import type { Command } from '../src/command.ts'
import type { KeyArguments } from '../src/keyspecs.ts'
import type { Registry } from '../src/registry.ts'

export class CommandLine implements KeyArguments {
  readonly count: number
  readonly #call: Call
  readonly #first: number

  constructor(call: Call, first: number) {
    this.#call = call
    this.#first = first
    this.count = call.count - first
  }

  text(i: number): string {
    return this.#call.text(i + this.#first)
  }

  /** The command or subcommand that the line names. */
  find(registry: Registry): Command | undefined {
    const command = registry.commands.get(this.text(0).toLowerCase())
    if (command?.subcommands === undefined || this.count === 1) return command
    return command.subcommands.get(this.text(1).toLowerCase())
  }

  /** Whether the line has as many arguments as the command takes. */
  fits(command: Command): boolean {
    return command.arity > 0 ? this.count === command.arity : this.count >= -command.arity
  }
}
