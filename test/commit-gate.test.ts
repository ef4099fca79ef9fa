import { expect, it } from 'vitest'
import type { CommitLog, Dependency } from '../src/commit-gate.ts'
import { InProcessServer } from './harness/in-process.ts'

class OpenEntry implements Dependency {
  isCommitted: boolean | undefined = undefined
  readonly #listeners: Parameters<Dependency['listen']>[0][] = []

  listen(listener: Parameters<Dependency['listen']>[0]): void {
    this.#listeners.push(listener)
  }

  settle(isCommitted: boolean): void {
    this.isCommitted = isCommitted
    for (const listener of this.#listeners) listener.settled(this, isCommitted)
  }
}

/** A log in which one entry at most is open. */
class OneEntry implements CommitLog {
  current: OpenEntry | undefined = undefined

  open(): Dependency | undefined {
    return this.current
  }

  *openAll(): Iterable<Dependency> {
    if (this.current !== undefined) yield this.current
  }

  refusal(_segment: number, isWrite: boolean): string {
    return isWrite ? 'INDOUBT it may have happened' : 'MOVED 1 elsewhere:6379'
  }
}

function gated() {
  const server = new InProcessServer()
  const log = new OneEntry()
  server.server.replicate(log, { acknowledged: () => 0, holders: [] }, true)
  const client = server.connect()
  return { server, log, client }
}

it('a reply waits for the entry that it depends on, and those after it wait too', () => {
  const { server, log, client } = gated()
  expect(client.call('SET', 'a', '1')).toBe('OK')
  log.current = new OpenEntry()
  client.send('SET', 'a', '2')
  const entry = log.current
  log.current = undefined
  client.send('PING')
  expect(client.replies()).toEqual([])
  entry.settle(true)
  server.server.flush()
  expect(client.replies()).toEqual(['OK', 'PONG'])
})

it('commands that came in one packet are answered in order when the last entry is settled', () => {
  const { server, log, client } = gated()
  const first = new OpenEntry()
  const second = new OpenEntry()
  log.current = first
  client.send('SET', 'a', '1')
  log.current = second
  expect(client.pipeline(['GET', 'a'], ['ECHO', 'x'], ['INCR', 'a'])).toEqual([])
  second.settle(true)
  server.server.flush()
  expect(client.replies()).toEqual([])
  first.settle(true)
  server.server.flush()
  expect(client.replies()).toEqual(['OK', '1', 'x', 2])
})

it('a write whose entry is lost is in doubt, a read is sent elsewhere, the rest stands', () => {
  const { server, log, client } = gated()
  const entry = new OpenEntry()
  log.current = entry
  expect(client.pipeline(['PING'], ['SET', 'a', '1'], ['GET', 'a'], ['ECHO', 'x'])).toEqual([])
  entry.settle(false)
  server.server.flush()
  const [pong, set, get, echo] = client.replies()
  expect(pong).toBe('PONG')
  expect(JSON.stringify(set)).toContain('INDOUBT')
  expect(JSON.stringify(get)).toContain('MOVED 1 elsewhere:6379')
  expect(echo).toBe('x')
})

it('a reply that a client does not want is not waited for', () => {
  const { log, client } = gated()
  client.send('CLIENT', 'REPLY', 'SKIP')
  log.current = new OpenEntry()
  client.send('SET', 'a', '1')
  log.current = undefined
  expect(client.call('PING')).toBe('PONG')
})

it('a connection that is to end does so after what is held', () => {
  const { server, log, client } = gated()
  const entry = new OpenEntry()
  log.current = entry
  client.send('SET', 'a', '1')
  log.current = undefined
  client.send('QUIT')
  expect(client.closed).toBe(false)
  entry.settle(true)
  server.server.flush()
  expect(client.replies()).toEqual(['OK', 'OK'])
  expect(client.closed).toBe(true)
})

it('what is held counts as output, and goes with its client', () => {
  const { server, log, client } = gated()
  const entry = new OpenEntry()
  log.current = entry
  client.send('SET', 'a', '1')
  expect(client.client.outputBytes).toBe(5)
  client.disconnect()
  expect(client.client.outputBytes).toBe(0)
  entry.settle(true)
  server.server.flush()
  expect(client.replies()).toEqual([])
})
