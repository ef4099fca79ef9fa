// arguments.ts — The command line: latchkey [file] [-] [--name value ...] and a few options.
//
// The grammar is redis-server's: a flag takes all words up to the next one that begins with two
// hyphens, so `--save 900 1 --bind 127.0.0.1 -::1` is two settings, and a value may begin with one hyphen.
// Node's parseArgs takes one word for a flag, so it does not fit.
import { ConfigError, type Directive } from './directive.ts'

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** Some nodes on this machine, to try a cluster out; the first one listens on `port`. */
  | { readonly kind: 'dev-cluster'; readonly nodes: number; readonly port: number }
  | {
      readonly kind: 'run'
      /** Only say whether the configuration is good. */
      readonly check: boolean
      readonly file: string | undefined
      readonly standardInput: boolean
      readonly flags: readonly Directive[]
    }

export const USAGE = 'latchkey [file] [-] [--name value ...]'

const DEV_NODES = 3
const DEV_NODES_MAX = 9
const DEV_PORT = 7001

export const OPTIONS = [
  ['file', 'Configuration file: lines of a name and its value'],
  ['-', 'Reads more lines from the standard input'],
  ['--name value ...', 'Sets one setting, over the file and the environment'],
  ['dev-cluster [n] [port]', 'Runs a cluster of n nodes (3) on this machine'],
  ['--check-config', 'Says whether the configuration is good, and ends'],
  ['-h, --help', 'Prints this text'],
  ['-v, --version', 'Prints the version'],
] as const

/** Reads the words after the program's name. Throws ConfigError. */
export function readArguments(words: readonly string[]): CommandLine {
  if (words.includes('--help') || words[0] === '-h') return { kind: 'help' }
  if (words.includes('--version') || words[0] === '-v') return { kind: 'version' }
  if (words[0] === 'dev-cluster') return readDevCluster(words.slice(1))
  let at = 0
  const file = words[0] !== undefined && !words[0].startsWith('-') ? words[at++] : undefined
  let standardInput = words[at] === '-'
  if (standardInput) at++
  let end = words.length
  if (end > at && words[end - 1] === '-') {
    standardInput = true
    end--
  }

  let check = false
  const flags: Directive[] = []
  while (at < end) {
    const flag = words[at++]!
    if (!flag.startsWith('--')) {
      throw new ConfigError(`${flag}: not expected here; usage: ${USAGE}`)
    }
    const start = at
    while (at < end && !words[at]!.startsWith('--')) at++
    const given = words.slice(start, at)
    if (flag !== '--check-config') {
      flags.push({ name: latin1(flag.slice(2)), words: given.map(latin1), origin: flag })
    } else if (given.length > 0) {
      throw new ConfigError(`${flag}: takes no value`)
    } else {
      check = true
    }
  }
  return { kind: 'run', check, file, standardInput, flags }
}

function readDevCluster(words: readonly string[]): CommandLine {
  const [nodes = DEV_NODES, port = DEV_PORT, ...rest] = words.map(Number)
  const isSound =
    rest.length === 0 &&
    Number.isInteger(nodes) &&
    nodes >= 1 &&
    nodes <= DEV_NODES_MAX &&
    Number.isInteger(port) &&
    port > 0 &&
    port + 10_000 + nodes < 65_536
  if (!isSound) {
    throw new ConfigError(`usage: latchkey dev-cluster [1 to ${DEV_NODES_MAX} nodes] [first port]`)
  }
  return { kind: 'dev-cluster', nodes, port }
}

/** The bytes of a word as the shell passed them, one character each. */
function latin1(word: string): string {
  return Buffer.from(word, 'utf8').toString('latin1')
}
