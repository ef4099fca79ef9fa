// directive.ts — What every source of the configuration is read into.

/** The words of one line, flag or variable, and where they were read. */
export interface Directive {
  readonly name: string
  readonly words: readonly string[]
  /** As in `latchkey.conf:12`, `--port`, `LATCHKEY_PORT`. */
  readonly origin: string
}

/** Why the server cannot start, in one line that names the place to mend. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
