// The reference: a real redis-server from PATH, without persistence.
//
// A machine without one skips the suites that need it and says so; where LATCHKEY_REQUIRE_REDIS=1,
// as on the build machine, its absence is an error, so that no suite is skipped there unseen.
import { spawnSync } from 'node:child_process'
import { describe } from 'vitest'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const version = spawnSync('redis-server', ['--version'], { encoding: 'latin1' })

export const redisServerAvailable = version.status === 0
export const redisServerVersion = /v=(\S+)/.exec(version.stdout ?? '')?.[1]

if (!redisServerAvailable && process.env['LATCHKEY_REQUIRE_REDIS'] === '1') {
  throw new Error('LATCHKEY_REQUIRE_REDIS=1, but there is no redis-server on PATH')
}

export function startRedisServer(...options: readonly string[]): Promise<ServerProcess> {
  return startServerProcess(['redis-server'], ['--save', '', '--appendonly', 'no', ...options])
}

/** A suite that compares with a real Redis; skipped with a notice where there is none. */
export function describeWithRedis(title: string, body: () => void): void {
  if (redisServerAvailable) {
    describe(title, body)
    return
  }
  process.stderr.write(`SKIPPED, no redis-server on PATH: ${title}\n`)
  describe.skip(`${title} (no redis-server on PATH)`, body)
}
