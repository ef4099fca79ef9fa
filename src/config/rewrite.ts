// rewrite.ts — CONFIG REWRITE: the text of a configuration file, brought up to the values in force.
//
// Comments, blank lines and the order of lines stay. A line of a setting is changed in place, and only if
// it no longer says the same; a setting that was not in the file goes below a marker line, unless
// it has its default. A line whose setting is back at its default is dropped. Rewriting the result again
// changes nothing.

import { splitLine } from './file.ts'
import type { SettingName } from './settings.ts'
import { settingNames } from './settings.ts'

export const MARKER = '# Written by CONFIG REWRITE'

export function rewriteLines(
  text: string,
  find: (name: string) => SettingName | undefined,
  linesOf: (name: SettingName) => readonly string[],
): string {
  const left = new Map(settingNames.map(name => [name, [...linesOf(name)]]))
  const kept: string[] = []
  let marked = false
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines) {
    if (line.trim() === MARKER) marked = true
    const words = splitLine(line)
    const name = words === undefined || words.length === 0 ? undefined : find(words[0]!)
    if (name === undefined) {
      kept.push(line)
      continue
    }
    const next = left.get(name)!.shift()
    if (next !== undefined) kept.push(`${name} ${next}`)
  }
  for (const [name, missing] of left) {
    for (const line of missing) {
      if (!marked) kept.push('', MARKER)
      marked = true
      kept.push(`${name} ${line}`)
    }
  }
  return kept.length === 0 ? '' : `${kept.join('\n')}\n`
}
