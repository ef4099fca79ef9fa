// Connections over real sockets: opened, read, ended by either side, refused.

import { once } from 'node:events'
import net from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { SocketDialler } from '../../../cluster/routing/socket-dialler.ts'

const servers: net.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(accept: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer(accept)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as net.AddressInfo).port
}

/** Dials, and tells what happens in the order in which it does. */
function dial(port: number) {
  const events: string[] = []
  let wake = () => {}
  const note = (event: string) => {
    events.push(event)
    wake()
  }
  const connection = new SocketDialler().dial('127.0.0.1', port, {
    opened: () => note('opened'),
    received: bytes => note(bytes.toString()),
    closed: () => note('closed'),
  })
  const until = async (event: string) => {
    while (!events.includes(event)) await new Promise<void>(resolve => (wake = resolve))
  }
  return { connection, events, until }
}

test('what is written arrives, and what comes back is read', async () => {
  const port = await listen(socket => socket.pipe(socket))
  const { connection, events, until } = dial(port)
  await until('opened')
  connection.write(Buffer.from('ping'))
  await until('ping')
  connection.close()
  expect(events).toEqual(['opened', 'ping'])
})

test('an end by the other side is told once', async () => {
  const port = await listen(socket => socket.end('bye'))
  const { events, until } = dial(port)
  await until('closed')
  await new Promise(resolve => setImmediate(resolve))
  expect(events).toEqual(['opened', 'bye', 'closed'])
})

test('a port at which nobody listens is a connection that closes', async () => {
  const port = await listen(() => undefined)
  servers.pop()!.close()
  const { events, until } = dial(port)
  await until('closed')
  expect(events).toEqual(['closed'])
})

test('after close nothing is told any more', async () => {
  let other: net.Socket | undefined
  const port = await listen(socket => {
    other = socket
    socket.on('error', () => undefined)
  })
  const { connection, events, until } = dial(port)
  await until('opened')
  while (other === undefined) await new Promise(resolve => setImmediate(resolve))
  const ended = once(other, 'close')
  connection.close()
  other.on('data', () => undefined)
  await ended
  expect(events).toEqual(['opened'])
})
