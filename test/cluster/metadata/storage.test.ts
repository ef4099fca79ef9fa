// Files in a directory of their own, and the lock on it, also against killed processes.

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { DirectoryInUse, DirectoryLock } from '../../../cluster/metadata/directory-lock.ts'
import { foundingDisk } from '../../../cluster/metadata/founding.ts'
import { readIdentity, writeIdentity } from '../../../cluster/metadata/identity.ts'
import { Storage } from '../../../cluster/metadata/storage.ts'
import type { Entry } from '../../../cluster/raft/entry.ts'
import type { Write } from '../../../cluster/raft/event.ts'
import { BLANK } from '../../../cluster/raft/raft.ts'
import { introduction, nodeId } from '../topology/fixtures.ts'

const CLUSTER = 'c'.repeat(40)
const directories: string[] = []

afterEach(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  directories.length = 0
})

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'latchkey-storage-'))
  directories.push(path)
  return path
}

function entries(first: number, term: number, count: number): readonly Entry[] {
  return Array.from({ length: count }, (_, at) => {
    return { kind: 'command', index: first + at, term, bytes: new Uint8Array(50).fill(at) } as const
  })
}

function write(number: number, changes: Partial<Write>): Write {
  const nothing = { hardState: undefined, snapshot: undefined, isSnapshotInstalled: false }
  return { ...nothing, number, entries: [], ...changes }
}

/** Resolves when this write is reported. */
function writing(storage: Storage, last: number): Promise<readonly number[]> {
  const reported: number[] = []
  return new Promise((resolve, reject) => {
    storage.events = {
      persisted: number => {
        reported.push(number)
        if (number === last) resolve(reported)
      },
      failed: reject,
    }
  })
}

async function founded(path: string): Promise<Storage> {
  const storage = await Storage.open(path)
  await storage.found(CLUSTER, foundingDisk(introduction(1)))
  return storage
}

describe('A data directory', () => {
  it('makes a node of its own at first, and a new life of it each time', async () => {
    const path = join(directory(), 'deep', 'down')
    const first = await Storage.open(path)
    const { id } = first.identity
    const nothing = { isLeaving: false, peers: [] }
    expect(first.identity).toEqual({ id, cluster: undefined, incarnation: 1, ...nothing })
    expect(first.restored).toEqual(BLANK)
    await first.close()
    const second = await Storage.open(path)
    expect(second.identity).toEqual({ id, cluster: undefined, incarnation: 2, ...nothing })
    second.join(CLUSTER)
    await second.close()
    const third = await Storage.open(path)
    expect(third.identity).toEqual({ id, cluster: CLUSTER, incarnation: 3, ...nothing })
    await third.close()
  })

  it('gives back what was reported to be durable, in the order of the writes', async () => {
    const path = directory()
    const storage = await founded(path)
    const done = writing(storage, 40)
    for (let number = 1; number <= 40; number++) {
      const first = 1 + number
      storage.write(write(number, { entries: entries(first, number, 3) }))
    }
    const reported = await done
    expect(reported).toEqual([...reported].sort((a, b) => a - b))
    // Writes that came while the disk was busy went together.
    expect(reported.length).toBeLessThan(10)
    const { restored } = storage
    await storage.close()
    const again = await Storage.open(path)
    expect(again.restored.entries).toEqual(restored.entries)
    expect(again.restored.snapshot!.index).toBe(1)
    expect(again.restored.entries).toHaveLength(42)
    await again.close()
  })

  it('begins its file anew with a snapshot, and keeps what follows', async () => {
    const path = directory()
    const storage = await founded(path)
    const done = writing(storage, 3)
    storage.write(write(1, { entries: entries(2, 1, 200) }))
    const { snapshot } = foundingDisk(introduction(1))
    const later = { ...snapshot!, index: 190 }
    storage.write(write(2, { snapshot: later, hardState: { term: 4, vote: nodeId(3) } }))
    storage.write(write(3, { entries: entries(202, 4, 1) }))
    await done
    await storage.close()
    const again = await Storage.open(path)
    expect(again.restored.hardState).toEqual({ term: 4, vote: nodeId(3) })
    expect(again.restored.snapshot!.index).toBe(190)
    expect(again.restored.entries.map(entry => entry.index)).toEqual(
      Array.from({ length: 12 }, (_, at) => 191 + at),
    )
    expect(readdirSync(path).filter(name => name.endsWith('draft'))).toEqual([])
    await again.close()
  })

  it('forgets a founding that was cut short', async () => {
    const path = directory()
    const storage = await founded(path)
    await storage.close()
    const identity = readIdentity(readFileSync(join(path, 'node'), 'latin1'))
    const withoutCluster = writeIdentity({ ...identity, cluster: undefined })
    writeFileSync(join(path, 'node'), withoutCluster)
    const again = await Storage.open(path)
    expect(again.restored).toEqual(BLANK)
    await again.close()
  })

  it('that is damaged is not taken for an empty one', async () => {
    const path = directory()
    await (await founded(path)).close()
    writeFileSync(join(path, 'consensus'), 'not what we wrote')
    await expect(Storage.open(path)).rejects.toThrow('not a file of this version')
    writeFileSync(join(path, 'node'), '{"version":1}')
    await expect(Storage.open(path)).rejects.toThrow('not an identity')
  })
})

describe('A node that has left', () => {
  it('is another one at the next start, and knows whom to ask', async () => {
    const path = directory()
    const storage = await founded(path)
    const { id } = storage.identity
    storage.isLeaving = true
    await storage.close()
    const leaving = await Storage.open(path)
    expect(leaving.identity).toMatchObject({ id, isLeaving: true, cluster: CLUSTER })
    const peers = [{ host: '10.0.0.2', port: 16_379 }]
    leaving.leave(peers)
    await leaving.close()
    const fresh = await Storage.open(path)
    expect(fresh.identity).toMatchObject({ cluster: undefined, incarnation: 1, peers })
    expect(fresh.identity.id).not.toBe(id)
    expect(fresh.restored).toEqual(BLANK)
    await fresh.close()
  })
})

describe('A lock', () => {
  it('is taken by one, and free again when it is released', async () => {
    const path = directory()
    const lock = await DirectoryLock.take(path)
    await expect(DirectoryLock.take(path)).rejects.toThrow(DirectoryInUse)
    await lock.release()
    await (await DirectoryLock.take(path)).release()
  })

  it('works in a directory whose path is too long for a socket', async () => {
    const path = join(directory(), 'a'.repeat(100), 'b'.repeat(100))
    mkdirSync(path, { recursive: true })
    const lock = await DirectoryLock.take(path)
    await expect(DirectoryLock.take(path)).rejects.toThrow(DirectoryInUse)
    await lock.release()
  })

  it('of a process that was killed is taken over, by one of those who try', async () => {
    const path = directory()
    const code = `require('node:net').createServer(s => s.end('x')).listen(process.argv[1], () => {
      process.stdout.write('listening')
    })`
    const child = spawn(process.execPath, ['-e', code, join(path, 'lock')])
    await new Promise(resolve => child.stdout.once('data', resolve))
    await expect(DirectoryLock.take(path)).rejects.toThrow(DirectoryInUse)
    const exited = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
    const taken = await Promise.allSettled([
      DirectoryLock.take(path),
      DirectoryLock.take(path),
      DirectoryLock.take(path),
    ])
    const locks = taken.filter(result => result.status === 'fulfilled')
    expect(locks).toHaveLength(1)
    await locks[0]!.value.release()
  })
})
