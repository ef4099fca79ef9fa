// file.ts — Reads configuration files: lines of a name and words, `#` for comments, `include`.
//
// Files are read through a function that is passed in. What is wrong is told by file and line. Text is
// latin1, one character per byte, as everywhere.
import { basename } from 'node:path'
import { splitInline } from '../wire/decoder.ts'
import { ConfigError, type Directive } from './directive.ts'

const INCLUDE_DEPTH_MAX = 16
const FILE_BYTES_MAX = 16 * 1024 * 1024

export type ReadFile = (path: string) => Buffer

/** The words of one line: none for a comment or blank line, undefined if quotes do not match up. */
export function splitLine(line: string): string[] | undefined {
  const trimmed = line.trim()
  if (trimmed.startsWith('#')) return []
  const bytes = Buffer.from(trimmed, 'latin1')
  return splitInline(bytes, 0, bytes.length)?.map(word => word.toString('latin1'))
}

/** Reads a file and those that it includes, in the order of their lines. Throws ConfigError. */
export function readConfigFile(path: string, readFile: ReadFile): Directive[] {
  const directives: Directive[] = []
  readInto(directives, path, readFile, 0)
  return directives
}

/** Reads the text of a file, which may include others. */
export function readConfigText(text: string, origin: string, readFile: ReadFile): Directive[] {
  const directives: Directive[] = []
  readLines(directives, text, origin, readFile, 0)
  return directives
}

function readInto(into: Directive[], path: string, readFile: ReadFile, depth: number): void {
  let bytes: Buffer
  try {
    bytes = readFile(path)
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`)
  }
  if (bytes.length > FILE_BYTES_MAX) {
    throw new ConfigError(`${path}: larger than ${FILE_BYTES_MAX} bytes`)
  }
  readLines(into, bytes.toString('latin1'), basename(path), readFile, depth)
}

function readLines(
  into: Directive[],
  text: string,
  source: string,
  readFile: ReadFile,
  depth: number,
): void {
  text.split('\n').forEach((line, index) => {
    const origin = `${source}:${index + 1}`
    const words = splitLine(line)
    if (words === undefined) throw new ConfigError(`${origin}: quotes do not match up`)
    const [name, ...rest] = words
    if (name === undefined) return
    if (name.toLowerCase() === 'include') {
      if (rest.length !== 1) throw new ConfigError(`${origin}: include takes one path`)
      if (depth === INCLUDE_DEPTH_MAX) {
        throw new ConfigError(`${origin}: more than ${INCLUDE_DEPTH_MAX} files include each other`)
      }
      readInto(into, Buffer.from(rest[0]!, 'latin1').toString('utf8'), readFile, depth + 1)
      return
    }
    into.push({ name, words: rest, origin })
  })
}
