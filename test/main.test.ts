// The process as operators meet it: what they have to mend is said in one line.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repositoryRoot } from './harness/repository-root.ts'

const main = join(repositoryRoot, 'dist', 'main.js')
const MISSING = '/nowhere/at/all'

// LATCHKEY_… variables are settings to a Latchkey, and some of the tests' own have the same prefix.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_')),
)

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--port', '0', ...args], {
    encoding: 'utf8',
    env,
    timeout: 9_000,
  })
  return { status, stdout, stderr }
}

describe('latchkey', () => {
  test.each([
    [['--dir', MISSING], MISSING],
    [['--logfile', `${MISSING}/log`], `${MISSING}/log`],
    [['--pidfile', `${MISSING}/pid`], `${MISSING}/pid`],
    [['--aclfile', `${MISSING}/users`], `${MISSING}/users`],
    [['--cluster-enabled', 'yes', '--cluster-join', 'nowhere'], "'nowhere' in cluster-join"],
    [
      ['--cluster-enabled', 'yes', '--cluster-secret', 's', '--bind', '10.0.0.1'],
      'no other node could connect to 10.0.0.1: set requirepass',
    ],
    [['--cluster-lease', '900'], 'cluster-node-timeout must be longer'],
  ])('started with %j says what is wrong and ends', (args, reason) => {
    const { status, stdout, stderr } = run(...args)
    expect(stderr).toMatch(/^latchkey: [^\n]*\n$/)
    expect(stderr).toContain(reason)
    expect(stdout).toBe('')
    expect(status).toBe(1)
  })
})
