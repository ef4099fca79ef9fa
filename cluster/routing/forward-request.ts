// forward-request.ts — One command of a client on its way to another node, until it is answered.

import type { Call } from '../../src/call.ts'
import { type Client, type Queued, SILENCED } from '../../src/client.ts'
import { BLOCKING, type Command, READONLY, WRITE } from '../../src/command.ts'
import { encodeRequest } from '../../src/wire/request.ts'

/** As whom and where the other node runs it. */
export interface Persona {
  readonly user: string
  readonly database: number
  readonly protocol: number
}

export interface ForwardRequest {
  readonly bytes: Buffer
  readonly slot: number
  readonly persona: Persona
  /** Replies that come before the one that counts: of MULTI, and of what it queues. */
  readonly precedingReplies: number
  /** It changes nothing, so it may be sent again if nobody knows what became of it. */
  readonly isRepeatable: boolean
  readonly isBlocking: boolean
  /** The client wants no reply. */
  readonly isSilent: boolean
  /** WATCH begins what EXEC ends. */
  readonly watches: 'begins' | 'ends' | undefined
  /** Until when a node is looked for that runs it, monotonic ms. */
  readonly until: number
  /** How often it was sent on by a node that does not serve the slot any more. */
  hops: number
  /** The first error among the preceding replies. */
  firstError: Buffer | undefined
  answer: Buffer | undefined
}

export function forwardedCall(call: Call, until: number): ForwardRequest {
  const { client, command } = call
  return {
    bytes: encodeRequest(call),
    slot: call.slot,
    persona: personaOf(client),
    precedingReplies: 0,
    isRepeatable: isRepeatable(command.bits),
    isBlocking: (command.bits & BLOCKING) !== 0,
    isSilent: client.is(SILENCED),
    watches: isWatch(command) ? 'begins' : undefined,
    until,
    hops: 0,
    firstError: undefined,
    answer: undefined,
  }
}

/** A whole transaction, as one piece. */
export function forwardedTransaction(
  call: Call,
  queue: readonly Queued[],
  until: number,
): ForwardRequest {
  const { client } = call
  const multi = Buffer.from('*1\r\n$5\r\nMULTI\r\n')
  const exec = Buffer.from('*1\r\n$4\r\nEXEC\r\n')
  const bits = client.transaction!.bits
  return {
    bytes: Buffer.concat([multi, ...queue.map(encodeRequest), exec]),
    slot: call.slot,
    persona: personaOf(client),
    precedingReplies: queue.length + 1,
    isRepeatable: queue.every(({ command }) => isRepeatable(command.bits)) && !(bits & WRITE),
    isBlocking: false,
    isSilent: client.is(SILENCED),
    watches: client.watchesAt === undefined ? undefined : 'ends',
    until,
    hops: 0,
    firstError: undefined,
    answer: undefined,
  }
}

function personaOf({ user, db, protocol }: Client): Persona {
  return { user: user.name, database: db.index, protocol }
}

/** Only what is known to read: a script that is not marked may do anything. */
function isRepeatable(bits: number): boolean {
  return (bits & READONLY) !== 0
}

/** WATCH is the one command that is not queued in a transaction and has keys. */
function isWatch({ spec }: Command): boolean {
  return spec.immediate === true && spec.keys !== undefined
}
