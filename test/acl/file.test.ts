import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AclFile } from '../../src/acl/file.ts'
import { InProcessServer } from '../harness/in-process.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-acl-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('AclFile replaces the file as a whole, readable by its owner only', () => {
  const path = join(folder, 'users.acl')
  writeFileSync(path, 'user old off\n')
  const file = new AclFile(path)
  file.write('user n\xe4w on\n')
  expect(file.read()).toBe('user n\xe4w on\n')
  expect(statSync(path).size).toBe('user n\xe4w on\n'.length)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['users.acl'])
})

it('AclFile leaves nothing behind where it cannot write', () => {
  const file = new AclFile(join(folder, 'no', 'such', 'folder'))
  expect(() => file.write('x')).toThrow('ENOENT')
  expect(readdirSync(folder)).toEqual([])
})

it('a server starts from the file that it saved', () => {
  const aclStore = new AclFile(join(folder, 'users.acl'))
  aclStore.write('')
  const client = new InProcessServer({ aclStore }).connect()
  client.call('ACL', 'SETUSER', 'ann', 'on', '>pw', '~k\xff*', '+get', '(~x +set)')
  expect(client.call('ACL', 'SAVE')).toBe('OK')
  const again = new InProcessServer({ aclStore }).connect()
  expect(again.call('ACL', 'LIST')).toEqual(client.call('ACL', 'LIST'))
  expect(again.call('AUTH', 'ann', 'pw')).toBe('OK')
})

it('a server does not start from a file that is missing', () => {
  const aclStore = new AclFile(join(folder, 'none'))
  expect(() => new InProcessServer({ aclStore })).toThrow(`aclfile: cannot read ${aclStore.path}`)
})
