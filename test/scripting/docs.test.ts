// docs/scripting.md: its examples come true, and its limits are those of the sources.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Config } from '../../src/config/config.ts'
import { MEMORY_BYTES_MAX } from '../../src/scripting/interpreter.ts'
import { EVALUATED_MAX } from '../../src/scripting/scripts.ts'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { repositoryRoot } from '../harness/repository-root.ts'
import { RespError, type RespValue } from '../harness/resp-value.ts'

const page = readFileSync(join(repositoryRoot, 'docs', 'scripting.md'), 'utf8')
const blocks = [...page.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
  language: language!,
  text: text!,
}))
const libraries = blocks.filter(({ language }) => language === 'lua')
const conversations = blocks.filter(({ language }) => language === 'redis')

describe('the examples of docs/scripting.md', () => {
  it('are there', () => {
    expect(libraries.length).toBeGreaterThan(0)
    expect(conversations.length).toBeGreaterThan(3)
  })

  it.each(conversations.map(({ text }, i) => [i + 1, text] as const))(
    'come true: %d',
    (_, text) => {
      const client = new InProcessServer().connect()
      for (const library of libraries) {
        expect(client.call('FUNCTION', 'LOAD', library.text)).toEqual(expect.any(String))
      }
      expect(play(client, text)).toBe(text.trimEnd())
    },
  )
})

/** Says the lines of a conversation; answers it with the replies that came. */
function play(client: InProcessClient, text: string): string {
  const said: string[] = []
  for (const line of text.trimEnd().split('\n')) {
    if (!line.startsWith('a> ')) continue
    const words = line.slice('a> '.length).match(/"[^"]*"|\S+/g)!
    said.push(line, printed(client.call(...words.map(word => word.replace(/^"|"$/g, '')))))
  }
  return said.join('\n')
}

/** A reply as redis-cli prints it. */
function printed(value: RespValue): string {
  if (value === null) return '(nil)'
  if (value instanceof RespError) return `(error) ${value.text}`
  if (typeof value === 'number' || typeof value === 'bigint') return `(integer) ${value}`
  if (typeof value !== 'string') throw new Error('an example with a reply of another type')
  return value === 'OK' ? value : JSON.stringify(value)
}

it('the limits of docs/scripting.md are those that hold', () => {
  const { values } = new Config()
  const row = (name: string) => new RegExp(`^\\| ${name} \\| ([^|]+) \\|`, 'm').exec(page)![1]
  expect(row('`script-time-limit`')).toBe(`${values['script-time-limit'] / 1000} s`)
  expect(row('`script-write-time-limit`')).toBe(`${values['script-write-time-limit'] / 1000} s`)
  expect(row('memory of an interpreter')).toBe(`${MEMORY_BYTES_MAX / 2 ** 20} MB`)
  expect(row('scripts that only `EVAL` brought')).toBe(String(EVALUATED_MAX))
})
