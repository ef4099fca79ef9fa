// What the table accepts, the server honours: every setting is read by some source file, or its row says
// that it has no effect, or that it takes one value only.
//
// Settings of parts that are still being built wait in a list by part. A line goes when its part comes;
// nothing is added.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { settingNames, settings } from '../../src/config/settings.ts'
import { repositoryRoot } from '../harness/repository-root.ts'

const awaited = new Set([
  // Server
  ...['tracking-table-max-keys'],
  // ACL
  ...['aclfile', 'user', 'acl-pubsub-default', 'acllog-max-len'],
  // Data types and scripts
  ...['hash-max-listpack-entries', 'hash-max-listpack-value', 'list-max-listpack-size'],
  ...['set-max-intset-entries', 'set-max-listpack-entries', 'set-max-listpack-value'],
  ...['zset-max-listpack-entries', 'zset-max-listpack-value', 'stream-node-max-bytes'],
  ...['stream-node-max-entries', 'hll-sparse-max-bytes', 'busy-reply-threshold'],
  // Coordination
  ...['lock-default-lease', 'coordination-reconnect-grace'],
  // Cluster
  ...['min-insync-owners', 'cluster-park-timeout', 'cluster-routing'],
  ...['cluster-advertise-backups'],
])

const sources = ['src', 'commands', 'cluster']
  .flatMap(folder =>
    readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' }).map(name =>
      join(repositoryRoot, folder, name),
    ),
  )
  .filter(path => path.endsWith('.ts') && !path.includes('/src/config/'))
  .concat(join(repositoryRoot, 'main.ts'), join(repositoryRoot, 'launch.ts'))
  .map(path => readFileSync(path, 'utf8'))
  .join('\n')

test.each(settingNames)('%s is honoured', name => {
  const { inert, syntax } = settings[name]
  if (inert || syntax.onlyOneValue || awaited.has(name)) return
  expect(sources).toMatch(
    new RegExp(`\\bvalues(\\.${name}\\b|\\['${name}'\\])|'${name}': \\w+[^}]*} = [\\w.]*values\\b`),
  )
})

test('what waits to be honoured is in the table', () => {
  expect([...awaited].filter(name => !(name in settings))).toEqual([])
})
