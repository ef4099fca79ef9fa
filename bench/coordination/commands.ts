// One coordination command over and over, pipelined: how many of it the server executes.
import { encodeCommand, RespClient } from '../../test/harness/resp-client.ts'
import type { CommandTask, Order, Report } from './orders.ts'
import { measurePipelined } from './pipelined.ts'

/** A multimap's field has so many values before another is put to them. */
export const FIELD_VALUES = 100_000
const VALUES_PER_REQUEST = 1000
const MULTIMAP = 'bench:multimap'
const FIELD = 'field'

/** The requests of one operation, different for every connection and place in the pipeline. */
const operations = {
  counter: (connection: number) => [
    encodeCommand(['COUNTER.ADD', `bench:counter:${connection}`, '1']),
  ],
  // What is put is removed again, so that the field stays as large as it is.
  multimap: (connection: number, place: number) =>
    ['MULTIMAP.PUT', 'MULTIMAP.REMOVE'].map(name =>
      encodeCommand([name, MULTIMAP, FIELD, `new:${connection}:${place}`]),
    ),
} as const

export async function measureCommand(order: Order<CommandTask>): Promise<Report> {
  if (order.command === 'multimap') await fillField(order.port)
  return measurePipelined({
    ...order,
    operationsPerBatch: order.pipeline,
    batch: connection => {
      const requests = Array.from({ length: order.pipeline }, (_, place) =>
        operations[order.command](connection, place),
      ).flat()
      return { bytes: Buffer.concat(requests), replies: requests.length }
    },
  })
}

async function fillField(port: number): Promise<void> {
  const client = await RespClient.connect(port)
  for (let first = 0; first < FIELD_VALUES; first += VALUES_PER_REQUEST) {
    const values = Array.from({ length: VALUES_PER_REQUEST }, (_, i) => `value:${first + i}`)
    await client.call('MULTIMAP.PUT', MULTIMAP, FIELD, ...values)
  }
  const count = await client.call('MULTIMAP.COUNT', MULTIMAP, FIELD)
  if (count !== FIELD_VALUES) throw new Error(`the field has ${String(count)} values`)
  await client.close()
}
