// The one class of redis-parser, which ships no types of its own.
declare module 'redis-parser' {
  export interface RedisParserOptions {
    readonly returnReply: (reply: unknown) => void
    readonly returnError: (error: Error) => void
    readonly returnFatalError?: (error: Error) => void
    readonly returnBuffers?: boolean
    readonly stringNumbers?: boolean
  }

  export default class RedisParser {
    constructor(options: RedisParserOptions)
    execute(chunk: Buffer): void
    reset(): void
  }
}
