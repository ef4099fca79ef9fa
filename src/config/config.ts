// config.ts — The configuration in force: the values of all settings, and every way to change them.
//
// `values` always agrees with the table, with its rules and with every listener: a change that is
// refused anywhere is undone everywhere. Files are reached through what is passed in.
import { printable, ReplyError } from '../errors.ts'
import { compileGlob, type Glob } from '../glob.ts'
import { ConfigError, type Directive } from './directive.ts'
import { rewriteText } from './rewrite.ts'
import { rules, type SettingName, settings, type Values } from './settings.ts'
import { InvalidValue } from './syntax.ts'
import { findSetting, initialValues, known, readValue, writeValue } from './values.ts'

/**
 * Makes the server agree with a new value, or throws InvalidValue and leaves things as they were. All
 * values of the change are in place when it runs. If a later listener refuses, it runs again with
 * value and previous value exchanged, and then it must not refuse.
 */
export type Listener<Name extends SettingName> = (
  value: Values[Name],
  previous: Values[Name],
) => void

/** The file with which the server was started. Both methods may throw. */
export interface ConfigFile {
  readonly path: string
  read(): Buffer
  /** All of the text, or nothing. */
  replace(text: Buffer): void
}

export type Pair = readonly [name: string, value: string]

/** Directives of Redis that are refused for a reason of their own. */
const REFUSED_DIRECTIVES = new Map([
  ['rename-command', 'commands keep their names; forbid them with ACL rules'],
  ['loadmodule', 'there are no modules'],
])

/** A pattern of CONFIG GET without any of these is a name. */
const GLOB_CHARACTERS = /[*?[]/

export class Config {
  readonly values: Values = initialValues()
  /** Undefined if the server was started without one. */
  file: ConfigFile | undefined = undefined
  readonly #listeners = new Map<SettingName, ((before: Values) => void)[]>()

  /** Whether the value must not be seen in logs, SLOWLOG and MONITOR. */
  static isSensitive(name: string): boolean {
    const found = findSetting(name)
    return found !== undefined && settings[found].sensitive
  }

  /**
   * Sets what the sources of the start say, each stronger than the one before. Within a source a later
   * line wins, except where lines add up. Throws ConfigError, after which the server must not start.
   */
  load(...sources: readonly (readonly Directive[])[]): void {
    for (const source of sources) {
      const seen = new Set<SettingName>()
      for (const { name: written, words, origin } of source) {
        const name = findSetting(written)
        if (name === undefined) throw new ConfigError(`${origin}: ${unknownSetting(written)}`)
        try {
          readValue(this.values, name, words, seen.has(name))
        } catch (error) {
          if (!(error instanceof InvalidValue)) throw error
          throw new ConfigError(`${origin}: bad value for '${name}': ${error.reason}`)
        }
        seen.add(name)
      }
    }
    for (const rule of rules) if (!rule.holds(this.values)) throw new ConfigError(rule.reason)
  }

  /**
   * CONFIG SET: all pairs, or none of them. Throws ReplyError. `mayChangeProtected` is what
   * enable-protected-configs says of the client.
   */
  set(pairs: readonly Pair[], mayChangeProtected = false): void {
    const names = checkNames(pairs, mayChangeProtected)
    const before = { ...this.values }
    const told: ((before: Values) => void)[] = []
    /** The pair in hand, which is to blame if something is refused. */
    let at = 0
    try {
      for (; at < pairs.length; at++) readValue(this.values, names[at]!, [pairs[at]![1]], false)
      for (const rule of rules) {
        if (rule.holds(this.values)) continue
        at = names.findIndex(name => rule.names.includes(name))
        throw new InvalidValue(rule.reason)
      }
      for (at = 0; at < pairs.length; at++) {
        const name = names[at]!
        if (names.indexOf(name) < at || !this.#differs(name, before)) continue
        for (const tell of this.#listeners.get(name) ?? []) {
          tell(before)
          told.push(tell)
        }
      }
    } catch (error) {
      const attempted = { ...this.values }
      Object.assign(this.values, before)
      for (const tell of told.reverse()) tell(attempted)
      if (!(error instanceof InvalidValue)) throw error
      throw refusal(pairs[at]![0], error.reason)
    }
  }

  /** CONFIG GET: names that match any of the patterns, in the order of the table, with their values. */
  get(patterns: readonly string[]): [name: string, value: string][] {
    const asked = new Map<string, string>()
    const globs: Glob[] = []
    for (const pattern of patterns) {
      if (GLOB_CHARACTERS.test(pattern)) globs.push(compileGlob(pattern, { nocase: true }))
      else if (!asked.has(pattern.toLowerCase())) asked.set(pattern.toLowerCase(), pattern)
    }
    const found: [string, string][] = []
    for (const [each, name] of known) {
      if (settings[name].fileOnly) continue
      // A plain name comes back in the letters in which it was asked for, as from Redis.
      const shown = asked.get(each) ?? (globs.some(glob => glob.matches(each)) ? each : undefined)
      if (shown !== undefined) found.push([shown, this.text(name)])
    }
    return found
  }

  /** The value as CONFIG GET shows it. */
  text(name: SettingName): string {
    return writeValue(this.values, name)
  }

  /** Runs the listener after every change of the setting by CONFIG SET. */
  onChange<Name extends SettingName>(name: Name, listener: Listener<Name>): void {
    const { values } = this
    const listeners = this.#listeners.get(name) ?? []
    listeners.push(before => listener(values[name], before[name]))
    this.#listeners.set(name, listeners)
  }

  /** Changes a value that the server itself maintains; listeners are not told. */
  assign<Name extends SettingName>(name: Name, value: Values[Name]): void {
    this.values[name] = value
  }

  /** CONFIG REWRITE: brings the file up to the values in force. Throws ReplyError. */
  rewrite(): void {
    if (this.file === undefined) {
      throw new ReplyError('ERR The server is running without a config file')
    }
    try {
      const text = rewriteText(this.file.read().toString('latin1'), this.values)
      this.file.replace(Buffer.from(text, 'latin1'))
    } catch (error) {
      throw new ReplyError(`ERR Rewriting config file: ${printable((error as Error).message)}`)
    }
  }

  #differs(name: SettingName, before: Values): boolean {
    return writeValue(this.values, name) !== writeValue(before, name)
  }
}

function unknownSetting(name: string): string {
  const reason = REFUSED_DIRECTIVES.get(name.toLowerCase())
  if (reason !== undefined) return `${name.toLowerCase()} is not supported: ${reason}`
  return `unknown setting '${printable(name)}'`
}

function checkNames(pairs: readonly Pair[], mayChangeProtected: boolean): SettingName[] {
  const names: SettingName[] = []
  const seen = new Set<string>()
  for (const [written] of pairs) {
    const name = findSetting(written)
    if (name === undefined || settings[name].fileOnly) {
      throw new ReplyError(
        `ERR Unknown option or number of arguments for CONFIG SET - '${printable(written)}'`,
      )
    }
    const { change } = settings[name]
    if (change === 'start') throw refusal(written, "can't set immutable config")
    if (change === 'protected' && !mayChangeProtected) {
      throw refusal(written, "can't set protected config")
    }
    // A name and its alias may both be set; then the later one stays.
    const lower = written.toLowerCase()
    if (seen.has(lower)) throw refusal(written, 'duplicate parameter')
    seen.add(lower)
    names.push(name)
  }
  return names
}

function refusal(name: string, reason: string): ReplyError {
  return new ReplyError(
    `ERR CONFIG SET failed (possibly related to argument '${printable(name)}') - ${reason}`,
  )
}
