// What a library sends to lock and release, recorded once, and then sent without the library.
//
// So the servers are compared by the work that each library gives them, with nothing of the library's own
// cost. Each pair has a key that no pair beside it has; the key is part of whatever name the library makes
// of it, so it is written over in place.
import { Command, Redis } from 'ioredis'
import { encodeCommand } from '../../test/harness/resp-client.ts'
import { writeDigits } from '../loader.ts'
import type { Order, ReplayTask, Report } from './orders.ts'
import { measurePipelined } from './pipelined.ts'
import { systemNamed } from './systems.ts'

const KEY = 'bench:000000000000'
const DIGITS_AT = 'bench:'.length

export async function measureReplay(order: Order<ReplayTask>): Promise<Report> {
  const pair = await recordPair(order.system, order.port)
  return measurePipelined({
    ...order,
    operationsPerBatch: order.pipeline,
    batch: connection => {
      const first = connection * order.pipeline
      const pairs = Array.from({ length: order.pipeline }, (_, i) => withKey(pair.bytes, first + i))
      return { bytes: Buffer.concat(pairs), replies: pair.requests * order.pipeline }
    },
  })
}

interface RecordedPair {
  readonly bytes: Buffer
  readonly requests: number
}

/** The second of two pairs: the first one loads scripts. */
export async function recordPair(system: string, port: number): Promise<RecordedPair> {
  const recorder = new Recorder(port, '127.0.0.1')
  try {
    const lock = systemNamed(system).over(recorder)
    await (await lock(KEY))()
    recorder.requests.length = 0
    await (await lock(KEY))()
    return { bytes: Buffer.concat(recorder.requests), requests: recorder.requests.length }
  } finally {
    recorder.disconnect()
  }
}

class Recorder extends Redis {
  readonly requests: Buffer[] = []

  override sendCommand(...given: Parameters<Redis['sendCommand']>): unknown {
    const [command] = given
    if (command instanceof Command) {
      const args = command.args.map(arg => (Buffer.isBuffer(arg) ? arg : String(arg)))
      this.requests.push(encodeCommand([command.name, ...args]))
    }
    return super.sendCommand(...given)
  }
}

function withKey(bytes: Buffer, number: number): Buffer {
  const copy = Buffer.from(bytes)
  for (let at = copy.indexOf(KEY); at !== -1; at = copy.indexOf(KEY, at + KEY.length)) {
    writeDigits(copy, at + DIGITS_AT, number)
  }
  return copy
}
