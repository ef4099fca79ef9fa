// The histories that the load writes must convict a grid that does wrong.

import { describe, expect, test } from 'vitest'
import { latchkey } from '../../../src/client/index.ts'
import { Seeded } from '../raft/seeded.ts'
import { type Actor, Objects } from './objects.ts'

const OPERATIONS = 50

/** One machine, in so far as the objects need one. */
class Machine {
  readonly values = new Map<string, string>()
  readonly members = new Map<string, Set<string>>()
  /** What becomes of a command before it is executed. */
  before: (words: readonly string[]) => void = () => undefined

  async call(_: string, ...words: readonly string[]): Promise<unknown> {
    this.before(words)
    const [name, key, word] = words as [string, string, string]
    const members = this.members.get(key) ?? new Set()
    this.members.set(key, members)
    switch (name) {
      case 'SET':
        this.values.set(key, word)
        return 'OK'
      case 'GET':
        return this.values.get(key) ?? null
      case 'INCR': {
        const value = Number(this.values.get(key) ?? 0) + 1
        this.values.set(key, String(value))
        return value
      }
      case 'SADD': {
        const size = members.size
        return members.add(word).size - size
      }
      case 'SREM':
        return members.delete(word) ? 1 : 0
      case 'SISMEMBER':
        return members.has(word) ? 1 : 0
      default:
        return members.size
    }
  }
}

function actorOn(machine: Machine): Actor {
  let numbers = 0
  const client = {
    name: 'tester',
    redis: undefined as never,
    call: (key: string, ...words: readonly string[]) => machine.call(key, ...words),
    close: () => undefined,
  }
  const never = { isOpen: true, masters: [], sendCommand: () => new Promise(() => undefined) }
  const grid = latchkey({ ...never, on: () => undefined } as never)
  return { name: 'tester', client, grid, random: new Seeded(1), unique: () => ++numbers }
}

async function work(objects: Objects, actor: Actor): Promise<void> {
  for (let i = 0; i < OPERATIONS; i++) {
    await objects.register(actor, 'register').catch(() => undefined)
    await objects.counter(actor, 'counter').catch(() => undefined)
    await objects.set(actor, 'set').catch(() => undefined)
  }
}

describe('the histories', () => {
  test('acquit a machine that does everything right', async () => {
    const objects = new Objects()
    await work(objects, actorOn(new Machine()))
    expect(objects.registers.operations).toHaveLength(OPERATIONS)
    objects.verify()
  })

  test('forgive what nobody was told', async () => {
    const machine = new Machine()
    const random = new Seeded(2)
    machine.before = () => {
      if (random.chance(0.2)) throw new Error('Connection is closed.')
    }
    const objects = new Objects()
    await work(objects, actorOn(machine))
    objects.verify()
  })

  test.each([
    ['an acknowledged write is lost', (m: Machine) => m.values.set('register', 'of the past')],
    ['an acknowledged increment is lost', (m: Machine) => m.values.set('counter', '1')],
    ['a set forgets its members', (m: Machine) => m.members.clear()],
  ])('convict a machine: %s', async (_, spoil) => {
    const machine = new Machine()
    const objects = new Objects()
    const actor = actorOn(machine)
    await work(objects, actor)
    spoil(machine)
    await objects.readRegister(actor, 'register')
    await objects.readCounter(actor, 'counter')
    await objects.readSet(actor, 'set')
    expect(() => objects.verify()).toThrow('not linearizable')
  })

  test('leave out what was refused, and keep what may have been done', async () => {
    const machine = new Machine()
    const objects = new Objects()
    const actor = actorOn(machine)
    machine.before = () => {
      throw new Error('CLUSTERDOWN The cluster is down')
    }
    await expect(objects.readCounter(actor, 'counter')).rejects.toThrow('CLUSTERDOWN')
    expect(objects.counters.operations).toHaveLength(0)
    machine.before = () => {
      throw new Error('INDOUBT the command may or may not have taken effect')
    }
    await expect(objects.readCounter(actor, 'counter')).rejects.toThrow('INDOUBT')
    expect(objects.counters.operations).toMatchObject([{ output: undefined }])
  })
})
