// tracked-keys.ts — Which keys clients may have in their caches, and which clients have each.
//
// Clients are remembered by id and not by reference: one that has left stays here until its keys
// change, and costs no search when it leaves. Most keys are cached by one client, whose id then
// stands alone.

interface Entry {
  readonly key: string
  /** Where it is in `#dense`. */
  index: number
  clients: number | Set<number>
}

// Measured on the heap of Node 20 with half a million keys.
/** What an entry takes beside the characters of its key. */
const ENTRY_BYTES = 104
/** What a set for a second client takes, and each client after the first. */
const SET_BYTES = 128
const CLIENT_BYTES = 24

export class TrackedKeys {
  readonly #entries = new Map<string, Entry>()
  /** The same entries in no order, so that a random one is found at once. */
  readonly #dense: Entry[] = []
  #itemCount = 0
  #memory = 0

  get count(): number {
    return this.#dense.length
  }

  /** Pairs of a key and a client. */
  get itemCount(): number {
    return this.#itemCount
  }

  get memory(): number {
    return this.#memory
  }

  add(key: string, client: number): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      const added = { key, index: this.#dense.length, clients: client }
      this.#entries.set(key, added)
      this.#dense.push(added)
      this.#itemCount++
      this.#memory += ENTRY_BYTES + key.length
      return
    }
    if (typeof entry.clients === 'number') {
      if (entry.clients === client) return
      entry.clients = new Set([entry.clients, client])
      this.#memory += SET_BYTES
    } else {
      if (entry.clients.has(client)) return
      entry.clients.add(client)
    }
    this.#itemCount++
    this.#memory += CLIENT_BYTES
  }

  /** Forgets a key; answers the ids of its clients. */
  take(key: string): Iterable<number> {
    const entry = this.#entries.get(key)
    if (entry === undefined) return NONE
    this.#entries.delete(key)
    const last = this.#dense.pop()!
    if (last !== entry) {
      this.#dense[entry.index] = last
      last.index = entry.index
    }
    this.#memory -= ENTRY_BYTES + key.length
    const { clients } = entry
    if (typeof clients === 'number') {
      this.#itemCount--
      return [clients]
    }
    this.#itemCount -= clients.size
    this.#memory -= SET_BYTES + (clients.size - 1) * CLIENT_BYTES
    return clients
  }

  /** A key, each with the same chance. There must be one. */
  random(random: () => number): string {
    return this.#dense[Math.floor(random() * this.#dense.length)]!.key
  }

  *names(): Generator<string> {
    for (const { key } of this.#dense) yield key
  }

  clear(): void {
    this.#entries.clear()
    this.#dense.length = 0
    this.#itemCount = 0
    this.#memory = 0
  }
}

const NONE: readonly number[] = []
