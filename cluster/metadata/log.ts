// Where the shell of the metadata plane writes what an operator should know. On its own thread that
// is a message to the thread that has the log.

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type Log = {
  readonly [Level in LogLevel]: (facts: Readonly<Record<string, unknown>>, text: string) => void
}
