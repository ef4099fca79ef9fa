// file.ts — Configuration files: lines of a name and words, `#` for comments, `include`.
//
// Words are split as in an inline command, quotes and escapes included. Text is latin1, one character
// per byte, as everywhere. Files are read through `Files`; what is wrong is told by file and line.
import { basename, dirname, join } from 'node:path'
import { compileGlob } from '../glob.ts'
import { splitInline } from '../wire/decoder.ts'
import { ConfigError, type Directive } from './directive.ts'

const INCLUDE_DEPTH_MAX = 16
const FILE_BYTES_MAX = 16 * 1024 * 1024

const COMMENT = /^[ \t\r\f\v]*#/
const GLOB_CHARACTERS = /[*?[]/

/** The file system, as far as the configuration needs it. Both may throw. */
export interface Files {
  read(path: string): Buffer
  /** The names in a directory. */
  list(directory: string): readonly string[]
}

/** The words of one line: none for a comment or blank line, undefined if quotes do not match up. */
export function splitLine(line: string): string[] | undefined {
  if (COMMENT.test(line)) return []
  const bytes = Buffer.from(line, 'latin1')
  return splitInline(bytes, 0, bytes.length)?.map(word => word.toString('latin1'))
}

/** Reads a file and those that it includes, in the order of their lines. Throws ConfigError. */
export function readConfigFile(path: string, files: Files): Directive[] {
  return readText(load(path, path, files), path, files, 0)
}

/** Reads text that is not in a file; `source` is what errors call it. Throws ConfigError. */
export function readConfigText(text: Buffer, source: string, files: Files): Directive[] {
  return readText(text, source, files, 0)
}

function load(path: string, origin: string, files: Files): Buffer {
  let text: Buffer
  try {
    text = files.read(path)
  } catch (error) {
    throw new ConfigError(`${origin}: cannot read ${path}: ${(error as Error).message}`)
  }
  if (text.length > FILE_BYTES_MAX) {
    throw new ConfigError(`${origin}: ${path} has more than ${FILE_BYTES_MAX} bytes`)
  }
  return text
}

function readText(text: Buffer, source: string, files: Files, depth: number): Directive[] {
  const directives: Directive[] = []
  text
    .toString('latin1')
    .split('\n')
    .forEach((line, index) => {
      const origin = `${source}:${index + 1}`
      const words = line.includes('\0') ? undefined : splitLine(line)
      if (words === undefined) {
        throw new ConfigError(`${origin}: quotes do not match up, or there is a NUL byte`)
      }
      const [name, ...rest] = words
      if (name === undefined) return
      if (name.toLowerCase() !== 'include') {
        directives.push({ name, words: rest, origin })
        return
      }
      if (rest.length !== 1) throw new ConfigError(`${origin}: include takes one path`)
      if (depth === INCLUDE_DEPTH_MAX) {
        throw new ConfigError(`${origin}: more than ${INCLUDE_DEPTH_MAX} files include each other`)
      }
      for (const path of expand(Buffer.from(rest[0]!, 'latin1').toString('utf8'), origin, files)) {
        for (const directive of readText(load(path, origin, files), path, files, depth + 1)) {
          directives.push(directive)
        }
      }
    })
  return directives
}

/** The files that an `include` names: a pattern stands for those that match it, sorted by name. */
function expand(path: string, origin: string, files: Files): readonly string[] {
  const pattern = basename(path)
  if (!GLOB_CHARACTERS.test(pattern)) return [path]
  const directory = dirname(path)
  const glob = compileGlob(pattern)
  let names: readonly string[]
  try {
    names = files.list(directory)
  } catch (error) {
    throw new ConfigError(`${origin}: cannot list ${directory}: ${(error as Error).message}`)
  }
  return names
    .filter(name => glob.matches(name))
    .sort()
    .map(name => join(directory, name))
}
