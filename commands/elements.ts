// elements.ts — Elements of collections on their way from arguments, and to replies.
//
// An element stands where it was read, in the request or in the collection; neither way makes a
// string of it. What `readElement` gives is good while the handler runs, and what is replied must be
// written before the collection changes.

import type { Call } from '../src/call.ts'
import type { Element } from '../src/values/element.ts'
import type { Reply } from '../src/wire/reply.ts'

/** Fills an element with argument i. */
export function readElement(call: Call, i: number, into: Element): Element {
  return into.fromBytes(call.bytes, call.start(i), call.end(i))
}

/** Replies with an element as a bulk string. */
export function replyElement(reply: Reply, element: Element): void {
  element.text()
  reply.bulkBytes(element.bytes, element.start, element.end)
}
