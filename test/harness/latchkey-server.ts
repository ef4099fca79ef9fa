// The candidate: Latchkey as users start it, a child process of the built dist/main.js.
//
// LATCHKEY_CANDIDATE replaces its command line (words separated by spaces, `--port N` and the options
// are appended): another build, another node, or a redis-server, against which no suite may fail.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './repository-root.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const main = join(repositoryRoot, 'dist', 'main.js')

export function startLatchkeyServer(...options: readonly string[]): Promise<ServerProcess> {
  const candidate = process.env['LATCHKEY_CANDIDATE']
  if (candidate !== undefined) return startServerProcess(candidate.trim().split(/\s+/), options)
  if (!existsSync(main)) throw new Error(`${main} is missing: npm run build`)
  return startServerProcess([process.execPath, main], options)
}
