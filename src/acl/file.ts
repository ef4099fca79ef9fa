// file.ts — The file of ACL users on disk.
//
// It is written beside its place and then moved there, so that a crash leaves the old users or the
// new ones, never half of either. It holds password hashes: only its owner may read it.

import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import type { AclStore } from './store.ts'

const OWNER_ONLY = 0o600

export class AclFile implements AclStore {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  read(): string {
    return readFileSync(this.path, 'latin1')
  }

  write(text: string): void {
    const draft = `${this.path}.tmp-${process.pid}`
    try {
      const file = openSync(draft, 'w', OWNER_ONLY)
      try {
        writeFileSync(file, text, 'latin1')
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(draft, this.path)
    } catch (error) {
      rmSync(draft, { force: true })
      throw error
    }
  }
}
