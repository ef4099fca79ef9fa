// disk-file.ts — The configuration file on disk, for CONFIG REWRITE.
//
// A reader of the file sees the old text or the new one, never a part, and neither is lost if the machine
// stops: the new text is written beside it, brought to disk, and renamed into its place.
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ConfigFile } from './config.ts'

export class DiskFile implements ConfigFile {
  readonly path: string

  constructor(path: string) {
    // The working directory may change later.
    this.path = resolve(path)
  }

  read(): Buffer {
    return readFileSync(this.path)
  }

  replace(text: Buffer): void {
    // A symbolic link stays one: what it leads to is replaced.
    const target = realpathSync(this.path)
    const draft = `${target}.${process.pid}.tmp`
    try {
      writeToDisk(draft, text, statSync(target).mode & 0o777)
      renameSync(draft, target)
    } catch (error) {
      rmSync(draft, { force: true })
      throw error
    }
    syncDirectory(dirname(target))
  }
}

function writeToDisk(path: string, text: Buffer, mode: number): void {
  const fd = openSync(path, 'w', mode)
  try {
    // The mask of the process does not apply: permissions stay what they were.
    fchmodSync(fd, mode)
    writeFileSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Brings the new name to disk. */
function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
