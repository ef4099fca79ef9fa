// The data directory of a node's metadata plane: who it is, and what its consensus must not forget.
//
// Two files. `node` is replaced as a whole, and rarely. `consensus` grows by a record for each write
// (record.ts) and is begun anew with every snapshot. Writes that come while the disk is busy go
// together, with one sync; they are reported when that has returned, never before. The thread does
// not wait for the disk meanwhile, for it has heartbeats to answer.
//
// An error of the disk is the end of the process: after a failed sync nobody knows what is on it.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Write } from '../raft/event.ts'
import { BLANK, type Restored } from '../raft/raft.ts'
import { DirectoryLock } from './directory-lock.ts'
import { type Identity, readIdentity, writeIdentity } from './identity.ts'
import type { Address, ClusterId } from './message.ts'
import { DiskImage, encodeRecord, FILE_HEADER, readFile } from './record.ts'

const IDENTITY_FILE = 'node'
const CONSENSUS_FILE = 'consensus'
const NODE_ID_BYTES = 20

export interface StorageEvents {
  /** This write and all before it survive a crash. */
  persisted(write: number): void
  failed(error: Error): void
}

export class Storage {
  readonly #directory: string
  readonly #lock: DirectoryLock
  readonly #image: DiskImage
  #identity: Identity
  #file: FileHandle
  /** Of the file, without what is under way. */
  #bytes: number
  #events: StorageEvents | undefined
  #queue: Write[] = []
  #isBusy = false
  #idle: (() => void) | undefined
  /** Bytes that a crash had torn off the end, for the log. */
  readonly tornBytes: number

  private constructor(
    directory: string,
    lock: DirectoryLock,
    identity: Identity,
    restored: Restored,
    file: FileHandle,
    bytes: number,
    tornBytes: number,
  ) {
    this.#directory = directory
    this.#lock = lock
    this.#identity = identity
    this.#image = new DiskImage(restored)
    this.#file = file
    this.#bytes = bytes
    this.tornBytes = tornBytes
  }

  /** Begins a new life of the node that the directory belongs to, or of a new node. */
  static async open(directory: string): Promise<Storage> {
    if (mkdirSync(directory, { recursive: true }) !== undefined) syncDirectory(dirname(directory))
    const lock = await DirectoryLock.take(directory)
    try {
      const known = readIfThere(join(directory, IDENTITY_FILE))
      const before = known === undefined ? newcomer() : readIdentity(known.toString('latin1'))
      const identity = { ...before, incarnation: before.incarnation + 1 }
      replaceFile(directory, IDENTITY_FILE, Buffer.from(writeIdentity(identity), 'latin1'))
      const path = join(directory, CONSENSUS_FILE)
      // Without a cluster there is nothing to remember: founding or joining was cut short.
      if (identity.cluster === undefined) rmSync(path, { force: true })
      const held = readIfThere(path)
      if (held === undefined) replaceFile(directory, CONSENSUS_FILE, FILE_HEADER)
      const content =
        held === undefined ? { restored: BLANK, bytes: FILE_HEADER.length } : readFile(held)
      const file = await open(path, 'r+')
      const tornBytes = (held?.length ?? content.bytes) - content.bytes
      if (tornBytes > 0) {
        await file.truncate(content.bytes)
        await file.sync()
      }
      const { restored, bytes } = content
      return new Storage(directory, lock, identity, restored, file, bytes, tornBytes)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  get identity(): Identity {
    return this.#identity
  }

  /** What was on disk when the directory was opened, or what was founded since. */
  get restored(): Restored {
    return this.#image.restored
  }

  /** Of the file of consensus. */
  get bytes(): number {
    return this.#bytes
  }

  set events(events: StorageEvents) {
    this.#events = events
  }

  /** Puts the first node of a new cluster in place. Returns when it is on disk. */
  async found(cluster: ClusterId, restored: Restored): Promise<void> {
    this.#image.keep({ ...restored, isSnapshotInstalled: true })
    await this.#rewrite()
    this.join(cluster)
  }

  /** Returns when the cluster's id is on disk. It is a rare thing, so the thread waits for it. */
  join(cluster: ClusterId): void {
    this.#become({ ...this.#identity, cluster, peers: [] })
  }

  /** The node leaves its cluster, or stays after all. */
  set isLeaving(isLeaving: boolean) {
    if (this.#identity.isLeaving !== isLeaving) this.#become({ ...this.#identity, isLeaving })
  }

  /** Whoever starts here next is a new node, which asks these to let it in. */
  leave(peers: readonly Address[]): void {
    this.#keepIdentity({ ...newcomer(), peers })
  }

  #become(identity: Identity): void {
    this.#identity = identity
    this.#keepIdentity(identity)
  }

  #keepIdentity(identity: Identity): void {
    replaceFile(this.#directory, IDENTITY_FILE, Buffer.from(writeIdentity(identity), 'latin1'))
  }

  write(write: Write): void {
    this.#queue.push(write)
    if (!this.#isBusy) this.#drain()
  }

  async close(): Promise<void> {
    if (this.#isBusy) {
      await new Promise<void>(resolve => {
        this.#idle = resolve
      })
    }
    await this.#file.close()
    await this.#lock.release()
  }

  #drain(): void {
    this.#isBusy = true
    this.#writeQueued().then(
      () => {
        this.#isBusy = false
        this.#idle?.()
      },
      (error: Error) => this.#events?.failed(error),
    )
  }

  async #writeQueued(): Promise<void> {
    while (this.#queue.length > 0) {
      const writes = this.#queue
      this.#queue = []
      for (const write of writes) this.#image.keep(write)
      if (writes.some(write => write.snapshot !== undefined)) await this.#rewrite()
      else await this.#append(writes)
      this.#events?.persisted(writes.at(-1)!.number)
    }
  }

  async #append(writes: readonly Write[]): Promise<void> {
    const records = Buffer.concat(writes.map(encodeRecord))
    await this.#writeAll(this.#file, records, this.#bytes)
    await this.#file.datasync()
    this.#bytes += records.length
  }

  /** A new file with what counts now takes the place of the old one. */
  async #rewrite(): Promise<void> {
    const record = encodeRecord({ ...this.#image.restored, isSnapshotInstalled: true })
    const path = join(this.#directory, CONSENSUS_FILE)
    const draft = `${path}.draft`
    const file = await open(draft, 'w+')
    const bytes = Buffer.concat([FILE_HEADER, record])
    await this.#writeAll(file, bytes, 0)
    await file.sync()
    renameSync(draft, path)
    syncDirectory(this.#directory)
    await this.#file.close()
    this.#file = file
    this.#bytes = bytes.length
  }

  async #writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
    let written = 0
    while (written < bytes.length) {
      const left = bytes.length - written
      written += (await file.write(bytes, written, left, position + written)).bytesWritten
    }
  }
}

function newcomer(): Identity {
  const id = randomBytes(NODE_ID_BYTES).toString('hex')
  return { id, cluster: undefined, incarnation: 0, isLeaving: false, peers: [] }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A reader finds the old file or the new one, whenever the machine stops. */
function replaceFile(directory: string, name: string, content: Buffer): void {
  const draft = join(directory, `${name}.draft`)
  const descriptor = openSync(draft, 'w', 0o600)
  try {
    writeFileSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(draft, join(directory, name))
  syncDirectory(directory)
}

/** Brings the new name to disk. */
function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
