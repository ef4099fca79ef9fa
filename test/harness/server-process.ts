// A server under test as a child process: started on a free loopback port in a directory of its own,
// awaited until it answers a PING, stopped for certain.
//
// It knows nothing of what the server is: any program that takes `--port N` and speaks RESP will do.
// No child outlives the process that started it, and none writes outside its temporary directory.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const HOST = '127.0.0.1'
const READY_TIMEOUT_MS = 20_000
const READY_PROBE_MS = 20
const STOP_TIMEOUT_MS = 10_000
/** Only the end of what a server prints is kept: enough to say why it did not start. */
const OUTPUT_CHARACTERS_MAX = 64 * 1024

export interface ServerProcess {
  readonly host: string
  readonly port: number
  readonly pid: number
  /** The last of what the server printed, both streams. */
  output(): string
  stop(): Promise<void>
}

// LATCHKEY_… variables are settings to a Latchkey, and some of the tests' own have the same prefix.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_')),
)

/** The children that run, and their directories. */
const running = new Map<ChildProcess, string>()

process.once('exit', () => {
  for (const [child, directory] of running) {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
})
// The test runner ends its workers by a signal, of which 'exit' would hear nothing.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => process.exit(1))
}

/**
 * Starts `command --port N options…`; the command's first word is looked up on PATH. The port is the
 * system's choice unless it is given.
 */
export async function startServerProcess(
  command: readonly string[],
  options: readonly string[],
  givenPort?: number,
): Promise<ServerProcess> {
  const [program, ...args] = command
  if (program === undefined) throw new Error('the command of the server is empty')
  const port = givenPort ?? (await findFreePort())
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
  const child = spawn(program, [...args, '--port', String(port), ...options], {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString('latin1')).slice(-OUTPUT_CHARACTERS_MAX)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  running.set(child, directory)

  let ended: string | undefined
  const end = new Promise<void>(resolve => {
    const settle = (reason: string) => {
      ended ??= reason
      running.delete(child)
      rmSync(directory, { recursive: true, force: true })
      resolve()
    }
    child.once('error', error => settle(error.message))
    child.once('exit', (code, signal) => settle(`it ended with ${signal ?? code}`))
  })

  const stop = async () => {
    if (ended !== undefined) return
    child.kill('SIGTERM')
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await end
    clearTimeout(impatience)
  }

  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!(await answersPing(port))) {
    if (ended === undefined && performance.now() < deadline) {
      await sleep(READY_PROBE_MS)
      continue
    }
    const reason = ended ?? `no answer on port ${port} within ${READY_TIMEOUT_MS} ms`
    await stop()
    throw new Error(`${command.join(' ')} did not start: ${reason}\n${output}`)
  }
  return { host: HOST, port, pid: child.pid!, output: () => output, stop }
}

/** The system's choice; another process may take it before ours does, which then fails to start. */
function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, HOST, () => {
      const address = probe.address()
      if (address === null || typeof address === 'string')
        throw new Error('a TCP port was expected')
      probe.close(() => resolve(address.port))
    })
  })
}

/** Any answer counts, `-NOAUTH` too; only `-LOADING` means "not yet". */
function answersPing(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, HOST)
    const settle = (answers: boolean) => {
      socket.destroy()
      resolve(answers)
    }
    socket.setTimeout(READY_TIMEOUT_MS, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
    socket.once('data', reply => settle(!reply.toString('latin1').startsWith('-LOADING')))
    socket.write('*1\r\n$4\r\nPING\r\n')
  })
}
