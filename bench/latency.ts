// How long a GET takes while others write, on a server full of keys: the tail that pauses make.
//
// redis-benchmark cannot say: it waits for each reply before the next request, so while a server pauses it
// asks nothing and the pause counts once (coordinated omission). Here both loads are paced by the clock,
// each request has the time at which it was due, and its latency runs from then, whether or not it could
// be sent. The client spins on its own core and allocates next to nothing; what it adds, it adds to every
// contender.
import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Contender, startContender } from './contender.ts'
import { loadKeys, SetTemplate, writeDigits } from './loader.ts'
import { percentile } from './statistics.ts'

const VALUE_BYTES = 100
export const WRITES_PER_SECOND = 50_000
export const READS_PER_SECOND = 5_000
const WARM_UP_MS = 2000
/** A server that is so far behind its schedule will not catch up. */
const BEHIND_MS_MAX = 20_000
const READ_BUFFER_BYTES = 256 * 1024
const SET_REPLY_BYTES = '+OK\r\n'.length
const GET_REPLY_BYTES = `$${VALUE_BYTES}\r\n`.length + VALUE_BYTES + 2

export interface LatencyRow {
  readonly label: string
  readonly keys: number
  readonly samples: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

export interface PacedLoad {
  readonly port: number
  readonly keys: number
  readonly seconds: number
}

export async function measureLatency(
  contender: Contender,
  keys: number,
  seconds: number,
): Promise<LatencyRow> {
  const { label, server } = await startContender(contender)
  try {
    await loadKeys(server.port, keys, VALUE_BYTES)
    const latencies = await readLatencies({ port: server.port, keys, seconds })
    return {
      label,
      keys,
      samples: latencies.length,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      p999Ms: percentile(latencies, 0.999),
      maxMs: percentile(latencies, 1),
    }
  } finally {
    await server.stop()
  }
}

/** Milliseconds from when each GET was due until its whole reply was here, ascending. */
export async function readLatencies(load: PacedLoad): Promise<Float64Array> {
  const total = Math.ceil((load.seconds + WARM_UP_MS / 1000) * READS_PER_SECOND)
  const latencies = new Float64Array(total)
  const msPerRead = 1000 / READS_PER_SECOND
  const endMsMax = total * msPerRead + BEHIND_MS_MAX
  let start = 0
  let answered = 0
  const reader = await CountingConnection.open(load.port, GET_REPLY_BYTES, count => {
    const now = performance.now()
    for (let i = 0; i < count && answered < total; i += 1) {
      latencies[answered] = now - (start + answered * msPerRead)
      answered += 1
    }
  })
  const writer = await CountingConnection.open(load.port, SET_REPLY_BYTES, () => undefined)

  const set = new SetTemplate(VALUE_BYTES)
  const get = Buffer.from('*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000000\r\n', 'latin1')
  const digits = get.length - '000000000000\r\n'.length
  const anyNumber = xorshift()
  let asked = 0
  let written = 0
  start = performance.now()
  try {
    while (answered < total) {
      const elapsed = performance.now() - start
      if (elapsed > endMsMax) throw new Error('the server fell behind the load for good')
      const readsDue = Math.min(Math.floor(elapsed / msPerRead) + 1, total)
      for (; asked < readsDue; asked += 1) {
        writeDigits(get, digits, anyNumber() % load.keys)
        reader.send(get)
      }
      const writesDue = Math.floor((elapsed / 1000) * WRITES_PER_SECOND)
      for (; written < writesDue; written += 1) {
        set.aim(anyNumber() % load.keys)
        writer.send(set.bytes)
      }
      reader.flush()
      writer.flush()
      await nextTurn()
    }
  } finally {
    reader.close()
    writer.close()
  }
  return latencies.subarray(total - load.seconds * READS_PER_SECOND).sort()
}

/** Sends copies of what it is given, and counts replies of one known size instead of parsing them. */
class CountingConnection {
  readonly #socket: Socket
  #failure: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', error => {
      this.#failure = error
    })
  }

  static open(
    port: number,
    replyBytes: number,
    onReplies: (count: number) => void,
  ): Promise<CountingConnection> {
    let partial = 0
    return new Promise((resolve, reject) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: Buffer.alloc(READ_BUFFER_BYTES),
          callback: (length, buffer) => {
            if (partial === 0 && buffer[0] === 0x2d) {
              const reply = Buffer.from(buffer).toString('latin1', 0, length)
              socket.destroy(new Error(`the server refuses: ${reply}`))
              return false
            }
            const count = Math.floor((partial + length) / replyBytes)
            partial += length - count * replyBytes
            onReplies(count)
            return true
          },
        },
      })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new CountingConnection(socket)))
    })
  }

  send(request: Buffer): void {
    if (this.#socket.writableCorked === 0) this.#socket.cork()
    this.#socket.write(Buffer.from(request))
  }

  flush(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#socket.writableCorked > 0) this.#socket.uncork()
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** Marsaglia's xorshift: the same keys in every run. */
function xorshift(): () => number {
  let state = 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
