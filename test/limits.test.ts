// What happens at the limits, over real sockets: the error that a client reads, and that others go on.

import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLatchkeyServer } from './harness/latchkey-server.ts'
import type { ServerProcess } from './harness/server-process.ts'

const directory = mkdtempSync(join(tmpdir(), 'latchkey-limits-'))
const socketPath = join(directory, 'latchkey.sock')
let server: ServerProcess

beforeAll(async () => {
  server = await startLatchkeyServer(
    ...['--client-query-buffer-limit', '1mb', '--proto-max-bulk-len', '4mb'],
    ...['--client-output-buffer-limit', 'pubsub', '1mb', '0', '0'],
    ...['--maxclients', '20', '--unixsocket', socketPath],
  )
})

afterAll(async () => {
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
})

interface Peer {
  readonly socket: net.Socket
  /** All that has come. */
  received(): string
  /** Resolves when `text` has come. */
  until(text: string): Promise<void>
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>
}

function connect(options: net.NetConnectOpts = { port: server.port, host: server.host }): Peer {
  const socket = net.connect(options)
  let text = ''
  const waiting: (() => void)[] = []
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
    for (const look of [...waiting]) look()
  })
  socket.on('error', () => undefined)
  return {
    socket,
    received: () => text,
    until: wanted =>
      new Promise(resolve => {
        const look = () => {
          if (text.includes(wanted)) resolve()
        }
        waiting.push(look)
        look()
      }),
    ended: new Promise(resolve => {
      socket.on('close', () => resolve())
    }),
  }
}

async function isAlive(): Promise<boolean> {
  const peer = connect()
  peer.socket.write('PING\r\n')
  await peer.until('+PONG\r\n')
  peer.socket.destroy()
  await peer.ended
  return true
}

describe('limits', () => {
  test.each([
    ['*1048577\r\n', '-ERR Protocol error: invalid multibulk length\r\n'],
    ['*1\r\n$4194305\r\n', '-ERR Protocol error: invalid bulk length\r\n'],
    ['*1\r\n+OK\r\n', "-ERR Protocol error: expected '$', got '+'\r\n"],
    ['GET "a\r\n', '-ERR Protocol error: unbalanced quotes in request\r\n'],
  ])('%j is answered with an error, and the connection ends', async (bytes, error) => {
    const peer = connect()
    peer.socket.write(bytes)
    await peer.ended
    expect(peer.received()).toBe(error)
    expect(await isAlive()).toBe(true)
  })

  test('what came before a protocol error is executed and answered', async () => {
    const peer = connect()
    peer.socket.write('PING\r\n*1\r\n$4\r\nPING\r\n*x\r\n')
    await peer.ended
    expect(peer.received()).toBe(
      '+PONG\r\n+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n',
    )
  })

  test('a request that is larger than the query buffer may be ends the connection', async () => {
    const peer = connect()
    peer.socket.write('*2\r\n$3\r\nGET\r\n$4000000\r\n')
    const part = Buffer.alloc(100_000, 0x78)
    for (let i = 0; i < 20 && !peer.socket.destroyed; i++) peer.socket.write(part)
    await peer.ended
    expect(await isAlive()).toBe(true)
  })

  test('a subscriber that does not read is disconnected, and the publisher goes on', async () => {
    const slow = connect()
    slow.socket.write('SUBSCRIBE news\r\n')
    await slow.until(':1\r\n')
    slow.socket.pause()
    const publisher = connect()
    const message = 'm'.repeat(100_000)
    const publish = `*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$${message.length}\r\n${message}\r\n`
    // The kernel's buffers hold some megabytes; then the server's own limit counts.
    for (let i = 0; i < 400 && !publisher.received().includes(':0\r\n'); i++) {
      publisher.socket.write(publish)
      await new Promise(resolve => setImmediate(resolve))
    }
    await publisher.until(':0\r\n')
    slow.socket.destroy()
    publisher.socket.destroy()
    expect(await isAlive()).toBe(true)
  })

  test('a client beyond maxclients reads why and is let go; when one leaves there is room', async () => {
    const peers = Array.from({ length: 20 }, () => connect())
    for (const peer of peers) peer.socket.write('PING\r\n')
    const refused = connect()
    await refused.ended
    expect(refused.received()).toBe('-ERR max number of clients reached\r\n')
    for (const peer of peers) peer.socket.destroy()
    await Promise.all(peers.map(peer => peer.ended))
    expect(await isAlive()).toBe(true)
  })

  test('a client that has been idle for longer than timeout is disconnected', async () => {
    const admin = connect()
    admin.socket.write('CONFIG SET timeout 1\r\n')
    await admin.until('+OK\r\n')
    const idle = connect()
    await idle.ended
    const again = connect()
    again.socket.write('CONFIG SET timeout 0\r\n')
    await again.until('+OK\r\n')
    admin.socket.destroy()
    again.socket.destroy()
  })

  test('the unix socket serves as the TCP one does', async () => {
    const peer = connect({ path: socketPath })
    peer.socket.write('PING\r\n')
    await peer.until('+PONG\r\n')
    peer.socket.destroy()
  })

  test('replies to a pipeline that nobody reads yet are kept in order', async () => {
    const peer = connect()
    peer.socket.pause()
    const value = 'v'.repeat(3000)
    peer.socket.write(`SET big ${value}\r\n`)
    peer.socket.write('GET big\r\n'.repeat(2000))
    peer.socket.write('ECHO last\r\n')
    await new Promise(resolve => setImmediate(resolve))
    peer.socket.resume()
    await peer.until('$4\r\nlast\r\n')
    expect(peer.received().length).toBe(5 + 2000 * (7 + 3000 + 2) + 10)
    peer.socket.destroy()
  })
})
