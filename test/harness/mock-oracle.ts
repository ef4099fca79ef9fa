// ioredis-mock as a second oracle, for machines without a redis-server.
//
// It imitates replies as ioredis presents them, not bytes: so what is compared are values, of commands in
// which it is known to agree with Redis. Which those are, test/differential/mock.test.ts says, and proves
// against a real Redis where there is one.
import IORedisMock from 'ioredis-mock'
import { RespError, type RespValue } from './resp-value.ts'

type MockCommand = (...args: string[]) => Promise<unknown>

export class MockOracle {
  readonly #mock = new IORedisMock()

  /** The mock has a method per command, in lower case. */
  async call(name: string, ...args: readonly string[]): Promise<RespValue> {
    const command: unknown = Reflect.get(this.#mock, name.toLowerCase())
    if (typeof command !== 'function') throw new Error(`ioredis-mock has no ${name}`)
    try {
      return (await (command as MockCommand).call(this.#mock, ...args)) as RespValue
    } catch (error) {
      return new RespError((error as Error).message)
    }
  }

  close(): void {
    this.#mock.disconnect()
  }
}
