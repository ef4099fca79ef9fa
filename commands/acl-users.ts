// acl-users.ts — ACL subcommands about users: who there is, and what they may do.

import { isUserName, joinSelectors, RuleError } from '../src/acl/rules.ts'
import type { Selector } from '../src/acl/selector.ts'
import type { Call } from '../src/call.ts'
import { ReplyError } from '../src/errors.ts'

const userNameHasSpaces = new ReplyError("ERR Usernames can't contain spaces or null characters")
const defaultUserStays = new ReplyError("ERR The 'default' user cannot be removed")
export function aclWhoAmI(call: Call): void {
  call.reply.bulk(call.client.user.name)
}

export function aclUsers(call: Call): void {
  const { users } = call.server.acl
  call.reply.array(users.length)
  for (const user of users) call.reply.bulk(user.name)
}

export function aclList(call: Call): void {
  const { users } = call.server.acl
  call.reply.array(users.length)
  for (const user of users) call.reply.bulk(`user ${user.name} ${user.describe()}`)
}

export function aclGetUser(call: Call): void {
  const { reply } = call
  const user = call.server.acl.user(call.text(2))
  if (user === undefined) {
    reply.null()
    return
  }
  reply.map(6)
  reply.bulk('flags')
  reply.set(user.flags.length)
  for (const flag of user.flags) reply.bulk(flag)
  reply.bulk('passwords')
  reply.bulks(user.passwords, user.passwords.length)
  replySelector(call, user.root)
  const others = user.selectors.slice(1)
  reply.bulk('selectors')
  reply.array(others.length)
  for (const selector of others) {
    reply.map(3)
    replySelector(call, selector)
  }
}

/** The three entries about a selector of a map that has been begun. */
function replySelector({ reply }: Call, selector: Selector): void {
  reply.bulk('commands')
  reply.bulk(selector.describeCommands())
  reply.bulk('keys')
  reply.bulk(selector.describeKeys())
  reply.bulk('channels')
  reply.bulk(selector.describeChannels())
}

export function aclSetUser(call: Call): void {
  const name = call.text(2)
  if (!isUserName(name)) throw userNameHasSpaces
  const words: string[] = []
  for (let i = 3; i < call.count; i++) words.push(call.text(i))
  const { rules, unmatched } = joinSelectors(words)
  if (unmatched !== undefined) {
    throw new ReplyError(`ERR Unmatched parenthesis in acl selector starting at '${unmatched}'.`)
  }
  try {
    call.server.acl.setUser(name, rules)
  } catch (error) {
    if (!(error instanceof RuleError)) throw error
    throw new ReplyError(`ERR Error in ACL SETUSER modifier '${error.rule}': ${error.reason}`)
  }
  call.reply.ok()
}

/** Rules can hold passwords. */
export function ruleSecrets(call: Call): ReadonlySet<number> {
  const secrets = new Set<number>()
  for (let i = 2; i < call.count; i++) secrets.add(i)
  return secrets
}

export function aclDelUser(call: Call): void {
  const { acl } = call.server
  const names: string[] = []
  for (let i = 2; i < call.count; i++) names.push(call.text(i))
  if (names.includes(acl.defaultUser.name)) throw defaultUserStays
  let deleted = 0
  for (const name of names) if (acl.deleteUser(name)) deleted++
  call.reply.integer(deleted)
}
