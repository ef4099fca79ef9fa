// user.ts — A user: how it logs in, and what it may do.
//
// Connections refer to the user itself, so a change of its rules holds for them at once. Changes are
// made on a copy first: a rule that is wrong leaves the user as it was.

import { timingSafeEqual } from 'node:crypto'
import type { Command } from '../command.ts'
import type { KeyArguments, KeyPositions } from '../keyspecs.ts'
import { hashPassword } from './password.ts'
import type { Denial, Selector } from './selector.ts'

/** Which denial is told when several selectors deny: the furthest that any of them got. */
const PRECEDENCE = { command: 1, key: 2, channel: 3 } as const

export class User {
  readonly name: string
  enabled = false
  /** Any password will do, and connections that say nothing are this user, if it is the default. */
  anyPassword = false
  /** Accepted for the sake of Redis's rules: RESTORE checks what it is given in either case. */
  sanitizesPayload = true
  /** SHA-256, hex. */
  passwords: string[] = []
  /** The first is what rules outside parentheses are about. Never empty. */
  selectors: Selector[]

  constructor(name: string, selector: Selector) {
    this.name = name
    this.selectors = [selector]
  }

  copy(): User {
    const copy = new User(this.name, this.selectors[0]!)
    copy.become(this)
    copy.passwords = [...this.passwords]
    copy.selectors = this.selectors.map(selector => selector.copy())
    return copy
  }

  /** Takes over all that another user is, except its name. */
  become(other: User): void {
    this.enabled = other.enabled
    this.anyPassword = other.anyPassword
    this.sanitizesPayload = other.sanitizesPayload
    this.passwords = other.passwords
    this.selectors = other.selectors
  }

  get root(): Selector {
    return this.selectors[0]!
  }

  /** Whether new connections need no password, if this is the default user. */
  get isOpen(): boolean {
    return this.enabled && this.anyPassword
  }

  /** Whether nothing need be checked. */
  get isUnrestricted(): boolean {
    return this.selectors.some(selector => selector.isUnrestricted)
  }

  accepts(password: string): boolean {
    if (!this.enabled) return false
    if (this.anyPassword) return true
    const given = Buffer.from(hashPassword(password))
    let accepted = false
    // All are compared, and in constant time: how long it takes tells nothing.
    for (const each of this.passwords) {
      if (timingSafeEqual(given, Buffer.from(each))) accepted = true
    }
    return accepted
  }

  /** Why the user may not run a command, or undefined. */
  denial(command: Command, args: KeyArguments, positions: KeyPositions): Denial | undefined {
    let worst: Denial | undefined
    for (const selector of this.selectors) {
      const denial = selector.denial(command, args, positions)
      if (denial === undefined) return undefined
      if (worst === undefined || isFurther(denial, worst)) worst = denial
    }
    return worst
  }

  allowsChannel(channel: string): boolean {
    return this.selectors.some(selector => selector.allowsChannel(channel))
  }

  allowsChannelPattern(pattern: string): boolean {
    return this.selectors.some(selector => selector.allowsChannelPattern(pattern))
  }

  /** Whether the user may run a command on any key whatever: SORT asks, whose BY can name them. */
  mayReadAnyKey(command: Command): boolean {
    return this.selectors.some(
      selector =>
        (selector.allCommands || selector.hasCommand(command)) &&
        (selector.allKeys || selector.keys.some(each => each.read && each.glob.all)),
    )
  }

  get flags(): string[] {
    const flags = [this.enabled ? 'on' : 'off']
    if (this.anyPassword) flags.push('nopass')
    flags.push(this.sanitizesPayload ? 'sanitize-payload' : 'skip-sanitize-payload')
    return flags
  }

  /** The rules that make such a user out of a new one. */
  describe(): string {
    const passwords = this.passwords.map(each => `#${each}`)
    const [root, ...others] = this.selectors.map(selector => selector.describe())
    const selectors = others.map(each => `(${each})`)
    return [...this.flags, ...passwords, root, ...selectors].join(' ')
  }
}

function isFurther(a: Denial, b: Denial): boolean {
  const difference = PRECEDENCE[a.kind] - PRECEDENCE[b.kind]
  return difference > 0 || (difference === 0 && a.index > b.index)
}
