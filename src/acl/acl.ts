// acl.ts — All users of a server, and the rules between them and its clients.
//
// Checks cost nothing where nothing is forbidden: a client has the bit RESTRICTED only while its
// user may not do everything, and UNAUTHENTICATED only while it must log in first. Whoever changes a
// user, or a client's, brings these bits up to date.

import type { Call } from '../call.ts'
import { type Client, IN_MULTI, RESTRICTED, SUBSCRIBER, UNAUTHENTICATED } from '../client.ts'
import { clientLine } from '../client-line.ts'
import type { Command } from '../command.ts'
import { ConfigError } from '../config/directive.ts'
import { errors, ReplyError } from '../errors.ts'
import { type KeyArguments, KeyPositions } from '../keyspecs.ts'
import type { Server } from '../server.ts'
import { DefinitionsError, formatDefinitions, parseDefinitions } from './definitions.ts'
import { explainDenial, noPermission, permissionRevoked } from './denials.ts'
import { AclLog, type DenialContext, type DenialReason } from './log.ts'
import { hashPassword } from './password.ts'
import {
  applyRules,
  joinSelectors,
  newDefaultUser,
  newUser,
  type RuleContext,
  RuleError,
} from './rules.ts'
import type { Denial } from './selector.ts'
import type { AclStore } from './store.ts'
import type { User } from './user.ts'

const noFile = new ReplyError(
  'ERR This Redis instance is not configured to use an ACL file. You may want to specify users ' +
    'via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis ' +
    'configuration file set) in order to store users in the Redis configuration.',
)
const notSaved = new ReplyError(
  'ERR There was an error trying to save the ACLs. Please check the server logs for more information',
)

const DENIED_COUNTERS = {
  command: 'aclDeniedCommand',
  key: 'aclDeniedKey',
  channel: 'aclDeniedChannel',
  auth: 'aclDeniedAuth',
} as const

export class Acl {
  /** Whom connections belong to until they say otherwise. */
  readonly defaultUser: User
  readonly log = new AclLog()
  readonly #server: Server
  readonly #store: AclStore | undefined
  #users = new Map<string, User>()
  readonly #positions = new KeyPositions()

  /** Throws ConfigError if the users that the configuration or the file defines are in error. */
  constructor(server: Server, store: AclStore | undefined) {
    this.#server = server
    this.#store = store
    this.defaultUser = newDefaultUser(this.#context)
    this.#users.set(this.defaultUser.name, this.defaultUser)
    const { config } = server
    this.#requirePassword(config.values.requirepass)
    config.onChange('requirepass', password => {
      this.#requirePassword(password)
      // Where users are written down one by one, the default user must not be left behind.
      if (config.values.user.length > 0) this.#usersChanged()
      else this.#refreshClients()
    })
    if (store === undefined) this.#defineFromConfig(config.values.user)
    else this.#defineFromFile(store, config.values.user.length > 0)
  }

  get #context(): RuleContext {
    const { config, registry } = this.#server
    return {
      registry,
      allChannelsByDefault: config.values['acl-pubsub-default'] === 'allchannels',
    }
  }

  // Users

  user(name: string): User | undefined {
    return this.#users.get(name)
  }

  /** All users in the order of their names. */
  get users(): User[] {
    return [...this.#users.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Makes a user or changes one. Throws RuleError, and has changed nothing then. */
  setUser(name: string, rules: readonly string[]): void {
    const user = this.#users.get(name)
    const draft = user?.copy() ?? newUser(name, this.#context)
    applyRules(draft, rules, this.#context)
    if (user === undefined) {
      this.#users.set(name, draft)
    } else {
      user.become(draft)
      for (const client of this.#server.clients.values()) {
        if (client.user === user) this.#dropForbiddenListener(client)
      }
    }
    this.#usersChanged()
  }

  /** Deletes a user and ends its connections; false if there was none. Never the default user. */
  deleteUser(name: string): boolean {
    const user = this.#users.get(name)
    if (user === undefined) return false
    this.#users.delete(name)
    for (const client of this.#server.clients.values()) {
      if (client.user === user) this.#evict(client)
    }
    this.#usersChanged()
    return true
  }

  /** Reads the users from the file again, all or none. Throws ReplyError. */
  reload(): void {
    if (this.#store === undefined) throw noFile
    let users: Map<string, User>
    try {
      users = parseDefinitions(this.#store.read(), this.#store.path, this.#context)
    } catch (error) {
      if (error instanceof DefinitionsError) throw new ReplyError(`ERR ${error.text}`)
      throw new ReplyError(`ERR Error loading ACLs, opening file '${this.#store.path}'`)
    }
    this.#replaceUsers(users)
    for (const client of this.#server.clients.values()) {
      const user = this.#users.get(client.user.name)
      if (user === undefined) {
        this.#evict(client)
      } else {
        client.user = user
        this.#dropForbiddenListener(client)
      }
    }
    this.#refreshClients()
  }

  /** Writes the users to the file. Throws ReplyError. */
  save(): void {
    if (this.#store === undefined) throw noFile
    try {
      this.#store.write(formatDefinitions(this.users))
    } catch (error) {
      this.#server.log.error({ path: this.#store.path, error }, 'saving ACL users failed')
      throw notSaved
    }
  }

  #defineFromConfig(lines: readonly (readonly string[])[]): void {
    for (const [name, ...words] of lines) {
      const { rules, unmatched } = joinSelectors(words)
      const reason = (text: string) => new ConfigError(`user '${name}': ${text}`)
      if (unmatched !== undefined) throw reason(`unmatched parenthesis at '${unmatched}'`)
      const user = newUser(name!, this.#context)
      try {
        applyRules(user, rules, this.#context)
      } catch (error) {
        if (error instanceof RuleError) throw reason(`'${error.rule}': ${error.reason}`)
        throw error
      }
      if (name === this.defaultUser.name) this.defaultUser.become(user)
      else this.#users.set(name!, user)
    }
  }

  #defineFromFile(store: AclStore, configHasUsers: boolean): void {
    if (configHasUsers) {
      throw new ConfigError('users are defined both in the configuration and in aclfile: use one')
    }
    try {
      this.#replaceUsers(parseDefinitions(store.read(), store.path, this.#context))
    } catch (error) {
      if (error instanceof DefinitionsError) throw new ConfigError(`aclfile: ${error.text}`)
      throw new ConfigError(`aclfile: cannot read ${store.path}: ${(error as Error).message}`)
    }
  }

  /** Connections refer to the default user, so it stays, and becomes what is defined for it. */
  #replaceUsers(users: Map<string, User>): void {
    const { name } = this.defaultUser
    this.defaultUser.become(users.get(name) ?? newDefaultUser(this.#context))
    users.set(name, this.defaultUser)
    this.#users = users
  }

  #requirePassword(password: string): void {
    this.defaultUser.anyPassword = password === ''
    this.defaultUser.passwords = password === '' ? [] : [hashPassword(password)]
  }

  #usersChanged(): void {
    // CONFIG REWRITE writes them down, unless they have a file of their own.
    if (this.#store === undefined) {
      const lines = this.users.map(user => [user.name, ...user.describe().split(' ')])
      this.#server.config.assign('user', lines)
    }
    this.#refreshClients()
  }

  // Clients

  /** Makes a client one that has just connected, or said RESET. */
  admit(client: Client): void {
    client.user = this.defaultUser
    client.authenticated = this.defaultUser.isOpen
    this.#refresh(client)
  }

  /** Whether the client must authenticate before anything else. */
  refuses(client: Client): boolean {
    return client.is(UNAUTHENTICATED)
  }

  /** Logs the client in as a user, or throws WRONGPASS. */
  authenticate(call: Call, name: string, password: string): void {
    const user = this.#users.get(name)
    if (user === undefined || !user.accepts(password)) {
      this.#note(call, 'auth', call.text(0), name, contextOf(call))
      throw errors.wrongPassword
    }
    call.client.user = user
    call.client.authenticated = true
    this.#refresh(call.client)
  }

  /** Makes a client act for a user whom another node has let in; false if there is no such user. */
  act(client: Client, name: string): boolean {
    const user = this.#users.get(name)
    if (user?.enabled !== true) return false
    client.user = user
    client.authenticated = true
    this.#refresh(client)
    return true
  }

  #refreshClients(): void {
    for (const client of this.#server.clients.values()) this.#refresh(client)
  }

  #refresh(client: Client): void {
    client.set(UNAUTHENTICATED, !client.authenticated && !this.defaultUser.isOpen)
    client.set(RESTRICTED, !client.user.isUnrestricted)
  }

  /** Ends a connection whose user is no more. */
  #evict(client: Client): void {
    client.user = this.defaultUser
    client.authenticated = false
    this.#server.kill(client, 'user deleted')
  }

  /** Ends a connection that listens to what its user may not hear any more. */
  #dropForbiddenListener(client: Client): void {
    if (!client.is(SUBSCRIBER)) return
    const { user } = client
    const hears = (names: Iterable<string> = [], allows: (name: string) => boolean) =>
      [...names].every(allows)
    const allowed =
      hears(client.channels, name => user.allowsChannel(name)) &&
      hears(client.shardChannels, name => user.allowsChannel(name)) &&
      hears(client.patterns, name => user.allowsChannelPattern(name))
    if (!allowed) this.#server.kill(client, 'channel permission revoked')
  }

  // Checks

  /** The reason for which the client's user may not run the call, if there is one. */
  check(call: Call): ReplyError | undefined {
    const denial = this.#denied(call, contextOf(call))
    return denial && noPermission(call.client.user, call.command, denial)
  }

  /** As `check`, for a command that was allowed when it was queued. */
  checkQueued(call: Call): ReplyError | undefined {
    const denial = this.#denied(call, 'multi')
    return denial && permissionRevoked(denial)
  }

  /** As `check`, for a command of a script. */
  checkScripted(call: Call): ReplyError | undefined {
    const denial = this.#denied(call, 'lua')
    return denial && SCRIPT_DENIALS[denial.kind]
  }

  /** Whether a user may run a command line, which nobody tries to. */
  allows(user: User, command: Command, line: KeyArguments): boolean {
    return user.denial(command, line, this.#positions) === undefined
  }

  /** What a user would be told about a command line, in full; undefined: OK. */
  dryRun(user: User, command: Command, line: KeyArguments): string | undefined {
    const denial = user.denial(command, line, this.#positions)
    return denial && explainDenial(user, command, denial, line)
  }

  #denied(call: Call, context: DenialContext): Denial | undefined {
    const { client, command } = call
    const denial = client.user.denial(command, call, this.#positions)
    if (denial === undefined) return undefined
    const object = denial.kind === 'command' ? command.fullName : call.text(denial.index)
    this.#note(call, denial.kind, object, client.user.name, context)
    return denial
  }

  #note(
    call: Call,
    reason: DenialReason,
    object: string,
    userName: string,
    context: DenialContext,
  ): void {
    const { config, now, stats } = this.#server
    stats[DENIED_COUNTERS[reason]]++
    const refusal = { reason, context, object, userName, client: clientLine(call.client, call) }
    this.log.add(refusal, now, config.values['acllog-max-len'])
  }
}

const SCRIPT_DENIALS = {
  command: new ReplyError("ERR The user executing the script can't run this command or subcommand"),
  key: new ReplyError(
    "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
  ),
  channel: new ReplyError(
    "ERR The user executing the script can't publish to the channel mentioned in the command",
  ),
} as const

function contextOf(call: Call): DenialContext {
  return call.client.is(IN_MULTI) || !call.mayBlock ? 'multi' : 'toplevel'
}
