// rules.ts — The language of rules, as ACL SETUSER, ACL files and `user` lines write them.
//
// Rules are applied one by one, from left to right, to a user that nobody refers to yet. The first
// that is wrong ends it, and is told with the reason.

import { ACL_CATEGORIES, type AclCategory, type Command } from '../command.ts'
import type { Registry } from '../registry.ts'
import { hashPassword } from './password.ts'
import { Selector } from './selector.ts'
import { User } from './user.ts'

/** A rule that cannot be applied. Carries no stack: it is an answer, not a fault. */
export class RuleError {
  readonly rule: string
  readonly reason: string

  constructor(rule: string, reason: string) {
    this.rule = rule
    this.reason = reason
  }
}

const syntaxError = 'Syntax error'
const unknownName = 'Unknown command or category name in ACL'
const firstOfSubcommand = 'Allowing first-arg of a subcommand is not supported'
const keysAfterAll =
  "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have " +
  "any effect. Try 'resetkeys' to start with an empty list of patterns"
const channelsAfterAll =
  "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not " +
  "have any effect. Try 'resetchannels' to start with an empty list of channels"
const noSuchPassword = 'The password you are trying to remove from the user does not exist'
const badHash =
  'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters'

const HASH = /^[\da-f]{64}$/
const HAS_SPACE = /[ \t\n\v\f\r\0]/
const KEY_PERMISSIONS = /^%([rw]{1,2})(?:~|$)/i

/** What rules are understood by: the commands there are, and what a new user may do with channels. */
export interface RuleContext {
  readonly registry: Registry
  readonly allChannelsByDefault: boolean
}

export function newUser(name: string, context: RuleContext): User {
  return new User(name, newSelector(context))
}

/** A user who may do everything without a password, as the default user of a new server. */
export function newDefaultUser(context: RuleContext): User {
  const user = newUser('default', context)
  applyRules(user, ['+@all', '~*', '&*', 'on', 'nopass'], context)
  return user
}

function newSelector(context: RuleContext): Selector {
  const selector = new Selector(context.registry.all.length)
  selector.allChannels = context.allChannelsByDefault
  return selector
}

/** Whether a user may have such a name: it stands between spaces in ACL files. */
export function isUserName(name: string): boolean {
  return !HAS_SPACE.test(name)
}

/** Joins words between parentheses into one rule each; answers the word that is not closed, if any. */
export function joinSelectors(words: readonly string[]): {
  readonly rules: readonly string[]
  readonly unmatched: string | undefined
} {
  const rules: string[] = []
  let open: { readonly word: string; text: string } | undefined
  for (const word of words) {
    if (open !== undefined) {
      open.text += ` ${word}`
      if (!word.endsWith(')')) continue
      rules.push(open.text)
      open = undefined
    } else if (word.startsWith('(') && !word.endsWith(')')) {
      open = { word, text: word }
    } else {
      rules.push(word)
    }
  }
  return { rules, unmatched: open?.word }
}

/** Applies rules to a user; throws RuleError at the first that is wrong, after those before it. */
export function applyRules(user: User, rules: readonly string[], context: RuleContext): void {
  for (const rule of rules) {
    const reason = applyRule(user, rule, context)
    if (reason !== undefined) throw new RuleError(rule, reason)
  }
}

/** Applies one rule; answers what is wrong with it. */
function applyRule(user: User, rule: string, context: RuleContext): string | undefined {
  switch (rule.toLowerCase()) {
    case '':
      return undefined
    case 'on':
    case 'off':
      user.enabled = rule.length === 2
      return undefined
    case 'nopass':
      user.anyPassword = true
      user.passwords = []
      return undefined
    case 'resetpass':
      user.anyPassword = false
      user.passwords = []
      return undefined
    case 'sanitize-payload':
      user.sanitizesPayload = true
      return undefined
    case 'skip-sanitize-payload':
      user.sanitizesPayload = false
      return undefined
    case 'clearselectors':
      user.selectors = [user.root]
      return undefined
    case 'reset':
      user.become(newUser(user.name, context))
      return undefined
  }
  if (rule.startsWith('>') || rule.startsWith('#')) return addPassword(user, rule)
  if (rule.startsWith('<') || rule.startsWith('!')) return removePassword(user, rule)
  if (rule.startsWith('(') && rule.endsWith(')')) return addSelector(user, rule, context)
  return applyToSelector(user.root, rule, context)
}

function addPassword(user: User, rule: string): string | undefined {
  const given = rule.slice(1)
  if (rule.startsWith('#') && !HASH.test(given)) return badHash
  const hash = rule.startsWith('#') ? given : hashPassword(given)
  if (!user.passwords.includes(hash)) user.passwords = [...user.passwords, hash]
  user.anyPassword = false
  return undefined
}

function removePassword(user: User, rule: string): string | undefined {
  const given = rule.slice(1)
  if (rule.startsWith('!') && !HASH.test(given)) return badHash
  const hash = rule.startsWith('!') ? given : hashPassword(given)
  if (!user.passwords.includes(hash)) return noSuchPassword
  user.passwords = user.passwords.filter(each => each !== hash)
  return undefined
}

function addSelector(user: User, rule: string, context: RuleContext): string | undefined {
  const selector = newSelector(context)
  for (const each of rule.slice(1, -1).split(' ')) {
    const reason = each === '' ? undefined : applyToSelector(selector, each, context)
    if (reason !== undefined) return reason
  }
  user.selectors = [...user.selectors, selector]
  return undefined
}

function applyToSelector(
  selector: Selector,
  rule: string,
  context: RuleContext,
): string | undefined {
  switch (rule.toLowerCase()) {
    case 'allkeys':
    case '~*':
      selector.setAllKeys(true)
      return undefined
    case 'resetkeys':
      selector.setAllKeys(false)
      return undefined
    case 'allchannels':
    case '&*':
      selector.setAllChannels(true)
      return undefined
    case 'resetchannels':
      selector.setAllChannels(false)
      return undefined
    case 'allcommands':
    case '+@all':
      selector.setAllCommands(true)
      return undefined
    case 'nocommands':
    case '-@all':
      selector.setAllCommands(false)
      return undefined
  }
  switch (rule[0]) {
    case '~':
    case '%':
      return addKeys(selector, rule)
    case '&':
      return addChannels(selector, rule.slice(1))
    case '+':
    case '-': {
      const subject = rule.slice(1).toLowerCase()
      const allowed = rule.startsWith('+')
      if (subject.startsWith('@')) return setCategory(selector, subject, allowed, context)
      return setCommand(selector, subject, allowed, context)
    }
    default:
      return syntaxError
  }
}

function addKeys(selector: Selector, rule: string): string | undefined {
  if (selector.allKeys) return keysAfterAll
  let read = true
  let write = true
  let pattern = rule.slice(1)
  if (rule.startsWith('%')) {
    const [prefix, letters] = KEY_PERMISSIONS.exec(rule) ?? []
    if (prefix === undefined || letters === undefined) return syntaxError
    const permissions = letters.toLowerCase()
    if (permissions === 'rr' || permissions === 'ww') return syntaxError
    read = permissions.includes('r')
    write = permissions.includes('w')
    pattern = rule.slice(prefix.length)
  }
  if (HAS_SPACE.test(pattern)) return syntaxError
  selector.addKeys(pattern, read, write)
  return undefined
}

function addChannels(selector: Selector, pattern: string): string | undefined {
  if (selector.allChannels) return channelsAfterAll
  if (HAS_SPACE.test(pattern)) return syntaxError
  selector.addChannels(pattern)
  return undefined
}

function setCategory(
  selector: Selector,
  subject: string,
  allowed: boolean,
  { registry }: RuleContext,
): string | undefined {
  const category = ACL_CATEGORIES.find(each => `@${each}` === subject)
  if (category === undefined) return unknownName
  for (const command of commandsOf(registry, category)) selector.setCommand(command, allowed)
  selector.noteCommandRule(subject, allowed)
  return undefined
}

function setCommand(
  selector: Selector,
  subject: string,
  allowed: boolean,
  { registry }: RuleContext,
): string | undefined {
  const command = findCommand(registry, subject)
  if (command !== undefined) {
    selector.setCommand(command, allowed)
    selector.noteCommandRule(command.fullName, allowed)
    return undefined
  }
  const bar = subject.lastIndexOf('|')
  if (!allowed || bar < 0) return unknownName
  const container = findCommand(registry, subject.slice(0, bar))
  if (container === undefined) return unknownName
  if (container.parent !== undefined) return firstOfSubcommand
  const word = subject.slice(bar + 1)
  if (word === '') return syntaxError
  if (container.subcommands !== undefined) return unknownName
  selector.allowFirstArgument(container, word)
  selector.noteCommandRule(subject, true)
  return undefined
}

function findCommand(registry: Registry, name: string): Command | undefined {
  return name.split('|').length > 2 ? undefined : registry.named(name)
}

/** Clients' commands and subcommands of a category, in the order of the registry. */
export function commandsOf(registry: Registry, category: AclCategory): Command[] {
  return registry.all.filter(command => !command.spec.internal && command.categories.has(category))
}
