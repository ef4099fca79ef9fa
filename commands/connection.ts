// connection.ts — Commands by which a client introduces itself, is let in, and leaves.
//
// HELLO checks all that it was told before it changes anything: a client whose name is refused is
// not half logged in.

import type { Call } from '../src/call.ts'
import { RESETTABLE, SUBSCRIBER } from '../src/client.ts'
import type { CommandSpec } from '../src/command.ts'
import { errors, ReplyError, wrongArity } from '../src/errors.ts'
import { endTransaction } from '../src/transaction.ts'
import { checkClientAttribute } from './client-attributes.ts'
import { databaseAt, readDatabaseIndex } from './database-index.ts'

const authWithoutPassword = new ReplyError(
  'ERR AUTH <password> called without any password configured for the default user. ' +
    'Are you sure your configuration is correct?',
)
const protocolNotInteger = new ReplyError('ERR Protocol version is not an integer or out of range')
const helloWithoutAuth = new ReplyError(
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO ' +
    '<proto> AUTH <user> <pass> option can be used to authenticate the client and select the ' +
    'RESP protocol version at the same time',
)

function ping(call: Call): void {
  const { client, reply } = call
  if (call.count > 2) throw wrongArity(call.command.fullName)
  if (client.is(SUBSCRIBER) && client.protocol === 2) {
    reply.array(2)
    reply.bulk('pong')
    if (call.count === 1) reply.bulk('')
    else reply.bulkBytes(call.bytes, call.start(1), call.end(1))
    return
  }
  if (call.count === 1) reply.status('PONG')
  else reply.bulkBytes(call.bytes, call.start(1), call.end(1))
}

function echo(call: Call): void {
  call.reply.bulkBytes(call.bytes, call.start(1), call.end(1))
}

function auth(call: Call): void {
  const { acl } = call.server
  if (call.count > 3) throw errors.syntax
  const password = call.text(call.count - 1)
  const name = call.count === 2 ? acl.defaultUser.name : call.text(1)
  if (call.count === 2 && acl.defaultUser.anyPassword) throw authWithoutPassword
  acl.authenticate(call, name, password)
  call.reply.ok()
}

function authSecrets(call: Call): ReadonlySet<number> {
  const secrets = new Set<number>()
  for (let i = 1; i < call.count; i++) secrets.add(i)
  return secrets
}

function hello(call: Call): void {
  const { client, reply, server } = call
  const protocol = call.count === 1 ? client.protocol : call.integer(1, protocolNotInteger)
  if (protocol < 2 || protocol > 3) throw errors.noProto
  let name: string | undefined
  let credentials: { readonly user: string; readonly password: string } | undefined
  for (let i = 2; i < call.count; i++) {
    const left = call.count - 1 - i
    if (call.is(i, 'AUTH') && left >= 2) {
      credentials = { user: call.text(i + 1), password: call.text(i + 2) }
      i += 2
    } else if (call.is(i, 'SETNAME') && left >= 1) {
      name = call.text(++i)
      checkClientAttribute(name, 'Client names')
    } else {
      throw new ReplyError(`ERR Syntax error in HELLO option '${call.text(i)}'`)
    }
  }
  if (credentials !== undefined) {
    server.acl.authenticate(call, credentials.user, credentials.password)
  } else if (server.acl.refuses(client)) {
    throw helloWithoutAuth
  }
  if (name !== undefined) client.name = name
  client.protocol = protocol
  reply.protocol = protocol
  reply.map(7)
  reply.bulk('server')
  reply.bulk('redis')
  reply.bulk('version')
  reply.bulk(server.version)
  reply.bulk('proto')
  reply.integer(protocol)
  reply.bulk('id')
  reply.integer(client.id)
  reply.bulk('mode')
  reply.bulk(server.mode)
  reply.bulk('role')
  reply.bulk('master')
  reply.bulk('modules')
  reply.array(0)
}

function helloSecrets(call: Call): ReadonlySet<number> {
  const secrets = new Set<number>()
  for (let i = 2; i + 2 < call.count; i++) {
    if (call.is(i, 'AUTH')) secrets.add(i + 1).add(i + 2)
  }
  return secrets
}

function quit(call: Call): void {
  call.reply.ok()
  call.server.closeAfterOutput(call.client, 'QUIT')
}

/** Makes the client what it was when it connected; the library's name stays, as the library does. */
function reset(call: Call): void {
  const { client, reply, server } = call
  endTransaction(server, client)
  server.unmonitor(client)
  server.tracking.disable(client)
  server.pubsub.unsubscribeAll(client)
  client.db = server.keyspace.databases[0]!
  client.protocol = 2
  reply.protocol = 2
  client.name = ''
  client.routing = undefined
  client.replyOff = false
  client.replySkip = 0
  client.set(RESETTABLE, false)
  server.acl.admit(client)
  reply.status('RESET')
}

function select(call: Call): void {
  const index = readDatabaseIndex(call, 1)
  call.client.db = databaseAt(call, index)
  call.reply.ok()
}

export const connectionCommands: readonly CommandSpec[] = [
  {
    name: 'auth',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    acl: ['connection'],
    group: 'connection',
    since: '1.0.0',
    complexity: 'O(N) for N passwords of the user',
    summary: 'Authenticates the connection.',
    syntax: '[username@6.0.0] password',
    hides: authSecrets,
    handler: auth,
  },
  {
    name: 'echo',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    acl: ['connection'],
    group: 'connection',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns its argument.',
    syntax: 'message',
    handler: echo,
  },
  {
    name: 'hello',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    acl: ['connection'],
    group: 'connection',
    since: '6.0.0',
    complexity: 'O(1)',
    summary: 'Chooses the protocol version, and may authenticate and name the connection.',
    syntax: '[arguments=(protover [AUTH (username password)] [SETNAME clientname])]',
    history: [['6.2.0', 'The version may be left out, to ask which one is in use.']],
    hides: helloSecrets,
    handler: hello,
  },
  {
    name: 'ping',
    arity: -1,
    flags: ['fast'],
    acl: ['connection'],
    group: 'connection',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Answers PONG, or its argument.',
    syntax: '[message]',
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    whileSubscribed: true,
    handler: ping,
  },
  {
    name: 'quit',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    acl: ['connection'],
    group: 'connection',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Closes the connection.',
    immediate: true,
    whileSubscribed: true,
    handler: quit,
  },
  {
    name: 'reset',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    acl: ['connection'],
    group: 'connection',
    since: '6.2.0',
    complexity: 'O(1)',
    summary: 'Puts the connection back into the state of a new one.',
    immediate: true,
    whileSubscribed: true,
    handler: reset,
  },
  {
    name: 'select',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    acl: ['connection'],
    group: 'connection',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Chooses the database for this connection.',
    syntax: 'index',
    handler: select,
  },
]
