// client-attributes.ts — What clients say of themselves: a name, and the library they are made with.

import type { Call } from '../src/call.ts'
import { ReplyError } from '../src/errors.ts'

/** Attributes stand in CLIENT LIST, where spaces and line ends tell fields and clients apart. */
export function checkClientAttribute(value: string, what: string): void {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f) {
      throw new ReplyError(`ERR ${what} cannot contain spaces, newlines or special characters.`)
    }
  }
}

export function clientGetName(call: Call): void {
  const { client, reply } = call
  if (client.name === '') reply.null()
  else reply.bulk(client.name)
}

export function clientSetName(call: Call): void {
  const name = call.text(2)
  checkClientAttribute(name, 'Client names')
  call.client.name = name
  call.reply.ok()
}

export function clientSetInfo(call: Call): void {
  const { client } = call
  const option = call.text(2)
  const value = call.text(3)
  const isName = call.is(2, 'LIB-NAME')
  if (!isName && !call.is(2, 'LIB-VER')) throw new ReplyError(`ERR Unrecognized option '${option}'`)
  checkClientAttribute(value, option)
  if (isName) client.libName = value
  else client.libVersion = value
  call.reply.ok()
}
