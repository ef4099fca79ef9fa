// What clients and nodes say to each other: Redis's answers, as far as they matter here.

import type { NodeId } from '../../cluster/raft/configuration.ts'
import type { Input, Output, Subject } from './objects.ts'

export interface Request {
  readonly number: number
  readonly subject: Subject
  readonly input: Input
}

export type Reply = { readonly number: number } & (
  | { readonly kind: 'done'; readonly output: Output }
  /** Not executed. */
  | { readonly kind: 'moved'; readonly to: NodeId }
  | { readonly kind: 'clusterdown' }
  /** Nobody knows whether it was executed. */
  | { readonly kind: 'indoubt' }
)
export type ClientMessage = Request | Reply
