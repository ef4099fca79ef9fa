// help.ts — What `latchkey --help` prints: usage, options, and every setting of the table, in 80 columns.
import { OPTIONS, USAGE } from './arguments.ts'
import { initialText, notes } from './reference.ts'
import { groups, settings } from './settings.ts'

const COLUMNS = 80
const OPTION_WIDTH = 24

export function helpText(): string {
  const lines = [
    `Usage: ${USAGE}`,
    '',
    ...OPTIONS.map(([option, meaning]) => `  ${option.padEnd(OPTION_WIDTH)}${meaning}`),
    '',
    ...wrap(
      'A setting is a flag (--maxmemory 1gb), a line of the file (maxmemory 1gb) or a variable ' +
        '(LATCHKEY_MAXMEMORY=1gb). Flags are stronger than variables, and variables than the file. ' +
        'Bytes take units: 1k is 1000 bytes, 1kb is 1024; m, mb, g and gb likewise. ' +
        'Defaults are in brackets.',
      0,
    ),
  ]
  for (const { title, names } of groups) {
    lines.push('', title)
    for (const name of names) {
      const initial = initialText(name)
      const heading = `--${name} ${settings[name].syntax.form}`
      lines.push(...wrap(initial === undefined ? heading : `${heading} [${initial}]`, 2))
      lines.push(...wrap(notes(name).join(' '), 6))
    }
  }
  return `${lines.join('\n')}\n`
}

/** Breaks text at spaces, so that lines are indented and no longer than the page unless a word is. */
function wrap(text: string, indent: number): string[] {
  const margin = ' '.repeat(indent)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && margin.length + line.length + 1 + word.length > COLUMNS) {
      lines.push(margin + line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  lines.push(margin + line)
  return lines
}
