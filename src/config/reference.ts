// reference.ts — The documentation of settings, made from the table: docs/configuration.md, and the sentences
// that it shares with --help.
import { groups, type SettingName, settings } from './settings.ts'
import { initialValues, valueLines } from './values.ts'

const initial = initialValues()

/** The default as a line of a file has it; undefined for what has none. */
export function initialText(name: SettingName): string | undefined {
  return settings[name].fileOnly ? undefined : valueLines(initial, name).join(', ')
}

/** All that is to be said of a setting, in sentences. */
export function notes(name: SettingName): string[] {
  const { help, syntax, change, inert, aliases, fileOnly } = settings[name]
  const sentences = [help]
  if (inert) sentences.push('Accepted for compatibility; has no effect.')
  if (syntax.range !== '') sentences.push(`Takes ${syntax.range}.`)
  if (change === 'start') sentences.push('Fixed at the start.')
  if (change === 'protected') sentences.push('Protected.')
  if (fileOnly) sentences.push('Not shown by CONFIG GET.')
  if (aliases.length > 0) sentences.push(`Also called ${aliases.join(', ')}.`)
  return sentences
}

const INTRODUCTION = `# Configuration

<!-- Made from src/config/settings.ts; a test holds it current. -->

A setting has one name everywhere. These do the same:

| Where | How |
|---|---|
| Configuration file | \`maxmemory 1gb\`, one setting a line |
| Environment | \`LATCHKEY_MAXMEMORY=1gb\`: upper case, \`_\` for \`-\` |
| Command line | \`latchkey --maxmemory 1gb\` |
| At run time | \`CONFIG SET maxmemory 1gb\` |

Defaults are weakest, then come the file, the standard input, the environment, and the command
line. A stronger source replaces the value of a weaker one as a whole; only output limits of client
classes that it does not name stay. A setting that is unknown or
has a bad value stops the start, with one line that names the file and line, the variable or the flag.
\`latchkey --check-config\` says whether a start would succeed, and starts nothing.

\`\`\`
latchkey [file] [-] [--name value ...] [--check-config] [--help] [--version]
\`\`\`

- \`-\` reads lines from the standard input. A flag takes all words up to the next one that begins with
  \`--\`.
- In a file, \`#\` begins a comment line. Words with spaces stand in quotes: in double quotes \`\\n\`,
  \`\\xff\` and the like are escapes, in single quotes only \`\\'\` is. \`include path\` reads another file in its place; the
  last part of the path may be a pattern.
- Bytes take a unit: \`1k\` is 1000, \`1kb\` is 1024; \`m\`, \`mb\`, \`g\` and \`gb\` likewise.
- Variables that Docker and Kubernetes make for a service called \`latchkey\` (\`LATCHKEY_SERVICE_HOST\`,
  \`LATCHKEY_PORT=tcp://...\`, \`LATCHKEY_PORT_6379_TCP\`) are passed over.
- \`CONFIG SET\` takes several settings at once and sets all or none. What is *fixed at the start* it
  refuses; what is *protected* it takes if \`enable-protected-configs\` allows.
- \`CONFIG REWRITE\` writes the values in force to the file that the server was started with. Comments, the
  order of lines, and lines that still hold stay as they are.
- Names and defaults are those of Redis 7.2 where Redis has the setting. Values that would promise
  what Latchkey does not do are refused with the reason.
`

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const parts = [INTRODUCTION]
  for (const { title, names } of groups) {
    parts.push(`## ${title}\n`)
    parts.push('| Setting | Value | Default | Meaning |\n|---|---|---|---|')
    for (const name of names) {
      const text = initialText(name)
      const shown = text === undefined ? '' : code(text)
      parts.push(
        `| ${code(name)} | ${cell(settings[name].syntax.form)} | ${shown} | ${cell(notes(name).join(' '))} |`,
      )
    }
    parts.push('')
  }
  return parts.join('\n')
}

/** In a table of Markdown a bar begins the next column, even in code. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

function cell(text: string): string {
  return text.replace(/[|*<]/g, '\\$&')
}
