// errors.ts — The texts of all errors that clients read.
//
// The first word is the code and is API: client libraries and scripts switch on it. Texts are
// Redis's own where Redis has the error.

/** An error that is the client's to read. Carries no stack: it is an answer, not a fault. */
export class ReplyError {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export const errors = {
  wrongType: new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value'),
  notInteger: new ReplyError('ERR value is not an integer or out of range'),
  notFloat: new ReplyError('ERR value is not a valid float'),
  syntax: new ReplyError('ERR syntax error'),
  noSuchKey: new ReplyError('ERR no such key'),
  sameObject: new ReplyError('ERR source and destination objects are the same'),
  indexOutOfRange: new ReplyError('ERR index out of range'),
  databaseOutOfRange: new ReplyError('ERR DB index is out of range'),
  noAuth: new ReplyError('NOAUTH Authentication required.'),
  wrongPassword: new ReplyError('WRONGPASS invalid username-password pair or user is disabled.'),
  outOfMemory: new ReplyError("OOM command not allowed when used memory > 'maxmemory'."),
  executionAborted: new ReplyError('EXECABORT Transaction discarded because of previous errors.'),
  nestedMulti: new ReplyError('ERR MULTI calls can not be nested'),
  execWithoutMulti: new ReplyError('ERR EXEC without MULTI'),
  discardWithoutMulti: new ReplyError('ERR DISCARD without MULTI'),
  watchInMulti: new ReplyError('ERR WATCH inside MULTI is not allowed'),
  notAllowedInMulti: new ReplyError('ERR Command not allowed inside a transaction'),
  invalidCursor: new ReplyError('ERR invalid cursor'),
  timeoutNotFloat: new ReplyError('ERR timeout is not a float or out of range'),
  timeoutNegative: new ReplyError('ERR timeout is negative'),
  noProto: new ReplyError('NOPROTO unsupported protocol version'),
  superseded: new ReplyError('UNBLOCKED superseded by the same owner on another connection'),
  unblocked: new ReplyError('UNBLOCKED client unblocked via CLIENT UNBLOCK'),
  crossSlot: new ReplyError("CROSSSLOT Keys in request don't hash to the same slot"),
  clusterDown: new ReplyError('CLUSTERDOWN The cluster is down'),
  noReplicas: new ReplyError('NOREPLICAS Not enough good replicas to write.'),
  slotNotServed: new ReplyError('CLUSTERDOWN Hash slot not served'),
  clusterDisabled: new ReplyError('ERR This instance has cluster support disabled'),
  scriptCrossSlot: new ReplyError(
    'ERR Script attempted to access keys that do not hash to the same slot',
  ),
  scriptNotLocal: new ReplyError(
    'ERR Script attempted to access a non local key in a cluster node',
  ),
  stringTooLong: new ReplyError('ERR string exceeds maximum allowed size (proto-max-bulk-len)'),
  offsetOutOfRange: new ReplyError('ERR offset is out of range'),
  incrementOverflow: new ReplyError('ERR increment or decrement would overflow'),
  incrementNaN: new ReplyError('ERR increment would produce NaN or Infinity'),
  // Coordination
  notOwner: new ReplyError('NOTOWNER somebody else holds it'),
  notHeld: new ReplyError('NOTHELD nobody holds it'),
  fenced: new ReplyError('FENCED the token is stale'),
  holdLimit: new ReplyError('HOLDLIMIT the owner has entered it as often as it may'),
  queueFull: new ReplyError('QUEUEFULL too many wait for the key already'),
  outOfBounds: new ReplyError('OUTOFBOUNDS the result would leave the bounds'),
  noLatch: new ReplyError('NOLATCH there is no such latch'),
  latchOpen: new ReplyError('LATCHOPEN the latch is open'),
  latchExpired: new ReplyError('EXPIRED the latch has run out of time'),
  deadlock: new ReplyError('DEADLOCK it would wait for itself'),
  inDoubt: new ReplyError(
    'INDOUBT the command may or may not have taken effect: its node lost the keys before their copies agreed',
  ),
  tooManyRequests: new ReplyError('TRYAGAIN too many request ids are remembered'),
  maxClients: new ReplyError('ERR max number of clients reached'),
} as const

/**
 * The client's words quoted in an error, without the line breaks that would break it. As in Redis,
 * whose strings end there, nothing is quoted from a zero byte on.
 */
export function printable(text: string, lengthMax = 128): string {
  const zero = text.indexOf('\0')
  const cut = text.slice(0, zero < 0 ? lengthMax : Math.min(zero, lengthMax))
  return cut.replace(/[\r\n]/g, ' ')
}

export function wrongArity(fullName: string): ReplyError {
  return new ReplyError(`ERR wrong number of arguments for '${fullName}' command`)
}

/** For subcommands that check the number of their arguments themselves. */
export function subcommandSyntax(word: string, container: string): ReplyError {
  return new ReplyError(
    `ERR unknown subcommand or wrong number of arguments for '${printable(word)}'. ` +
      `Try ${container.toUpperCase()} HELP.`,
  )
}

/** EXEC itself was refused, and the transaction is over. */
export function executionRefused(error: ReplyError): ReplyError {
  const reason = error.text.startsWith('ERR ') ? error.text.slice(4) : error.text
  return new ReplyError(`EXECABORT Transaction discarded because of: ${reason}`)
}

export function invalidExpireTime(fullName: string): ReplyError {
  return new ReplyError(`ERR invalid expire time in '${fullName}' command`)
}

export function unknownSubcommand(word: string, container: string): ReplyError {
  return new ReplyError(
    `ERR unknown subcommand '${printable(word)}'. Try ${container.toUpperCase()} HELP.`,
  )
}
