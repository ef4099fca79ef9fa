// Stands before a real server and changes some of its replies: a candidate with a known fault, by which
// the differential test proves that it finds faults.
import { connect, createServer, type Socket } from 'node:net'
import { RespFramer } from './resp-framer.ts'
import { decodeFrame } from './resp-value.ts'

/** The reply to pass on; undefined closes the connection instead. */
export type Tamper = (args: readonly string[], reply: Buffer) => Buffer | undefined

export interface TamperingProxy {
  readonly port: number
  close(): Promise<void>
}

export async function startTamperingProxy(
  serverPort: number,
  tamper: Tamper,
): Promise<TamperingProxy> {
  const sockets = new Set<Socket>()
  const proxy = createServer(client => {
    const server = connect(serverPort, '127.0.0.1')
    const requests = new RespFramer()
    const replies = new RespFramer()
    const unanswered: string[][] = []
    const pair = [client, server]
    for (const socket of pair) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.once('close', () => {
        sockets.delete(socket)
        for (const other of pair) other.destroy()
      })
      // A reset is how tests let go of a connection; 'close' follows it.
      socket.on('error', () => undefined)
    }
    client.on('data', chunk => {
      for (const frame of requests.push(chunk)) unanswered.push(decodeFrame(frame) as string[])
      server.write(chunk)
    })
    server.on('data', chunk => {
      for (const frame of replies.push(chunk)) {
        const reply = tamper(unanswered.shift()!, frame)
        if (reply === undefined) {
          client.end()
          return
        }
        client.write(reply)
      }
    })
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP port was expected')
  return {
    port: address.port,
    close: () => {
      const closed = new Promise<void>(resolve => proxy.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      return closed
    },
  }
}
