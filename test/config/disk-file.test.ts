import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DiskFile } from '../../src/config/disk-file.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-config-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

test('replaces the text, keeps the permissions, and leaves nothing beside it', () => {
  const path = join(directory, 'a.conf')
  writeFileSync(path, 'old')
  chmodSync(path, 0o606)
  const file = new DiskFile(path)
  expect(file.read().toString()).toBe('old')
  file.replace(Buffer.from('new'))
  expect(readFileSync(path, 'latin1')).toBe('new')
  expect(statSync(path).mode & 0o777).toBe(0o606)
  expect(readdirSync(directory)).toEqual(['a.conf'])
})

test('replaces what a symbolic link leads to, and keeps the link', () => {
  const path = join(directory, 'real.conf')
  const link = join(directory, 'link.conf')
  writeFileSync(path, 'old')
  symlinkSync('real.conf', link)
  new DiskFile(link).replace(Buffer.from('new'))
  expect(readFileSync(path, 'latin1')).toBe('new')
  expect(realpathSync(link)).toBe(realpathSync(path))
})

test('fails where there is no file, and makes none', () => {
  const file = new DiskFile(join(directory, 'none.conf'))
  expect(() => file.read()).toThrow('ENOENT')
  expect(() => file.replace(Buffer.from('new'))).toThrow('ENOENT')
  expect(readdirSync(directory)).toEqual([])
})

test('a relative path stays what it was when the working directory changes', () => {
  const before = process.cwd()
  try {
    process.chdir(directory)
    writeFileSync('a.conf', 'old')
    const file = new DiskFile('a.conf')
    process.chdir(tmpdir())
    expect(file.read().toString()).toBe('old')
  } finally {
    process.chdir(before)
  }
})
