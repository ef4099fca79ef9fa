// What makes the examples ones to copy: they stand on the published package, are explained, and are run.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repositoryRoot } from '../harness/repository-root.ts'

const root = join(repositoryRoot, 'examples')
const folders = readdirSync(root, { withFileTypes: true })
  .filter(entry => entry.isDirectory() && entry.name !== 'dist')
  .map(entry => entry.name)

test.each(folders)('%s has a page, a line in the list of examples, and a test', folder => {
  expect(readFileSync(join(root, folder, 'README.md'), 'utf8')).toMatch(/^# /)
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`[${folder}](${folder})`)
  expect(existsSync(join(import.meta.dirname, `${folder}.test.ts`))).toBe(true)
})

test.each(folders)(
  '%s imports packages and its own files only, and says what each file is',
  folder => {
    for (const name of readdirSync(join(root, folder)).filter(name => name.endsWith('.ts'))) {
      const text = readFileSync(join(root, folder, name), 'utf8')
      expect(text.startsWith(`// ${name} — `), name).toBe(true)
      for (const [, specifier] of text.matchAll(/from '([^']+)'/g)) {
        expect(specifier, name).toMatch(/^(?!\.\.|\/)/)
      }
    }
  },
)
