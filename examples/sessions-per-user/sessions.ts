// sessions.ts — Which sessions a user has: at most so many, and all can be ended at once.
//
// A multimap has the users as fields and their sessions as values. It alone says whether a session
// is good, so ending one, or all, is one command, and takes effect on every instance at once.

import { randomUUID } from 'node:crypto'
import type { Grid, Multimap } from 'latchkey/client'

export interface Session {
  readonly user: string
  /** When it began, and something that nobody can guess. Sorts by age. */
  readonly id: string
}

export class Sessions {
  readonly #sessions: Multimap<string>
  readonly #max: number
  readonly #idleMs: number

  constructor(grid: Grid, options: { readonly max: number; readonly idleMs: number }) {
    this.#sessions = grid.multimap('sessions')
    this.#max = options.max
    this.#idleMs = options.idleMs
  }

  /** A new session; the oldest ones beyond the limit end. */
  async logIn(user: string): Promise<Session> {
    const id = `${new Date().toISOString()}_${randomUUID()}`
    await this.#sessions.put(user, id)
    // Two who log in at the same time may both remove the same oldest one, which does no harm.
    const ids = await this.list(user)
    await this.#sessions.remove(user, ...ids.slice(0, -this.#max))
    await this.#sessions.expire(this.#idleMs, user)
    return { user, id }
  }

  /** Whether the session is good; if so, its user's sessions live on. */
  async touch({ user, id }: Session): Promise<boolean> {
    if (!(await this.#sessions.has(user, id))) return false
    await this.#sessions.expire(this.#idleMs, user)
    return true
  }

  /** The oldest first. */
  async list(user: string): Promise<string[]> {
    return (await this.#sessions.get(user)).sort()
  }

  async logOut({ user, id }: Session): Promise<boolean> {
    return (await this.#sessions.remove(user, id)) > 0
  }

  /** How many there were. */
  async logOutEverywhere(user: string): Promise<number> {
    return (await this.#sessions.take(user)).length
  }
}
