// The reply writer: the common replies, written in a row for one client and then sent.
import { Output } from '../../src/wire/output.ts'
import { Reply } from '../../src/wire/reply.ts'
import type { MicroCase } from './measure.ts'
import { VALUE_3, VALUE_100 } from './requests.ts'

const REPLIES = 16

function writing(name: string, protocol: number, write: (reply: Reply) => void): MicroCase {
  const reply = new Reply()
  const output = new Output(() => undefined)
  return {
    name: `write ${name}`,
    operations: REPLIES,
    run() {
      reply.begin(output, protocol)
      for (let i = 0; i < REPLIES; i += 1) write(reply)
      reply.end()
      output.clear()
      reply.recycle(true)
    },
  }
}

const short = Buffer.from(VALUE_3, 'latin1')
const long = Buffer.from(VALUE_100, 'latin1')

export const replyCases: readonly (() => MicroCase)[] = [
  () => writing('OK', 2, reply => reply.ok()),
  () => writing('null', 2, reply => reply.null()),
  () => writing('integer 7', 2, reply => reply.integer(7)),
  () => writing('integer 1234567', 2, reply => reply.integer(1_234_567)),
  () => writing('bulk string of 3 bytes', 2, reply => reply.bulkBytes(short, 0, short.length)),
  () => writing('bulk string of 100 bytes', 2, reply => reply.bulkBytes(long, 0, long.length)),
  () => writing('bulk string from text', 2, reply => reply.bulk(VALUE_3)),
  () => writing('double', 3, reply => reply.double(3.25)),
  () =>
    writing('array of 10 integers', 2, reply => {
      reply.array(10)
      for (let i = 0; i < 10; i += 1) reply.integer(i)
    }),
]
