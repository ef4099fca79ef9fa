// A measuring process: its one argument is an order, what it prints is the report.
//
// A process per measurement, so that no library measures in a heap or a compiler state that another left.
import { measureCommand } from './commands.ts'
import { measureLatch } from './latch.ts'
import { measureLocking } from './locking.ts'
import type { Order, Report } from './orders.ts'
import { measureReplay } from './replay.ts'

function measure(order: Order): Promise<Report> {
  switch (order.task) {
    case 'lock':
      return measureLocking(order)
    case 'replay':
      return measureReplay(order)
    case 'command':
      return measureCommand(order)
    case 'latch':
      return measureLatch(order)
  }
}

const report = await measure(JSON.parse(process.argv[2] ?? '') as Order)
// Some libraries poll on for ever, so the process is not left to end by itself.
process.stdout.write(JSON.stringify(report), () => process.exit(0))
