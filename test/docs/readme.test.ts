// What the README shows can be done as it is written there.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { repositoryRoot } from '../harness/repository-root.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
  language,
  text: text!,
}))

describeWithRedis('the README', () => {
  let server: ServerProcess

  beforeAll(async () => {
    server = await startLatchkeyServer()
  })

  afterAll(async () => {
    await server.stop()
  })

  const lines = blocks
    // What it shows of a cluster is in cluster.test.ts.
    .filter(block => block.language === 'sh' && !block.text.includes('npm run cluster'))
    .flatMap(block => block.text.split('\n'))
    .filter(line => line.startsWith('redis-cli '))

  test('has examples', () => {
    expect(lines.length).toBeGreaterThan(3)
  })

  test.each(lines)('%s', line => {
    const args = line.split(' ').slice(1)
    const { status, stdout } = spawnSync('redis-cli', ['-p', String(server.port), ...args], {
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(stdout).not.toMatch(/^(ERR|\(error\))/)
    expect(stdout.trim()).not.toBe('')
  })

  test('the lock from Node.js', async () => {
    const example = blocks.find(
      block => block.text.includes('LOCK.ACQUIRE') && block.language === 'ts',
    )
    const call = /redis\.call\(([\s\S]*?)\)/.exec(example!.text)![1]!
    const args = [...call.matchAll(/'([^']*)'/g)].map(([, word]) => word!)
    const redis = new Redis({ host: server.host, port: server.port })
    try {
      expect(await redis.call(...(args as [string, ...string[]]))).toBeGreaterThan(0)
    } finally {
      redis.disconnect()
    }
  })
})
