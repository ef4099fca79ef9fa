// setting.ts — One row of the table of settings, and what every row may say.
import type { Syntax } from './syntax.ts'

/** `live`: CONFIG SET. `protected`: CONFIG SET, if enable-protected-configs allows. `start`: never again. */
export type Change = 'live' | 'protected' | 'start'

export interface Setting<T> {
  readonly syntax: Syntax<T>
  readonly initial: T
  /** One sentence. */
  readonly help: string
  readonly change: Change
  /** Accepted so that files and tools written for Redis work, but nothing depends on it. */
  readonly inert: boolean
  /** The value is kept out of logs, SLOWLOG and MONITOR. */
  readonly sensitive: boolean
  /** A line of configuration files only, which CONFIG GET does not show. */
  readonly fileOnly: boolean
  /** Other names of the same setting. */
  readonly aliases: readonly string[]
}

export type SettingOptions = Partial<Omit<Setting<never>, 'syntax' | 'initial' | 'help'>>

export function setting<T>(
  syntax: Syntax<T>,
  initial: NoInfer<T>,
  help: string,
  options: SettingOptions = {},
): Setting<T> {
  return {
    syntax,
    initial,
    help,
    change: 'live',
    inert: false,
    sensitive: false,
    fileOnly: false,
    aliases: [],
    ...options,
  }
}
