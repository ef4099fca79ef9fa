// config.ts — The configuration in force: the values of all settings, and every way to change them.
//
// `values` always holds a complete set that agrees with the table, with its rules and with every
// listener: a change that is refused anywhere is undone everywhere. It is one plain object whose fields
// never come or go, because hot paths read it. No files, variables or sockets: text comes in and goes out.
import assert from 'node:assert'
import { printable, ReplyError } from '../errors.ts'
import { compileGlob } from '../glob.ts'
import { ConfigError, type Directive } from './directive.ts'
import { rewriteLines } from './rewrite.ts'
import type { Setting } from './setting.ts'
import { rules, type SettingName, settingNames, settings, type Values } from './settings.ts'
import { InvalidValue, splitValue } from './syntax.ts'

/**
 * Makes the server agree with a new value, or throws InvalidValue and leaves things as they were. All
 * values of the change are in place when it runs; if a later listener refuses, it runs again with the
 * values exchanged.
 */
export type Listener<Name extends SettingName> = (
  value: Values[Name],
  previous: Values[Name],
) => void

/** The rows in the shape that lets the compiler tie the type of a row to its name. */
const rows: { readonly [Name in SettingName]: Setting<Values[Name]> } = settings

/** Every name by which a setting is known. */
const known = new Map<string, SettingName>()
for (const name of settingNames) {
  for (const each of [name, ...settings[name].aliases]) {
    assert(!known.has(each), `two settings are called ${each}`)
    known.set(each, name)
  }
}

/** A pattern without any of these is a name. */
const GLOB = /[*?[]/

export class Config {
  readonly values: Values = initialValues()
  readonly #listeners = new Map<SettingName, ((before: Values) => void)[]>()

  /** The setting that a name or alias stands for, in any case. */
  static find(name: string): SettingName | undefined {
    return known.get(name.toLowerCase())
  }

  /** Whether the value must not be seen in logs, SLOWLOG and MONITOR. */
  static isSensitive(name: string): boolean {
    const found = Config.find(name)
    return found !== undefined && settings[found].sensitive
  }

  /**
   * Sets what the sources of the start say, each stronger than the one before. Within a source a later
   * line wins, except where lines add up. Runs before there are listeners. Throws ConfigError.
   */
  load(...sources: readonly (readonly Directive[])[]): void {
    for (const source of sources) {
      const seen = new Set<SettingName>()
      for (const { name, words, origin } of source) {
        const found = Config.find(name)
        if (found === undefined) throw new ConfigError(`${origin}: ${unknown(name)}`)
        try {
          this.#read(found, wordsOf(found, words), seen.has(found))
        } catch (error) {
          if (!(error instanceof InvalidValue)) throw error
          throw new ConfigError(`${origin}: bad value for '${found}': ${error.reason}`)
        }
        seen.add(found)
      }
    }
    for (const rule of rules) if (!rule.holds(this.values)) throw new ConfigError(rule.reason)
  }

  /**
   * CONFIG SET: all pairs of name and value, or none of them. Throws ReplyError. `mayChangeProtected`
   * is what enable-protected-configs says of the client.
   */
  set(pairs: readonly (readonly [string, string])[], mayChangeProtected = false): void {
    const names = checkNames(pairs, mayChangeProtected)
    const before = { ...this.values }
    let at = 0
    try {
      for (; at < pairs.length; at++) {
        const name = names[at]!
        this.#read(name, splitValue(settings[name].syntax, pairs[at]![1]), false)
      }
      for (const rule of rules) {
        if (rule.holds(this.values)) continue
        at = names.findIndex(name => rule.names.includes(name))
        throw new InvalidValue(rule.reason)
      }
    } catch (error) {
      Object.assign(this.values, before)
      if (!(error instanceof InvalidValue)) throw error
      throw refused(pairs[at]![0], error.reason)
    }
    this.#tellListeners(pairs, names, before)
  }

  #tellListeners(
    pairs: readonly (readonly [string, string])[],
    names: readonly SettingName[],
    before: Values,
  ): void {
    const told: ((before: Values) => void)[] = []
    let at = 0
    try {
      for (; at < names.length; at++) {
        const name = names[at]!
        if (names.indexOf(name) < at || !differs(name, before, this.values)) continue
        for (const tell of this.#listeners.get(name) ?? []) {
          tell(before)
          told.push(tell)
        }
      }
    } catch (error) {
      const after = { ...this.values }
      Object.assign(this.values, before)
      for (const tell of told.reverse()) tell(after)
      if (!(error instanceof InvalidValue)) throw error
      throw refused(pairs[at]![0], error.reason)
    }
  }

  /** CONFIG GET: names that match any of the patterns, in the order of the table, with their values. */
  get(patterns: readonly string[]): [string, string][] {
    const asked = new Map<string, string>()
    const globs = []
    for (const pattern of patterns) {
      if (GLOB.test(pattern)) globs.push(compileGlob(pattern, { nocase: true }))
      else if (!asked.has(pattern.toLowerCase())) asked.set(pattern.toLowerCase(), pattern)
    }
    const found: [string, string][] = []
    for (const [each, name] of known) {
      if (settings[name].fileOnly) continue
      // A name comes back in the letters in which it was asked for, as from Redis.
      const shown = asked.get(each) ?? (globs.some(glob => glob.matches(each)) ? each : undefined)
      if (shown !== undefined) found.push([shown, this.text(name)])
    }
    return found
  }

  /** The value as CONFIG GET shows it. */
  text(name: SettingName): string {
    return writeValue(name, this.values)
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

  /** CONFIG REWRITE: the file's text with the values in force. */
  rewrite(text: string): string {
    return rewriteLines(text, Config.find, name => linesOf(name, this.values))
  }

  #read<Name extends SettingName>(name: Name, words: readonly string[], more: boolean): void {
    const { syntax } = rows[name]
    const current = this.values[name]
    this.values[name] =
      more && syntax.add !== undefined
        ? syntax.add(current, syntax.read(words, current))
        : syntax.read(words, current)
  }
}

/** Directives of Redis that are refused for a reason of their own. */
const refusedDirectives = new Map([
  ['rename-command', 'commands keep their names; forbid them with ACL rules'],
  ['loadmodule', 'there are no modules'],
])

function unknown(name: string): string {
  const reason = refusedDirectives.get(name.toLowerCase())
  if (reason !== undefined) return `${name.toLowerCase()} is not supported: ${reason}`
  return `unknown setting '${printable(name)}'`
}

function initialValues(): Values {
  // Object.fromEntries makes an object with fast fields; adding them one by one would make a dictionary.
  return Object.fromEntries(settingNames.map(name => [name, settings[name].initial])) as Values
}

function checkNames(
  pairs: readonly (readonly [string, string])[],
  mayChangeProtected: boolean,
): SettingName[] {
  const names: SettingName[] = []
  const seen = new Set<string>()
  let refusal: ReplyError | undefined
  for (const [written] of pairs) {
    const name = Config.find(written)
    if (name === undefined || settings[name].fileOnly) {
      // An unknown name is the answer even where an earlier pair is wrong in another way.
      throw new ReplyError(
        `ERR Unknown option or number of arguments for CONFIG SET - '${printable(written)}'`,
      )
    }
    const { change } = settings[name]
    if (change === 'start') {
      refusal ??= refused(written, "can't set immutable config")
    } else if (change === 'protected' && !mayChangeProtected) {
      refusal ??= refused(written, "can't set protected config")
    } else if (seen.has(written.toLowerCase())) {
      refusal ??= refused(written, 'duplicate parameter')
    }
    seen.add(written.toLowerCase())
    names.push(name)
  }
  if (refusal !== undefined) throw refusal
  return names
}

function refused(name: string, reason: string): ReplyError {
  return new ReplyError(
    `ERR CONFIG SET failed (possibly related to argument '${printable(name)}') - ${reason}`,
  )
}

/** Values of several words may also come as one word in quotes. */
function wordsOf(name: SettingName, words: readonly string[]): readonly string[] {
  return words.length === 1 ? splitValue(settings[name].syntax, words[0]!) : words
}

function writeValue<Name extends SettingName>(name: Name, values: Values): string {
  return rows[name].syntax.write(values[name])
}

function differs(name: SettingName, before: Values, after: Values): boolean {
  return writeValue(name, before) !== writeValue(name, after)
}

/** The lines that set the value in a file; none if it is the default. */
function linesOf<Name extends SettingName>(name: Name, values: Values): readonly string[] {
  const { syntax, initial } = rows[name]
  const lines = syntax.lines(values[name])
  return lines.join('\n') === syntax.lines(initial).join('\n') ? [] : lines
}
