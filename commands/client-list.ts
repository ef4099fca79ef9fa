// client-list.ts — CLIENT subcommands that describe connections, and those that end them.

import type { Call } from '../src/call.ts'
import type { Client } from '../src/client.ts'
import { CLIENT_TYPES, type ClientType, clientLine, clientType } from '../src/client-line.ts'
import { errors, ReplyError } from '../src/errors.ts'
import type { Reply } from '../src/wire/reply.ts'

const idNotPositive = new ReplyError('ERR client-id should be greater than 0')

export function clientId(call: Call): void {
  call.reply.integer(call.client.id)
}

export function clientInfo(call: Call): void {
  replyLines(call.reply, `${clientLine(call.client, call)}\n`)
}

/** A verbatim string where there are such; names in it are bytes, and not all of them are UTF-8. */
function replyLines(reply: Reply, text: string): void {
  if (reply.protocol === 2) reply.bulk(text)
  else reply.raw(`=${text.length + 4}\r\ntxt:${text}\r\n`)
}

export function clientList(call: Call): void {
  let text = ''
  for (const client of listed(call)) text += `${clientLine(client, call)}\n`
  replyLines(call.reply, text)
}

function listed(call: Call): Iterable<Client> {
  const { clients } = call.server
  if (call.count === 4 && call.is(2, 'TYPE')) {
    const type = readType(call, 3)
    return [...clients.values()].filter(client => clientType(client) === type)
  }
  if (call.count > 3 && call.is(2, 'ID')) {
    const chosen: Client[] = []
    for (let i = 3; i < call.count; i++) {
      const client = clients.get(call.integer(i, new ReplyError('ERR Invalid client ID')))
      if (client !== undefined) chosen.push(client)
    }
    return chosen
  }
  if (call.count !== 2) throw errors.syntax
  return clients.values()
}

function readType(call: Call, i: number): ClientType {
  const word = call.text(i)
  const type = CLIENT_TYPES.find(each => each === word.toLowerCase())
  if (type === undefined) throw new ReplyError(`ERR Unknown client type '${word}'`)
  return type === 'slave' ? 'replica' : type
}

/** What a client must be like to be killed: all that is set. */
interface Filter {
  id?: number
  type?: ClientType
  address?: string
  localAddress?: string
  userName?: string
  skipsSelf: boolean
}

function readFilter(call: Call): Filter {
  const filter: Filter = { skipsSelf: true }
  for (let i = 2; i < call.count; i += 2) {
    if (i + 1 === call.count) throw errors.syntax
    if (call.is(i, 'ID')) {
      filter.id = call.integerIn(i + 1, 1, Number.MAX_SAFE_INTEGER, idNotPositive)
    } else if (call.is(i, 'TYPE')) {
      filter.type = readType(call, i + 1)
    } else if (call.is(i, 'ADDR')) {
      filter.address = call.text(i + 1)
    } else if (call.is(i, 'LADDR')) {
      filter.localAddress = call.text(i + 1)
    } else if (call.is(i, 'USER')) {
      const name = call.text(i + 1)
      if (call.server.acl.user(name) === undefined) {
        throw new ReplyError(`ERR No such user '${name}'`)
      }
      filter.userName = name
    } else if (call.is(i, 'SKIPME')) {
      filter.skipsSelf = call.is(i + 1, 'YES')
      if (!filter.skipsSelf && !call.is(i + 1, 'NO')) throw errors.syntax
    } else {
      throw errors.syntax
    }
  }
  return filter
}

function passes(client: Client, filter: Filter, self: Client): boolean {
  return (
    (filter.id === undefined || client.id === filter.id) &&
    (filter.type === undefined || clientType(client) === filter.type) &&
    (filter.address === undefined || client.link.address === filter.address) &&
    (filter.localAddress === undefined || client.link.localAddress === filter.localAddress) &&
    (filter.userName === undefined || client.user.name === filter.userName) &&
    !(filter.skipsSelf && client === self)
  )
}

export function clientKill(call: Call): void {
  const { client: self, reply, server } = call
  const byAddress = call.count === 3
  const filter = byAddress ? { address: call.text(2), skipsSelf: false } : readFilter(call)
  let killed = 0
  for (const client of server.clients.values()) {
    if (!passes(client, filter, self)) continue
    server.kill(client, 'CLIENT KILL')
    killed++
  }
  if (!byAddress) {
    reply.integer(killed)
    return
  }
  if (killed === 0) throw new ReplyError('ERR No such client')
  reply.ok()
}
