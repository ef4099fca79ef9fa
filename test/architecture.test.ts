// The import directions of ARCHITECTURE.md, and what pure code must not touch.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** What is started, and puts everything together. */
const programs = ['main.ts', 'launch.ts', 'dev-cluster.ts', 'testing.ts']

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map(name => join(folder, name))
}

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found: string[] = []
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    found.push(
      specifier!.startsWith('.')
        ? relative(root, resolve(root, dirname(file), specifier!))
        : specifier!,
    )
  }
  return found
}

/** Code without its comments and strings: what it does, not what it says. */
function code(file: string): string {
  return readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'[^'\n]*'/g, "''")
}

function offenders(folder: string, forbidden: RegExp): string[] {
  return sources(folder).flatMap(file =>
    imports(file)
      .filter(target => forbidden.test(target))
      .map(target => `${file} imports ${target}`),
  )
}

describe('import directions', () => {
  test('src knows neither commands nor cluster', () => {
    expect(offenders('src', /^(commands|cluster|bench|test)\/|^main/)).toEqual([])
  })

  test('commands know src only', () => {
    expect(offenders('commands', /^(cluster|bench|test)\/|^main/)).toEqual([])
  })

  test('cluster knows src only', () => {
    expect(offenders('cluster', /^(commands|bench|test)\/|^main/)).toEqual([])
  })

  test('values know nothing of servers, sockets and files', () => {
    expect(
      offenders(
        'src/values',
        /^src\/(?!values\/|errors\.ts|keyspace\/hash\.ts)|^node:(?!assert|buffer)/,
      ),
    ).toEqual([])
  })

  test('the client shares no code with the server, nor with a Redis client', () => {
    expect(offenders('src/client', /^(?!src\/client\/)/)).toEqual([])
  })

  test('the server does not know the client', () => {
    const found = [...sources('src'), ...sources('commands'), ...sources('cluster'), ...programs]
      .filter(file => !file.startsWith('src/client/'))
      .filter(file => imports(file).some(target => target.startsWith('src/client/')))
    expect(found).toEqual([])
  })

  test('only the shells know sockets and files', () => {
    const shells = new Set([
      'src/listener.ts',
      'src/config/disk-file.ts',
      'src/acl/file.ts',
      'src/scripting/interpreter-file.ts',
    ])
    const found = [...sources('src'), ...sources('commands')]
      .filter(file => !shells.has(file))
      .filter(file => imports(file).some(target => /^node:(net|fs|tls|http|dgram)$/.test(target)))
    expect(found).toEqual([])
  })
})

describe('determinism', () => {
  // The clocks' own modules are where time comes from; the listener owns timers.
  const shells = new Set([
    'src/clock.ts',
    'src/listener.ts',
    'src/client/clock.ts',
    'cluster/metadata/bus-connection.ts',
    'cluster/metadata/directory-lock.ts',
    'cluster/metadata/shell.ts',
    'cluster/metadata/start.ts',
    'cluster/node/link.ts',
    'cluster/node/enter.ts',
    'cluster/node/node.ts',
  ])
  const ambient =
    /\bDate\.now\b|\bMath\.random\b|\bperformance\.now\b|\bset(Timeout|Interval|Immediate)\b/

  test('nothing but the shells reads clocks, chance or timers', () => {
    const found = [...sources('src'), ...sources('commands'), ...sources('cluster')]
      .filter(file => !shells.has(file))
      .filter(file => ambient.test(code(file)))
    expect(found).toEqual([])
  })
})

describe('tidiness', () => {
  const all = ['src', 'commands', 'cluster', 'bench', 'test'].flatMap(sources)

  test('every file opens by saying what it is', () => {
    const bare = all
      .filter(file => !file.startsWith('test/') && !file.startsWith('bench/'))
      .filter(file => !readFileSync(join(root, file), 'utf8').startsWith('// '))
    expect(bare).toEqual([])
  })

  test('no marks of unfinished work', () => {
    const marks = new RegExp(
      ['TODO', 'FIXME', 'XXX', 'HACK'].map(word => `\\b${word}\\b`).join('|'),
    )
    const found = all.filter(
      file =>
        file !== 'test/architecture.test.ts' && marks.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(found).toEqual([])
  })
})
