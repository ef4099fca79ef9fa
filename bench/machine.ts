// Where and on what a benchmark ran: without it no figure means anything.
import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { repositoryRoot } from '../test/harness/repository-root.ts'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGib: number
  readonly system: string
  /** What else was running in the minute before. */
  readonly loadAverage: number
  /** With `+` if the working tree differs from it. */
  readonly commit: string
}

export function describeMachine(): Machine {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', repositoryRoot, ...args], { encoding: 'latin1' }).trim()
  const edited = git('status', '--porcelain', '--untracked-files=no') !== ''
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    loadAverage: loadavg()[0]!,
    commit: `${git('rev-parse', '--short=12', 'HEAD')}${edited ? '+' : ''}`,
  }
}
