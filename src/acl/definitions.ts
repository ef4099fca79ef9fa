// definitions.ts — The text of an ACL file: one line `user <name> <rules>` for each user.
//
// A file is taken as a whole or not at all: all that is wrong with it is told at once, by line.

import {
  applyRules,
  isUserName,
  joinSelectors,
  newUser,
  type RuleContext,
  RuleError,
} from './rules.ts'
import type { User } from './user.ts'

/** All that is wrong with a file, in one line. */
export class DefinitionsError {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** The users that a file defines, by name; `path` is what errors call it. Throws DefinitionsError. */
export function parseDefinitions(
  text: string,
  path: string,
  context: RuleContext,
): Map<string, User> {
  const users = new Map<string, User>()
  const errors: string[] = []
  text.split('\n').forEach((line, index) => {
    const words = line.trim().split(/[ \t]+/)
    if (words[0] === '') return
    const error = define(words, index + 1, path, users, context)
    if (error !== undefined) errors.push(error)
  })
  if (errors.length === 0) return users
  throw new DefinitionsError(
    `${errors.join(' ')} WARNING: ACL errors detected, no change to the previously active ACL ` +
      'rules was performed',
  )
}

/** Adds the user of one line; answers what is wrong with it. */
function define(
  words: readonly string[],
  line: number,
  path: string,
  users: Map<string, User>,
  context: RuleContext,
): string | undefined {
  const [keyword, name, ...rest] = words
  if (keyword !== 'user' || name === undefined) {
    return `${path}:${line} should start with user keyword followed by the username.`
  }
  if (!isUserName(name)) {
    return `${path}:${line}: username '${name}' contains invalid characters.`
  }
  if (users.has(name)) return `WARNING: Duplicate user '${name}' found on line ${line}.`
  const { rules, unmatched } = joinSelectors(rest)
  if (unmatched !== undefined) {
    return `${path}:${line}: Unmatched parenthesis in selector definition.`
  }
  const user = newUser(name, context)
  try {
    applyRules(user, rules, context)
  } catch (error) {
    if (!(error instanceof RuleError)) throw error
    return `${path}:${line}: Error in applying operation '${error.rule}': ${error.reason}.`
  }
  users.set(name, user)
  return undefined
}

/** The text that defines the users, in the order given. */
export function formatDefinitions(users: Iterable<User>): string {
  let text = ''
  for (const user of users) text += `user ${user.name} ${user.describe()}\n`
  return text
}
