// log.ts — What was refused, for ACL LOG: the newest first, and what repeats as one entry.

export type DenialReason = 'command' | 'key' | 'channel' | 'auth'
export type DenialContext = 'toplevel' | 'multi' | 'lua'

export interface AclLogEntry {
  readonly id: number
  readonly reason: DenialReason
  readonly context: DenialContext
  /** The command, key or channel that was refused; for `auth` the command that logs in. */
  readonly object: string
  readonly userName: string
  /** ms since the epoch. */
  readonly createdAt: number
  updatedAt: number
  count: number
  /** The client as CLIENT LIST describes it, at the last time. */
  client: string
}

export type Refusal = Pick<AclLogEntry, 'reason' | 'context' | 'object' | 'userName' | 'client'>

/** How long the same refusal counts as one that repeats. */
const REPEATS_WITHIN_MS = 60_000
/** How far back it is looked for. */
const REPEATS_AMONG = 10
/** Keys can be long, and the log must not grow by what strangers send. */
const OBJECT_LENGTH_MAX = 1024

export class AclLog {
  readonly entries: AclLogEntry[] = []
  #nextId = 0

  add(refusal: Refusal, now: number, lengthMax: number): void {
    const object = refusal.object.slice(0, OBJECT_LENGTH_MAX)
    const { entries } = this
    const place = entries
      .slice(0, REPEATS_AMONG)
      .findIndex(
        entry =>
          entry.reason === refusal.reason &&
          entry.context === refusal.context &&
          entry.object === object &&
          entry.userName === refusal.userName &&
          now - entry.updatedAt <= REPEATS_WITHIN_MS,
      )
    if (place >= 0) {
      const [entry] = entries.splice(place, 1)
      entry!.count++
      entry!.updatedAt = now
      entry!.client = refusal.client
      entries.unshift(entry!)
    } else {
      entries.unshift({
        ...refusal,
        object,
        id: this.#nextId++,
        createdAt: now,
        updatedAt: now,
        count: 1,
      })
    }
    if (entries.length > lengthMax) entries.length = lengthMax
  }

  reset(): void {
    this.entries.length = 0
  }
}
