import { createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { encodeCommand, RespClient } from './resp-client.ts'
import { RespProtocolError } from './resp-framer.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** A client connected to a server that runs `script` on its side of the connection. */
async function clientOf(script: (socket: Socket) => void): Promise<RespClient> {
  const server = createServer(script)
  const port = await new Promise<number>(resolve => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('not a TCP server')
      resolve(address.port)
    })
  })
  const client = await RespClient.connect(port)
  cleanups.push(() => {
    void client.close()
    server.close()
  })
  return client
}

describe('encodeCommand', () => {
  it('keeps every byte of latin1 strings and buffers', () => {
    const encoded = encodeCommand(['SET', '\x00\xff', Buffer.of(13, 10)])
    expect(encoded.toString('latin1')).toBe('*3\r\n$3\r\nSET\r\n$2\r\n\x00\xff\r\n$2\r\n\r\n\r\n')
  })
})

describe('RespClient', () => {
  it('hands back the very bytes of each reply, in order', async () => {
    const client = await clientOf(socket => socket.end('+OK\r\n$2\r\nab\r\n*1\r\n:1\r\n'))
    expect((await client.reply()).toString()).toBe('+OK\r\n')
    expect((await client.replies(2)).map(String)).toEqual(['$2\r\nab\r\n', '*1\r\n:1\r\n'])
  })

  it('gives waiting readers their replies in the order in which they asked', async () => {
    const client = await clientOf(socket => {
      socket.once('data', () => socket.write(':1\r\n:2\r\n:3\r\n:4\r\n'))
    })
    const readers = [client.replies(2), client.replies(1), client.replies(1)]
    client.write('x')
    const replies = await Promise.all(readers)
    expect(replies.map(frames => frames.join(''))).toEqual([':1\r\n:2\r\n', ':3\r\n', ':4\r\n'])
  })

  it('keeps pushes apart from the replies they arrive between', async () => {
    const client = await clientOf(socket => socket.end('+a\r\n>1\r\n+push\r\n+b\r\n'))
    expect((await client.replies(2)).join('')).toBe('+a\r\n+b\r\n')
    expect((await client.pushes(1)).join('')).toBe('>1\r\n+push\r\n')
  })

  it('gives fewer replies than asked for if the connection closes', async () => {
    const client = await clientOf(socket => socket.end('+only\r\n'))
    expect((await client.replies(2)).join('')).toBe('+only\r\n')
    await expect(client.reply()).rejects.toThrow('no reply')
  })

  it('gives fewer replies than asked for if the server falls silent', async () => {
    const client = await clientOf(socket => socket.write('+only\r\n'))
    expect((await client.replies(2, 50)).join('')).toBe('+only\r\n')
  })

  it('closes on bytes that are no RESP, and says why', async () => {
    const client = await clientOf(socket => socket.write('HTTP/1.1 400 Bad Request\r\n'))
    await client.closed
    expect(client.failure).toBeInstanceOf(RespProtocolError)
  })
})
