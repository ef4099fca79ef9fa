// The pages on coordination: their tables are made from the command table, and their examples come
// true. After a change of rows, `-u` writes the tables anew.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { families } from '../../commands/index.ts'
import { usage } from '../../src/syntax.ts'
import { pass } from '../commands/coordination/transcript.ts'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { repositoryRoot } from '../harness/repository-root.ts'
import { RespError, type RespValue } from '../harness/resp-value.ts'

const folder = join(repositoryRoot, 'docs', 'commands')
const pages = [
  ...readdirSync(folder).map(name => join(folder, name)),
  join(repositoryRoot, 'docs', 'locking-safely.md'),
]
const specs = families.flat().filter(spec => !spec.internal)

/** The rows whose names begin with one of these words. */
function table(words: string): string {
  const wanted = words.split(' ')
  const rows = specs
    .filter(({ name }) => wanted.includes(name.split('.')[0]!))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(spec => {
      const cells = [`\`${usage(spec)}\``, spec.summary, spec.complexity]
      return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
    })
  return ['| Command | What it does | Complexity |', '|---|---|---|', ...rows].join('\n')
}

const TABLE = /(<!-- commands: ([\w ]+) -->\n)[\s\S]*?(<!-- \/commands -->)/g

test.each(pages)('%s has the tables of its commands', async path => {
  const text = readFileSync(path, 'utf8')
  const current = text.replace(
    TABLE,
    (_, begin: string, words: string, end: string) => `${begin}${table(words)}\n${end}`,
  )
  await expect(current).toMatchFileSnapshot(path)
})

test('every command of coordination is on a page', () => {
  const all = pages.map(path => readFileSync(path, 'utf8')).join('\n')
  const words = [...all.matchAll(TABLE)].flatMap(([, , each]) => each!.split(' '))
  const missing = specs
    .filter(({ group }) => group === 'coordination')
    .filter(({ name }) => !words.includes(name.split('.')[0]!))
  expect(missing).toEqual([])
})

describe.each(pages)('the examples of %s', path => {
  const blocks = [...readFileSync(path, 'utf8').matchAll(/```redis\n([\s\S]*?)```/g)]
  test.each(blocks.map(([, text], i) => [i + 1, text!] as const))('come true: %d', (_, text) => {
    expect(named(play(text))).toBe(named(text))
  })

  test('are there, if the page describes commands', () => {
    expect(blocks.length > 0 || path.endsWith('coordination.md')).toBe(true)
  })
})

const TOKEN = /\b\d{13,16}\b/g

/** Plays a conversation with redis-cli; answers it with the replies that came. */
function play(text: string): string {
  const server = new InProcessServer()
  const clients = new Map<string, InProcessClient>()
  const expected = tokensOf(text)
  const said: string[] = []
  /** A token of the page stands for the one that came in its place. */
  const meant = (line: string) => {
    const actual = tokensOf(said.join('\n'))
    return line.replace(TOKEN, token => actual[expected.indexOf(token)] ?? token)
  }
  /** Whoever spoke is answered first. */
  const hear = (speaker?: InProcessClient) => {
    for (const value of speaker?.received() ?? []) said.push(printed(value))
    for (const [name, client] of clients) {
      for (const value of client.received()) said.push(indented(`${name}: `, printed(value)))
    }
  }
  for (const line of text.trimEnd().split('\n')) {
    const [, name] = /^(\w+)> /.exec(line) ?? []
    const [, seconds] = /^\.\.\. (\d+) s$/.exec(line) ?? []
    if (name !== undefined) {
      const client = clients.get(name) ?? server.connect()
      clients.set(name, client)
      const words = meant(line)
        .match(/"[^"]*"|\S+/g)!
        .slice(1)
      said.push(meant(line))
      client.send(...words.map(word => word.replace(/^"|"$/g, '')))
      hear(client)
    } else if (seconds !== undefined) {
      said.push(line)
      pass(server, Number(seconds) * 1000)
      hear()
    }
  }
  return said.join('\n')
}

function tokensOf(text: string): string[] {
  return [...new Set(text.match(TOKEN) ?? [])]
}

/** Tokens are told by the order in which they appear. */
function named(text: string): string {
  const tokens = tokensOf(text)
  return text.trimEnd().replace(TOKEN, token => `<token ${tokens.indexOf(token) + 1}>`)
}

/** A reply as redis-cli prints it. */
function printed(value: RespValue): string {
  if (value === null) return '(nil)'
  if (value instanceof RespError) return `(error) ${value.text}`
  if (typeof value === 'number' || typeof value === 'bigint') return `(integer) ${value}`
  if (typeof value === 'string') {
    return ['OK', 'QUEUED', 'PONG'].includes(value) ? value : JSON.stringify(value)
  }
  if (!Array.isArray(value)) throw new Error('an example in RESP3')
  if (value.length === 0) return '(empty array)'
  return value.map((each, i) => indented(`${i + 1}) `, printed(each))).join('\n')
}

function indented(head: string, text: string): string {
  return head + text.replaceAll('\n', `\n${' '.repeat(head.length)}`)
}
