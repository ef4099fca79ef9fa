// Fills a server with keys as fast as one connection can, with the key names that redis-benchmark draws
// from: `key:` and twelve digits, sixteen bytes in all.
import { RespClient } from '../test/harness/resp-client.ts'

const COMMANDS_PER_PIPELINE = 500
const ERROR = 0x2d

/** One SET whose key's digits are overwritten in place, request after request. */
export class SetTemplate {
  readonly bytes: Buffer
  readonly #digits: number

  constructor(valueBytes: number) {
    const head = '*3\r\n$3\r\nSET\r\n$16\r\nkey:'
    this.bytes = Buffer.from(
      `${head}000000000000\r\n$${valueBytes}\r\n${'x'.repeat(valueBytes)}\r\n`,
      'latin1',
    )
    this.#digits = head.length
  }

  aim(keyNumber: number): void {
    writeDigits(this.bytes, this.#digits, keyNumber)
  }
}

/** Twelve decimal digits, without making a string of them. */
export function writeDigits(target: Buffer, offset: number, value: number): void {
  let rest = value
  for (let i = offset + 11; i >= offset; i -= 1) {
    target[i] = 0x30 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}

/** Sets keys number 0 to count - 1. */
export async function loadKeys(port: number, count: number, valueBytes: number): Promise<void> {
  const set = new SetTemplate(valueBytes)
  await loadCommands(port, count, number => {
    set.aim(number)
    return Buffer.from(set.bytes)
  })
}

/** Sends commands number 0 to count - 1, none of which may fail. */
export async function loadCommands(
  port: number,
  count: number,
  command: (number: number) => Buffer,
): Promise<void> {
  const client = await RespClient.connect(port)
  for (let next = 0; next < count; ) {
    const batch = Math.min(COMMANDS_PER_PIPELINE, count - next)
    client.write(Buffer.concat(Array.from({ length: batch }, (_, i) => command(next + i))))
    const replies = await client.replies(batch, 60_000)
    const refused = replies.find(reply => reply[0] === ERROR)
    if (refused !== undefined || replies.length < batch) {
      throw new Error(`the server refuses to be filled: ${refused ?? 'no reply'}`)
    }
    next += batch
  }
  await client.close()
}
