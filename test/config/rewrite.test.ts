import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Config } from '../../src/config/config.ts'
import { ConfigError, type Directive } from '../../src/config/directive.ts'
import { readConfigText } from '../../src/config/file.ts'
import { MARKER, rewriteText } from '../../src/config/rewrite.ts'
import { quoted } from '../../src/config/syntax.ts'
import { randomDirective } from './random-directive.ts'

const RUNS = 300 * Number(process.env['TEST_SCALE'] ?? 1)

const noFiles = {
  read(): Buffer {
    throw new Error('no files here')
  },
  list: () => [],
}

function parse(text: string): Directive[] {
  return readConfigText(Buffer.from(text, 'latin1'), 'test.conf', noFiles)
}

function start(text: string): Config {
  const config = new Config()
  config.load(parse(text))
  return config
}

function rewritten(text: string, ...pairs: (readonly [string, string])[]): string {
  const config = start(text)
  config.set(pairs, true)
  return rewriteText(text, config.values)
}

/** Only the directives that a start accepts, after those before them. */
function accepted(directives: readonly Directive[]): Directive[] {
  const good: Directive[] = []
  for (const directive of directives) {
    try {
      new Config().load([...good, directive])
      good.push(directive)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
    }
  }
  return good
}

describe('CONFIG REWRITE', () => {
  test('leaves a file alone that says what is in force', () => {
    const text =
      '# ours\n\nmaxmemory   1gb\n\tTIMEOUT 0 \nclient-output-buffer-limit slave 1mb 0 0\n'
    expect(rewritten(text)).toBe(text)
  })

  test('changes lines in place and keeps comments', () => {
    expect(
      rewritten('# head\nhz 20\n# on memory\nmaxmemory 1gb\n\n# end', ['maxmemory', '2gb']),
    ).toBe('# head\nhz 20\n# on memory\nmaxmemory 2gb\n\n# end\n')
  })

  test('writes a default only where the file has a line for it', () => {
    expect(rewritten('timeout 5\n', ['timeout', '0'], ['hz', '10'])).toBe('timeout 0\n')
  })

  test('appends below one marker line what the file does not mention', () => {
    const once = rewritten('port 7000\n', ['timeout', '5'])
    expect(once).toBe(`port 7000\n\n${MARKER}\ntimeout 5\n`)
    const twice = rewritten(once, ['hz', '20'])
    expect(twice).toBe(`port 7000\n\n${MARKER}\ntimeout 5\nhz 20\n`)
  })

  test('makes one line of several that set the same', () => {
    expect(rewritten('hz 20\ntimeout 1\nhz 30\n', ['hz', '40'])).toBe('hz 40\ntimeout 1\n')
  })

  test('uses the name of now for a line with an older one', () => {
    expect(rewritten('hash-max-ziplist-value 5\n', ['hash-max-listpack-value', '6'])).toBe(
      'hash-max-listpack-value 6\n',
    )
  })

  test('mends lines that went bad since the start', () => {
    expect(rewriteText('timeout soon\nno-such-thing 1\nhz "1\n', new Config().values)).toBe(
      'timeout 0\nno-such-thing 1\nhz "1\n',
    )
  })

  test('gives several lines to values of several lines', () => {
    const text = rewritten('# limits\nclient-output-buffer-limit normal 1mb 0 0\nhz 20\n', [
      'client-output-buffer-limit',
      'pubsub 1gb 1000 7',
    ])
    expect(text).toBe(
      `# limits\nclient-output-buffer-limit normal 1mb 0 0\nhz 20\n\n${MARKER}\n` +
        'client-output-buffer-limit replica 256mb 64mb 60\n' +
        'client-output-buffer-limit pubsub 1gb 1000 7\n',
    )
  })

  test('gives a text that starts a server with the same values, whatever the file was', () => {
    const lines = fc.array(randomDirective, { maxLength: 8 })
    fc.assert(
      fc.property(
        lines,
        lines,
        fc.array(fc.constantFrom('', '# x', ' # y')),
        (before, now, notes) => {
          const file = accepted(before)
            .map(({ name, words }) => `${name} ${words.map(quoted).join(' ')}`)
            .concat(notes)
            .join('\n')
          const config = start(file)
          config.load(accepted([...parse(file), ...now]).slice(parse(file).length))
          const text = rewriteText(file, config.values)
          expect(start(text).values).toEqual(config.values)
          expect(rewriteText(text, config.values)).toBe(text)
          const comments = text.split('\n').filter(line => /^ ?# [xy]$/.test(line))
          expect(comments).toEqual(notes.filter(note => note !== ''))
        },
      ),
      { numRuns: RUNS },
    )
  })
})
