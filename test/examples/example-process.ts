// An example as its README starts it: a child process of its own, built by `npm run examples`, so that
// `latchkey/client` leads it to the package as published.
//
// What it prints is read line by line; a test goes on when a line has come, never after some time.
// No child outlives the test that started it.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { repositoryRoot } from '../harness/repository-root.ts'

export interface ExampleProcess {
  readonly pid: number
  /** What it has printed, both streams. */
  readonly lines: readonly string[]
  /** The first line so, now or when it comes; fails if it ends before. */
  line(pattern: RegExp): Promise<string>
  /** Ends its standard input. */
  endInput(): void
  signal(signal: NodeJS.Signals): void
  /** The exit code; null if a signal ended it. */
  readonly ended: Promise<number | null>
}

const running = new Set<ChildProcess>()

/** SIGKILL, which also ends those that SIGSTOP has stopped. */
export async function killExamples(): Promise<void> {
  const ends = [...running].map(child => {
    child.kill('SIGKILL')
    return new Promise(resolve => child.once('close', resolve))
  })
  await Promise.all(ends)
}

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts `examples/<program>.ts`. */
export function startExample(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): ExampleProcess {
  const file = join(repositoryRoot, 'examples', 'dist', `${program}.js`)
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run build && npm run examples`)
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  running.add(child)
  const lines: string[] = []
  const watchers = new Set<() => void>()
  let isOver = false
  const collect = (line: string) => {
    lines.push(line)
    for (const watcher of [...watchers]) watcher()
  }
  createInterface(child.stdout).on('line', collect)
  createInterface(child.stderr).on('line', collect)
  const ended = new Promise<number | null>(resolve => {
    // After 'exit' some of its output may still be under way; 'close' comes behind it.
    child.once('close', code => {
      isOver = true
      running.delete(child)
      for (const watcher of [...watchers]) watcher()
      resolve(code)
    })
  })
  return {
    pid: child.pid!,
    lines,
    ended,
    line: pattern =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(line => pattern.test(line))
          if (found === undefined && !isOver) return
          watchers.delete(look)
          if (found !== undefined) return resolve(found)
          reject(new Error(`${program} ended without ${pattern}:\n${lines.join('\n')}`))
        }
        watchers.add(look)
        look()
      }),
    endInput: () => child.stdin.end(),
    signal: signal => {
      child.kill(signal)
    },
  }
}
