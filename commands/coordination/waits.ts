// waits.ts — How commands of coordination wait: by turns in order of arrival, or for news, together.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import type { EmptyReply, ParkOptions, Topic } from '../../src/waiting.ts'

/** What a wait for a turn needs beyond its keys. */
interface TurnOptions
  extends Pick<ParkOptions, 'identity' | 'first' | 'memo' | 'retryAt' | 'onEnd'> {
  /** Undefined to answer at once. */
  readonly deadline: number | undefined
  /** What is asked for, in a word. */
  readonly wish: string
  /** Nil, unless the command says otherwise. */
  readonly onTimeout?: EmptyReply
}

const answerNil: EmptyReply = reply => reply.null()

/** Whether somebody else waits for a turn at key i before this call. */
export function isQueued(call: Call, i: number): boolean {
  const { waiting } = call.server
  if (waiting.size === 0) return false
  const head = waiting.head(call.db, call.text(i), 'turn')
  return head !== undefined && head !== call.parked
}

/** Waits for a turn at all of these keys; whoever may not wait is answered as if it had. */
export function waitForTurn(call: Call, keys: readonly string[], options: TurnOptions): void {
  park(call, keys, 'turn', options)
}

/** Waits for news of these keys, with all others who do. */
export function waitForNews(call: Call, keys: readonly string[], options: TurnOptions): void {
  park(call, keys, 'news', options)
}

function park(call: Call, keys: readonly string[], topic: Topic, options: TurnOptions): void {
  const { deadline, onTimeout = answerNil } = options
  if (deadline === undefined || !call.mayBlock) {
    onTimeout(call.reply)
    return
  }
  if (call.parked === undefined) checkQueues(call, keys, topic, options.identity)
  call.server.dispatch.park(call, {
    ...options,
    keys,
    topic,
    deadline,
    onTimeout,
    policy: topic === 'turn' ? 'fifo' : 'broadcast',
  })
}

/** Tells those who wait for news of key i to look. */
export function signalNews(call: Call, i: number): void {
  const { waiting } = call.server
  if (waiting.size > 0) waiting.signal(call.db, call.text(i), 'news')
}

/**
 * Refuses to join a queue that is full; who takes its own earlier place joins nothing. For commands
 * that change something before they wait: they must know that they can.
 */
export function checkQueues(
  call: Call,
  keys: readonly string[],
  topic: Topic,
  identity: string | undefined,
): void {
  const { waiting, config } = call.server
  const limit = config.values['coordination-queue-limit']
  for (const key of keys) {
    if (waiting.count(call.db, key, topic) < limit) continue
    if (identity === undefined || waiting.find(call.db, key, topic, identity) === undefined) {
      throw errors.queueFull
    }
  }
}

/** Ends the wait of an owner for a turn at key i, if it has one: its call is answered as in vain. */
export function cancelWait(call: Call, i: number, identity: string): boolean {
  const parked = call.server.waiting.find(call.db, call.text(i), 'turn', identity)
  if (parked === undefined) return false
  call.server.dispatch.releaseWith(parked, parked.onTimeout)
  return true
}
