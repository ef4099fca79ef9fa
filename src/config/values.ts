// values.ts — The values of all settings as one plain object, and the operations of a row upon it.
//
// The object has every field from the beginning and never gains or loses one, because hot paths read it.
// This is the one place where a row of the table and the type of its value are tied together by name.
import assert from 'node:assert'
import type { Setting } from './setting.ts'
import { type SettingName, settingNames, settings, type Values } from './settings.ts'
import { splitValue } from './syntax.ts'

const rows: { readonly [Name in SettingName]: Setting<Values[Name]> } = settings

/** Every name by which a setting is known, in the order of the table. */
export const known: ReadonlyMap<string, SettingName> = knownNames()

function knownNames(): Map<string, SettingName> {
  const names = new Map<string, SettingName>()
  for (const name of settingNames) {
    for (const each of [name, ...settings[name].aliases]) {
      assert(!names.has(each), `two settings are called ${each}`)
      names.set(each, name)
    }
  }
  return names
}

/** The setting that a name or alias stands for, in any case. */
export function findSetting(name: string): SettingName | undefined {
  return known.get(name.toLowerCase())
}

export function initialValues(): Values {
  // Object.fromEntries makes an object with fast fields; adding them one by one makes a dictionary.
  return Object.fromEntries(settingNames.map(name => [name, settings[name].initial])) as Values
}

/**
 * Reads words into the value. `more` says that an earlier line of the same source set it, to which
 * this one may add. Throws InvalidValue and changes nothing.
 */
export function readValue<Name extends SettingName>(
  values: Values,
  name: Name,
  words: readonly string[],
  more: boolean,
): void {
  const { syntax } = rows[name]
  // Values of several words may also come as one word in quotes.
  const split = words.length === 1 ? splitValue(syntax, words[0]!) : words
  const current = values[name]
  const read = syntax.read(split, current)
  values[name] = more && syntax.add !== undefined ? syntax.add(current, read) : read
}

/** The value as CONFIG GET shows it. */
export function writeValue<Name extends SettingName>(values: Values, name: Name): string {
  return rows[name].syntax.write(values[name])
}

/** The value as lines of a configuration file, without the name. */
export function valueLines<Name extends SettingName>(
  values: Values,
  name: Name,
): readonly string[] {
  return rows[name].syntax.lines(values[name])
}
