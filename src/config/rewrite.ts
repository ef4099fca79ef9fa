// rewrite.ts — CONFIG REWRITE: the text of a configuration file, brought up to the values in force.
//
// Comments, blank lines and the order of lines stay, and so do lines that still say what is in force,
// in whatever spelling. Lines of a setting that say something else are replaced where they stand.
// What the file does not mention is appended below a marker line, unless it has its default. So the new
// text read at the next start gives the values of now, and rewriting it again changes nothing.
import { splitLine } from './file.ts'
import { type SettingName, settingNames, type Values } from './settings.ts'
import { InvalidValue } from './syntax.ts'
import { findSetting, initialValues, readValue, valueLines, writeValue } from './values.ts'

export const MARKER = '# Written by CONFIG REWRITE'

export function rewriteText(text: string, values: Values): string {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()

  const mentioned = new Map<SettingName, string[][]>()
  const nameOfLine: (SettingName | undefined)[] = []
  for (const line of lines) {
    const [word, ...rest] = splitLine(line) ?? []
    const name = word === undefined ? undefined : findSetting(word)
    nameOfLine.push(name)
    if (name === undefined) continue
    const earlier = mentioned.get(name)
    if (earlier === undefined) mentioned.set(name, [rest])
    else earlier.push(rest)
  }

  /** For each setting that must be written, the lines still to write. */
  const pending = new Map<SettingName, string[]>()
  const initial = initialValues()
  for (const name of settingNames) {
    const said = saidBy(name, mentioned.get(name) ?? [], initial)
    if (said !== writeValue(values, name)) pending.set(name, [...valueLines(values, name)])
  }

  const written: string[] = []
  lines.forEach((line, index) => {
    const name = nameOfLine[index]
    const replacement = name === undefined ? undefined : pending.get(name)
    if (replacement === undefined) written.push(line)
    else if (replacement.length > 0) written.push(`${name} ${replacement.shift()}`)
  })
  let marked = written.includes(MARKER)
  for (const [name, rest] of pending) {
    for (const line of rest) {
      if (!marked) written.push('', MARKER)
      marked = true
      written.push(`${name} ${line}`)
    }
  }
  return written.map(line => `${line}\n`).join('')
}

/** The value that these lines of a file give the setting; undefined if they are in error. */
function saidBy(name: SettingName, lines: string[][], initial: Values): string | undefined {
  const values = { ...initial }
  try {
    lines.forEach((words, index) => {
      readValue(values, name, words, index > 0)
    })
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    return undefined
  }
  return writeValue(values, name)
}
