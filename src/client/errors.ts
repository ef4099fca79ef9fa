// errors.ts — The one error of the client, told apart by its code.
//
// A code is the first word of the server's reply, or one of the client's own: TIMEOUT, ABORTED,
// LOST, CONNECTION, INVALID, INEXACT. Only CONNECTION leaves it open whether the server did it.

/** Codes of this client. */
export type ClientErrorCode =
  /** The wait was over before it was granted. */
  | 'TIMEOUT'
  /** The caller's signal ended the wait; `cause` is the signal's reason. */
  | 'ABORTED'
  /** What was held is held no more, or may not be. */
  | 'LOST'
  /** There was no answer: it may have been done or not. */
  | 'CONNECTION'
  /** An argument is wrong; nothing was sent. */
  | 'INVALID'
  /** An integer of the reply is beyond what a JavaScript number holds exactly. */
  | 'INEXACT'

/** Codes of the server's replies that programs may want to tell apart. */
export type ServerErrorCode =
  | 'ERR'
  | 'WRONGTYPE'
  | 'NOTOWNER'
  | 'NOTHELD'
  | 'FENCED'
  | 'HOLDLIMIT'
  | 'QUEUEFULL'
  | 'OUTOFBOUNDS'
  | 'NOLATCH'
  | 'LATCHOPEN'
  | 'BROKEN'
  | 'EXPIRED'
  | 'DEADLOCK'
  | 'UNBLOCKED'
  | 'INDOUBT'

/** Any other first word of a reply is a code too. */
export type LatchkeyErrorCode = ClientErrorCode | ServerErrorCode | (string & {})

export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError'
  readonly code: LatchkeyErrorCode

  constructor(code: LatchkeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The first word of an error reply; the messages of broken sockets have none in capitals. */
const REPLY_CODE = /^([A-Z][A-Z0-9]+)(?: |$)/

/** What a Redis client threw, as ours. */
export function asLatchkeyError(thrown: unknown): LatchkeyError {
  if (thrown instanceof LatchkeyError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const isOfSystem = thrown instanceof Error && 'syscall' in thrown
  const code = isOfSystem ? undefined : REPLY_CODE.exec(message)?.[1]
  return new LatchkeyError(code ?? 'CONNECTION', message, { cause: thrown })
}

export function aborted(signal: AbortSignal): LatchkeyError {
  return new LatchkeyError('ABORTED', 'the wait was aborted', { cause: signal.reason })
}

export function timedOut(key: string): LatchkeyError {
  return new LatchkeyError('TIMEOUT', `no turn came for ${JSON.stringify(key)} in time`)
}

export function invalid(message: string): LatchkeyError {
  return new LatchkeyError('INVALID', message)
}
