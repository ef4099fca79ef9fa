// Requests to feed to what is measured: a pipeline of commands in one chunk, over many keys.

const KEYS = 100_000

export const VALUE_3 = 'xyz'
export const VALUE_100 = 'x'.repeat(100)

/** The n-th of the keys, sixteen bytes long, in an order that no cache can guess. */
export function keyName(n: number): string {
  return `key:${String((n * 48_271) % KEYS).padStart(12, '0')}`
}

export function encode(...args: readonly string[]): string {
  return `*${args.length}\r\n${args.map(arg => `$${arg.length}\r\n${arg}\r\n`).join('')}`
}

/** One chunk of `count` commands. */
export function pipelineOf(count: number, command: (n: number) => string): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, n) => command(n)).join(''), 'latin1')
}

/** As many chunks as it takes to come round all keys, each of `count` commands. */
export function pipelinesOf(count: number, command: (n: number) => string): Buffer[] {
  return Array.from({ length: Math.ceil(KEYS / count) }, (_, chunk) =>
    pipelineOf(count, n => command(chunk * count + n)),
  )
}
