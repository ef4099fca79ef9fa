// redis.ts — What this client needs of the applications' own Redis clients, as shapes.
//
// Neither library is imported: an ioredis `Redis` or `Cluster` and a node-redis client or cluster
// fit these shapes, in the majors 5 and 6, and so does whatever behaves like them.

/** What all have in common. */
interface Listening {
  on(event: 'error', listener: (error: Error) => void): unknown
}

export interface IoredisPipeline {
  call(command: string, args: string[]): unknown
  exec(): Promise<[error: Error | null, reply: unknown][] | null>
}

/** A socket that can be told to gather what is written to it. */
export interface Corkable {
  readonly writableCorked: number
  cork(): void
  uncork(): void
}

/** An ioredis `Redis`. */
export interface IoredisClient extends Listening {
  readonly options: { readonly keyPrefix?: string | undefined }
  /** There is none before it connects. */
  readonly stream?: Corkable
  on(event: 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  call(command: string, args: string[]): Promise<unknown>
  pipeline(): IoredisPipeline
  duplicate(override?: object): IoredisClient
  disconnect(): void
}

/** A command of ioredis on its way. `keys` are looked up by name, unless they are there already. */
export interface IoredisCommand {
  keys?: unknown
}

/** An ioredis `Cluster`. */
export interface IoredisCluster extends Listening {
  readonly isCluster: boolean
  readonly options: object
  call(command: string, args: string[]): Promise<unknown>
  sendCommand(command: never): unknown
  nodes(): unknown[]
  duplicate(nodes?: never[], override?: object): IoredisCluster
  disconnect(): void
}

/** A node-redis client. */
export interface NodeRedisClient extends Listening {
  readonly isOpen: boolean
  on(event: 'reconnecting' | 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  sendCommand(args: readonly string[]): Promise<unknown>
  duplicate(): NodeRedisClient
  connect(): Promise<unknown>
  destroy(): void
}

/** A node-redis cluster, whose commands say by which key they are routed. */
export interface NodeRedisCluster extends Listening {
  readonly isOpen: boolean
  readonly masters: unknown
  sendCommand(key: string, isReadonly: boolean, args: string[]): Promise<unknown>
  duplicate(): NodeRedisCluster
  connect(): Promise<unknown>
  destroy(): void
}

export type AnyRedis = IoredisClient | IoredisCluster | NodeRedisClient | NodeRedisCluster
