// A node of a cluster in the test's own process, with a view of the grid that the test sets.

import { readBackup } from '../../../cluster/routing/backup-read.ts'
import { ClusterRouter } from '../../../cluster/routing/router.ts'
import { keySlot, SEGMENT_SHIFT } from '../../../src/keyspace/slot.ts'
import { type InProcessOptions, InProcessServer } from '../../harness/in-process.ts'
import { FakeView, threeNodes } from './fake-view.ts'

export function slotOf(key: string): number {
  const bytes = Buffer.from(key, 'latin1')
  return keySlot(bytes, 0, bytes.length)
}

export function segmentOf(key: string): number {
  return slotOf(key) >>> SEGMENT_SHIFT
}

/** A key of a segment: the first of a row of names that falls there. */
export function keyIn(segment: number, prefix = 'key'): string {
  for (let i = 0; ; i++) {
    const key = `${prefix}:${i}`
    if (segmentOf(key) === segment) return key
  }
}

export class RoutedServer extends InProcessServer {
  readonly view: FakeView
  readonly router: ClusterRouter
  /** Keeps what the node backs up. */
  readonly backup = new InProcessServer()

  constructor(options: InProcessOptions & { readonly view?: FakeView } = {}) {
    super({ ...options, isNode: true })
    this.view = options.view ?? new FakeView(1, threeNodes())
    this.router = new ClusterRouter({
      server: this.server,
      view: this.view,
      readBackup: call => readBackup(this.backup.server, call),
    })
    this.server.routeBy(this.router)
  }
}
