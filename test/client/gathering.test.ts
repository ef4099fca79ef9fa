import { expect, test } from 'vitest'
import { command } from '../../src/client/command.ts'
import { IoredisTransport } from '../../src/client/ioredis.ts'
import type { IoredisClient } from '../../src/client/redis.ts'

/** Notes what happens to its socket, and answers at once. */
class Fake implements IoredisClient {
  readonly options = {}
  readonly events: string[] = []
  readonly stream = {
    writableCorked: 0,
    cork: () => {
      this.stream.writableCorked += 1
      this.events.push('cork')
    },
    uncork: () => {
      this.stream.writableCorked -= 1
      this.events.push('uncork')
    },
  }

  async call(name: string): Promise<unknown> {
    this.events.push(name)
    return 1
  }

  pipeline(): never {
    throw new Error('not needed here')
  }

  duplicate(): never {
    throw new Error('not needed here')
  }

  on(): void {}
  disconnect(): void {}
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('commands of one turn are one write, also those that replies of this turn lead to', async () => {
  const fake = new Fake()
  const transport = new IoredisTransport(fake)
  const twice = async () => {
    await transport.send(command('A', 'k'))
    await transport.send(command('B', 'k'))
  }
  await turn()
  await Promise.all([twice(), twice(), turn()])
  expect(fake.events).toEqual(['cork', 'A', 'A', 'B', 'B', 'uncork'])
  await transport.send(command('C', 'k'))
  await turn()
  expect(fake.events.slice(6)).toEqual(['cork', 'C', 'uncork'])
})

test('of many commands the first are written while the others are made', async () => {
  const fake = new Fake()
  const transport = new IoredisTransport(fake)
  await Promise.all(Array.from({ length: 40 }, () => transport.send(command('A', 'k'))))
  await turn()
  const writes = fake.events
    .join('')
    .replaceAll('A', '.')
    .split('cork')
    .filter(part => part !== '')
  expect(writes.map(part => part.length)).toEqual([18, 18, 10])
  expect(fake.stream.writableCorked).toBe(0)
})

test('a socket that the application gathers itself is left to it', async () => {
  const fake = new Fake()
  fake.stream.cork()
  await new IoredisTransport(fake).send(command('A', 'k'))
  await turn()
  expect(fake.events).toEqual(['cork', 'A'])
})
