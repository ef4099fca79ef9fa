// Bad input, for every row: too few and too many arguments, a key of another type, an argument that is
// no ID, no number or no option. Each is answered by an error, and nothing has changed.
import { describe, expect, test } from 'vitest'
import { streamCommands } from '../../../commands/streams/index.ts'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import { RespError } from '../../harness/resp-value.ts'

/** A command line of each row that works in the room; `#` marks IDs and numbers, `~` what has only one spelling. */
const EXAMPLES = [
  'XACK s g #1-0',
  'XADD s ~MAXLEN #5 #9-0 n 9',
  'XAUTOCLAIM s g bob #0 #0-0 ~COUNT #1',
  'XCLAIM s g bob #0 1-0 ~IDLE #1 ~RETRYCOUNT #1 ~LASTID #1-0',
  'XDEL s #1-0 #2-0',
  'XGROUP CREATE s h #0 ~ENTRIESREAD #1',
  'XGROUP CREATECONSUMER s g bob',
  'XGROUP DELCONSUMER s g ann',
  'XGROUP DESTROY s g',
  'XGROUP SETID s g #0 ~ENTRIESREAD #1',
  'XINFO CONSUMERS s g',
  'XINFO GROUPS s',
  'XINFO STREAM s ~FULL ~COUNT #1',
  'XLEN s',
  'XPENDING s g ~IDLE #0 #- #+ #10 ann',
  'XRANGE s #- #+ ~COUNT #1',
  'XREAD ~COUNT #1 ~BLOCK #1 ~STREAMS s #0',
  'XREADGROUP ~GROUP g bob ~COUNT #1 ~BLOCK #1 ~STREAMS s #0',
  'XREVRANGE s #+ #- ~COUNT #1',
  'XSETID s #9-0 ~ENTRIESADDED #9 ~MAXDELETEDID #1-0',
  'XTRIM s ~MAXLEN ~~ #1 ~LIMIT #1',
]

const ROOM = [
  'XADD s 1-0 n 1',
  'XADD s 2-0 n 2',
  'XADD s 3-0 m 3',
  'XGROUP CREATE s g 0',
  'XREADGROUP GROUP g ann COUNT 2 STREAMS s >',
  'SET text x',
]

function furnish(): InProcessClient {
  const client = new InProcessServer().connect()
  for (const line of ROOM) client.call(...line.split(' '))
  return client
}

function contentsOf(client: InProcessClient): unknown {
  return [client.call('KEYS', '*'), client.call('XINFO', 'STREAM', 's', 'FULL', 'COUNT', '0')]
}

/** The line answers an error that fits, and leaves all as it was. */
function expectRefused(words: readonly string[], text: RegExp = /./): void {
  const client = furnish()
  const before = contentsOf(client)
  const reply = client.call(...words)
  expect(reply, words.join(' ')).toBeInstanceOf(RespError)
  expect((reply as RespError).text).toMatch(text)
  expect(contentsOf(client), words.join(' ')).toEqual(before)
}

const plain = (marked: string) => marked.replace(/^[#~]/, '')

const named = streamCommands.flatMap(({ name, subcommands }) =>
  subcommands === undefined ? [name] : subcommands.map(sub => `${name} ${sub.name}`),
)

test('every row has an example', () => {
  const missing = named.filter(
    name => !name.endsWith(' help') && !EXAMPLES.some(line => line.toLowerCase().startsWith(name)),
  )
  expect(missing).toEqual([])
})

describe.each(EXAMPLES)('%s', line => {
  const marked = line.split(' ')
  const words = marked.map(plain)
  const key = words.indexOf('s')
  const commandWords = /^X(GROUP|INFO)$/.test(words[0]!) ? 2 : 1

  test('works', () => {
    expect(furnish().call(...words)).not.toBeInstanceOf(RespError)
  })

  test('needs its arguments', () => {
    const client = furnish()
    const before = contentsOf(client)
    const reply = client.call(...words.slice(0, commandWords))
    expect((reply as RespError).text).toMatch(/^ERR wrong number of arguments/)
    expect(contentsOf(client)).toEqual(before)
  })

  test('refuses a key of another type', () => {
    expectRefused(words.with(key, 'text'), /^WRONGTYPE /)
  })

  test('refuses what is no ID, no number or no option', () => {
    for (const [i, word] of marked.entries()) {
      if (!/^[#~]/.test(word)) continue
      for (const junk of ['', 'x', '1-x', '\0', '99999999999999999999', '-99999999999999999999']) {
        expectRefused(words.with(i, junk))
      }
    }
  })
})

test.each(['XLEN s s', 'XINFO GROUPS s s', 'XGROUP DESTROY s g g', 'XINFO CONSUMERS s g g'])(
  '%s has an argument too many',
  line => {
    expectRefused(line.split(' '), /^ERR wrong number of arguments/)
  },
)
