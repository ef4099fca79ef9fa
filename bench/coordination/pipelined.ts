// Requests sent pipelined over several connections without a client library, as many as the server takes:
// what a server does for all its clients together, when no one client is the bottleneck.
//
// Every reply must be one line, so that counting lines counts replies. A line that is an error ends the
// measurement.
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Report } from './orders.ts'
import { Stopwatch } from './stopwatch.ts'

const WARM_UP_MS = 500
const LINE_FEED = 0x0a
const ERROR = 0x2d

export interface PipelinedLoad {
  readonly port: number
  readonly pid: number
  readonly seconds: number
  readonly connections: number
  /** One batch for the connection of this number; it is sent again when all its replies are here. */
  readonly batch: (connection: number) => { readonly bytes: Buffer; readonly replies: number }
  /** Operations in a batch, which may take several requests each. */
  readonly operationsPerBatch: number
}

export async function measurePipelined(load: PipelinedLoad): Promise<Report> {
  let batches = 0
  let fail: (error: Error) => void = () => {}
  const failure = new Promise<never>((_, reject) => {
    fail = reject
  })
  const sockets: Socket[] = []
  for (let i = 0; i < load.connections; i += 1) {
    const { bytes, replies } = load.batch(i)
    sockets.push(repeat(load.port, bytes, replies, () => (batches += 1), fail))
  }
  try {
    await Promise.race([sleep(WARM_UP_MS), failure])
    batches = 0
    const stopwatch = new Stopwatch(load.pid)
    await Promise.race([sleep(load.seconds * 1000), failure])
    return {
      ...stopwatch.taken(),
      operations: batches * load.operationsPerBatch,
      handOvers: 0,
      p50Ms: 0,
      p99Ms: 0,
      longestWaitMs: 0,
      failures: 0,
    }
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

function repeat(
  port: number,
  bytes: Buffer,
  replies: number,
  onBatch: () => void,
  onError: (error: Error) => void,
): Socket {
  let missing = replies
  let startsLine = true
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', onError)
  socket.on('connect', () => socket.write(bytes))
  socket.on('data', chunk => {
    for (let at = 0; at < chunk.length; ) {
      if (startsLine && chunk[at] === ERROR) {
        return onError(new Error(`the server refuses: ${chunk.toString('latin1', at)}`))
      }
      const end = chunk.indexOf(LINE_FEED, at)
      startsLine = end !== -1
      if (end === -1) break
      missing -= 1
      at = end + 1
    }
    if (missing > 0) return
    missing = replies
    onBatch()
    socket.write(bytes)
  })
  return socket
}
