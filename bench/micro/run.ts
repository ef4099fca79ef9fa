// `npm run bench:micro`: what each piece of the hot path costs, in nanoseconds and bytes of heap per
// operation. Words on the command line choose the cases whose names hold one of them.
import { formatTable } from '../table.ts'
import { decoderCases } from './decoder.ts'
import { dispatchCases } from './dispatch.ts'
import { keyspaceCases } from './keyspace.ts'
import { type MicroResult, measureCase } from './measure.ts'
import { replyCases } from './reply.ts'

const wanted = process.argv.slice(2)
const results: MicroResult[] = []
for (const makeCase of [...decoderCases, ...replyCases, ...keyspaceCases, ...dispatchCases]) {
  // Made one by one, so that no case's data weighs on another's collections.
  const micro = makeCase()
  if (wanted.length > 0 && !wanted.some(word => micro.name.includes(word))) continue
  results.push(measureCase(micro))
}
process.stdout.write(
  `${formatTable(
    ['case', 'ns/operation:', 'heap bytes/operation:'],
    results.map(({ name, nsPerOperation, heapBytesPerOperation }) => [
      name,
      nsPerOperation.toFixed(1),
      heapBytesPerOperation.toFixed(1),
    ]),
  )}\n`,
)
