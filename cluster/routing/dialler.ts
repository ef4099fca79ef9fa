// dialler.ts — What forwarding needs of sockets: a connection to the port of another node's clients.

export interface Connection {
  write(bytes: Buffer): void
  /** Ends it. Nothing is told of it any more. */
  close(): void
  /** Bytes that the other side has not taken yet. */
  readonly unsentBytes: number
}

/** All are called later than `dial` returned. */
export interface ConnectionEvents {
  opened(): void
  /** The bytes are good until the call returns. */
  received(bytes: Buffer): void
  /** It has ended, or could not be opened. Once, and the last call. */
  closed(reason: string): void
}

export interface Dialler {
  dial(host: string, port: number, events: ConnectionEvents): Connection
}
