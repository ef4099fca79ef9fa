// socket-dialler.ts — Connections of forwarding over TCP.

import net from 'node:net'
import type { Connection, ConnectionEvents, Dialler } from './dialler.ts'

const READ_BUFFER_BYTES = 1 << 16

export class SocketDialler implements Dialler {
  /** Connections are read one after the other, so they share it. */
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)

  dial(host: string, port: number, events: ConnectionEvents): Connection {
    let isClosed = false
    let reason = 'closed'
    const socket = net.connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      onread: {
        buffer: this.#readBuffer,
        callback: (length: number, buffer: Uint8Array) => {
          if (!isClosed) events.received((buffer as Buffer).subarray(0, length))
          return true
        },
      },
    })
    const end = () => {
      if (isClosed) return
      isClosed = true
      socket.destroy()
      events.closed(reason)
    }
    socket.on('connect', () => {
      if (!isClosed) events.opened()
    })
    socket.on('error', error => {
      reason = error.message
    })
    socket.on('end', end)
    socket.on('close', end)
    return {
      write: bytes => socket.write(bytes),
      close: () => {
        isClosed = true
        socket.destroy()
      },
      get unsentBytes() {
        return socket.writableLength
      },
    }
  }
}
