// client.ts — One client's session: who it is, what it has chosen, what it waits for.
//
// A client knows nothing of sockets. It has an output that somebody sends, and a `Link` by which
// the session can be closed or its reading held back.

import type { User } from './acl/user.ts'
import type { Command } from './command.ts'
import type { Claim, Dependency, Held } from './commit-gate.ts'
import type { Unseen } from './coordination.ts'
import { NO_SEGMENT } from './effects.ts'
import type { Database } from './keyspace/database.ts'
import type { Tracking } from './tracking.ts'
import type { Parked } from './waiting.ts'
import { Pending } from './wire/decoder.ts'
import { Output } from './wire/output.ts'

// Bits of `state`. None is set on the fast path: one test covers them all.
/** No AUTH yet where one is needed. */
export const UNAUTHENTICATED = 1 << 0
/** The user may not run everything: ACL rules are checked. */
export const RESTRICTED = 1 << 1
/** Between MULTI and EXEC. */
export const IN_MULTI = 1 << 2
/** A RESP2 subscriber: only a few commands are allowed. */
export const SUBSCRIBER = 1 << 3
/** A parked call is waiting for its answer; later requests stay unread. */
export const PARKED = 1 << 4
/** A command was put off: by CLIENT PAUSE, or until its segment is served. */
export const PAUSED = 1 << 5
/** No more requests are read; closed once the output is sent. */
export const CLOSING = 1 << 6
/** CLIENT REPLY OFF or SKIP. */
export const SILENCED = 1 << 7
/** Client-side caching is on. */
export const TRACKED = 1 << 8
/** CLIENT NO-TOUCH. */
export const NO_TOUCH = 1 << 9
/** Receives every command that runs. */
export const MONITOR = 1 << 10
/** READONLY was sent (cluster). */
export const READONLY_MODE = 1 << 11
/** ASKING was sent; good for one command. */
export const ASKING_ONCE = 1 << 12
/** CLIENT NO-EVICT. */
export const NO_EVICT = 1 << 13
/** Runs effects from a log, not a user's commands. */
export const REPLAY = 1 << 14
/** Another node is running commands of the client; what comes after them waits, or goes there too. */
export const FORWARDING = 1 << 15
/** The connection of another node, which forwards what one of its own clients asks for. */
export const FORWARDED = 1 << 16

/** What RESET takes back, beside what has an end of its own: MULTI, subscriptions, tracking. */
export const RESETTABLE = ASKING_ONCE | READONLY_MODE | SILENCED | NO_TOUCH | NO_EVICT

/** States in which no further request of the client is executed for now. */
export const HALTED = PARKED | PAUSED | CLOSING | FORWARDING

/** What the session needs of its connection. */
export interface Link {
  readonly kind: 'tcp' | 'unix' | 'internal'
  /** The peer is a process of this machine. */
  readonly isLocal: boolean
  /** `host:port` of the peer, as CLIENT LIST prints it. */
  readonly address: string
  readonly localAddress: string
  readonly fd: number
  /** Takes the ranges. True if the peer took all of them, so that their memory may be reused. */
  send(output: Output): boolean
  /** Ends the connection: at once, or after what was sent has left. */
  close(afterOutput: boolean): void
  /** Holds back reading while the peer does not take its replies. */
  holdReading(hold: boolean): void
  /** Bytes handed over that the peer has not taken yet. */
  readonly unsentBytes: number
}

/** Another protocol on a client's connection. */
export interface Upgrade {
  /** Bytes that came: `chunk[0, end)`, which the caller may reuse afterwards. */
  receive(chunk: Buffer, end: number): void
  /** The connection has ended. */
  ended(): void
}

/** A command that waits between MULTI and EXEC. */
export interface Queued {
  readonly command: Command
  readonly bytes: Buffer
  readonly offsets: Int32Array
  readonly count: number
}

export interface Transaction {
  readonly queue: Queued[]
  /** Bytes of the queued commands. */
  bytes: number
  /** A command was refused while queueing: EXEC will refuse. */
  failed: boolean
  /** Flags of all queued commands together. */
  bits: number
  /** The slot of all their keys; NO_SLOT while there are none, SEVERAL_SLOTS if they differ. */
  slot: number
}

export interface WatchedKey {
  readonly db: Database
  readonly key: string
  /** The key was past its expiry already when WATCH came: its removal is no change. */
  expired: boolean
}

/** What a session costs without its buffers. */
const SESSION_BYTES = 2048

export class Client {
  readonly id: number
  readonly link: Link
  readonly output: Output
  readonly createdAt: number
  state = 0
  protocol = 2
  db: Database
  user: User
  /** Whether it has shown who it is, or had no need to when it came. */
  authenticated = true
  name = ''
  libName = ''
  libVersion = ''
  /** Monotonic ms of the last request. */
  lastActiveAt: number
  lastCommand: Command | undefined = undefined
  /** CLIENT REPLY OFF was said. */
  replyOff = false
  /** After CLIENT REPLY SKIP: commands whose replies are still to be dropped, SKIP itself included. */
  replySkip = 0
  /** The connection was ended by us for this reason. */
  closeReason: string | undefined = undefined
  /** The peer has not taken all that was sent last. */
  isBehind = false
  /** Since when the output is above its soft limit, monotonic ms; 0 for not. */
  overSoftLimitSince = 0

  readonly pending = new Pending()

  transaction: Transaction | undefined = undefined
  watched: WatchedKey[] = []
  /** A watched key was changed: EXEC will answer nil. */
  watchBroken = false

  parked: Parked | undefined = undefined
  /** Segment of the last write, and its entry where that was open; belong to the commit gate. */
  wroteIn = NO_SEGMENT
  wrote: Dependency | undefined = undefined
  /** Parts of the output that depend on what is not committed. Belongs to the commit gate. */
  claims: Claim[] | undefined = undefined
  /** Output of earlier turns that may not leave yet; not empty. Belongs to the commit gate. */
  held: Held[] | undefined = undefined
  /** Takes what comes from now on: the connection speaks another protocol than commands. */
  upgrade: Upgrade | undefined = undefined
  /**
   * Until when the first of the pending requests is put off for its segment; 0 if it is not.
   * Monotonic ms.
   */
  putOffUntil = 0
  /** What becomes of commands for other nodes, where the client has chosen. */
  routing: 'redirect' | 'forward' | undefined = undefined
  /** The node that watches keys for it, if that is another one. */
  watchesAt: string | undefined = undefined
  /** What was granted by replies that have not left yet. */
  unseen: Unseen[] | undefined = undefined

  // Created at the first subscription; most clients never subscribe.
  channels: Set<string> | undefined = undefined
  patterns: Set<string> | undefined = undefined
  shardChannels: Set<string> | undefined = undefined

  tracking: Tracking | undefined = undefined

  constructor(
    id: number,
    link: Link,
    db: Database,
    user: User,
    now: number,
    monotonic: number,
    wake: (client: Client) => void,
  ) {
    this.id = id
    this.link = link
    this.db = db
    this.user = user
    this.createdAt = now
    this.lastActiveAt = monotonic
    this.output = new Output(() => wake(this))
  }

  is(bit: number): boolean {
    return (this.state & bit) !== 0
  }

  set(bit: number, on: boolean): void {
    if (on) this.state |= bit
    else this.state &= ~bit
  }

  /** Subscriptions of all kinds together. */
  get subscriptions(): number {
    return (this.channels?.size ?? 0) + (this.patterns?.size ?? 0) + (this.shardChannels?.size ?? 0)
  }

  /** Bytes that the client costs: the session itself, and its buffers. */
  get memory(): number {
    return (
      SESSION_BYTES + this.outputBytes + this.pending.bytes.length + (this.transaction?.bytes ?? 0)
    )
  }

  /** Bytes of output that wait, here and at the socket. */
  get outputBytes(): number {
    let bytes = this.output.bytes + this.link.unsentBytes
    if (this.held !== undefined) for (const held of this.held) bytes += held.bytes.length
    return bytes
  }
}
