// syntax.ts — The notation in which rows write a command's arguments, and the tree it stands for.
//
// The notation is what documentation prints, with names where documentation has none; the tree is
// the one that COMMAND DOCS replies, so its properties carry that reply's names. The line is the
// only copy: the tree is parsed from it when somebody asks, and `usage` prints it back for people.
//
//   word        an argument; its type follows from its name, or is written: `word:integer`
//   TOKEN       a literal; before an argument or a group it belongs to that (`EX seconds`)
//   name=TOKEN  a literal whose name is not the token in lower case: `approximately=~`
//   (a b)       a block; (a|b) one of several. The name is written, `index=(start end)`, or made of
//               the names inside: `offset_count`
//   [...]       optional
//   x [x ...]   several; `TOKEN x [TOKEN x ...]` where the token repeats; `a b [a b ...]` is a
//               repeated block. `[x ...]` alone is optional and several
//   @2.6.12     since that version; `@..2.8.12` deprecated since
//   #1          the key spec that the argument falls under, where counting the keys does not tell

import type { CommandSpec } from './command.ts'

export const ARGUMENT_TYPES = [
  'string',
  'integer',
  'double',
  'key',
  'pattern',
  'unix-time',
  'pure-token',
  'oneof',
  'block',
] as const

export type ArgumentType = (typeof ARGUMENT_TYPES)[number]
export type ArgumentFlag = 'optional' | 'multiple' | 'multiple_token'

/** An argument as COMMAND DOCS describes it; properties stand in the order of that reply. */
export interface Argument {
  readonly name: string
  readonly type: ArgumentType
  readonly key_spec_index?: number
  readonly token?: string
  readonly since?: string
  readonly deprecated_since?: string
  readonly flags?: readonly ArgumentFlag[]
  readonly arguments?: readonly Argument[]
}

const KEY_NAMES = new Set(
  'key key1 key2 source destination src dst newkey sourcekey destkey'.split(' '),
)
const INTEGER_NAMES = new Set(
  (
    'bit bits client-id cluster_bus_port config-epoch count cursor db decrement destination-db ' +
    'end end-slot entries_added entries_read frequency increment index index1 index2 len limit ' +
    'milliseconds ms n num-matches numfields numkeys numlocal numreplicas offset port protover ' +
    'rank seconds slot start start-slot stop ttl version weight'
  ).split(' '),
)
const DOUBLE_NAMES = new Set('height latitude longitude radius score timeout width'.split(' '))

/** What an argument of this name is, unless the notation says otherwise. */
function typeByName(name: string): ArgumentType {
  if (KEY_NAMES.has(name)) return 'key'
  if (INTEGER_NAMES.has(name)) return 'integer'
  if (DOUBLE_NAMES.has(name)) return 'double'
  if (name === 'pattern') return 'pattern'
  if (name.startsWith('unix-time')) return 'unix-time'
  return 'string'
}

/** The argument tree of a syntax line. A line that breaks the notation is a fault of the row. */
export function parseSyntax(syntax: string): readonly Argument[] {
  return new Parser(syntax).parse()
}

/** A node while it is being parsed; `Argument` once it is done. */
interface Node {
  name: string
  type: ArgumentType
  keySpec?: number
  token?: string
  since?: string
  deprecatedSince?: string
  optional?: boolean
  multiple?: boolean
  multipleToken?: boolean
  children?: Node[]
}

interface Sequence {
  readonly nodes: Node[]
  /** The sequence ends with `...`, and whoever opened it knows what repeats. */
  readonly repeats: boolean
}

/** A structural character, or a word between them. */
const LEXEME = /[()[\]|]|[^\s()[\]|]+/g
/** Name, type, literal, key spec, versions; all but the name optional. */
const WORD = /^([a-z][a-z\d_:/-]*)(?:=([^@]+))?(?:#(\d+))?(@.+)?$/
const LITERAL = /^([A-Z][A-Z\d_.-]*)(@.+)?$/
const GROUP_NAME = /^([a-z][a-z\d_:/-]*)=$/
const VERSIONS = /^@(\d+(?:\.\d+)*)?(?:\.\.(\d+(?:\.\d+)*))?$/

class Parser {
  readonly #syntax: string
  readonly #lexemes: readonly string[]
  #place = 0
  /** The key spec of the next argument that is a key. */
  #nextKeySpec = 0

  constructor(syntax: string) {
    this.#syntax = syntax
    this.#lexemes = syntax.match(LEXEME) ?? []
  }

  parse(): Argument[] {
    const { nodes, repeats } = this.#sequence()
    if (repeats) nodes.at(-1)!.multiple = true
    if (this.#place < this.#lexemes.length) this.#fail('nothing is open here')
    return nodes.map(finish)
  }

  #sequence(): Sequence {
    const nodes: Node[] = []
    for (;;) {
      const lexeme = this.#lexemes[this.#place]
      if (lexeme === undefined || lexeme === ')' || lexeme === ']' || lexeme === '|') break
      if (lexeme === '...') {
        if (nodes.length === 0) this.#fail('nothing precedes "..."')
        this.#place++
        if (this.#lexemes[this.#place] === ']') return { nodes, repeats: true }
        nodes.at(-1)!.multiple = true
      } else if (lexeme === '[') {
        this.#bracket(nodes)
      } else {
        nodes.push(this.#unit())
      }
    }
    return { nodes, repeats: false }
  }

  /** `[...]`: either an optional argument, or the sign that what stands before it repeats. */
  #bracket(preceding: Node[]): void {
    const keySpec = this.#nextKeySpec
    this.#place++
    const { nodes, repeats } = this.#sequence()
    if (repeats && repeat(preceding, nodes)) {
      this.#nextKeySpec = keySpec
      this.#expect(']')
      return
    }
    const node = this.#alternatives(nodes)
    this.#expect(']')
    node.optional = true
    if (repeats) node.multiple = true
    preceding.push(node)
  }

  /** The rest of a group whose first alternative is read: that alone, or one of several. */
  #alternatives(first: Node[]): Node {
    const alternatives = [this.#single(first)]
    while (this.#lexemes[this.#place] === '|') {
      this.#place++
      const { nodes, repeats } = this.#sequence()
      if (repeats) this.#fail('"..." stands after an alternative')
      alternatives.push(this.#single(nodes))
    }
    if (alternatives.length === 1) return alternatives[0]!
    return { name: joinNames(alternatives), type: 'oneof', children: alternatives }
  }

  #single(nodes: Node[]): Node {
    if (nodes.length === 0) this.#fail('a group or alternative is empty')
    return nodes.length === 1 ? nodes[0]! : block(nodes)
  }

  /** An argument, literal or group, with the token that belongs to it. */
  #unit(): Node {
    const lexeme = this.#lexemes[this.#place]!
    const literal = LITERAL.exec(lexeme)
    if (!literal) return this.#operand()
    const [, token, versions] = literal as unknown as [string, string, string | undefined]
    this.#place++
    if (versions === undefined && this.#operandFollows()) {
      const node = this.#operand()
      if (node.type === 'pure-token') this.#fail('a literal cannot have a token')
      node.token = token
      return node
    }
    const node: Node = { name: token.toLowerCase(), type: 'pure-token', token }
    this.#versions(node, versions)
    return node
  }

  /** Whether a lower-case word or a group comes next. */
  #operandFollows(): boolean {
    const next = this.#lexemes[this.#place]
    return next !== undefined && (next === '(' || /^[a-z]/.test(next))
  }

  #operand(): Node {
    const lexeme = this.#lexemes[this.#place]!
    if (lexeme === '(') return this.#group()
    const group = GROUP_NAME.exec(lexeme)
    if (group && this.#lexemes[this.#place + 1] === '(') {
      this.#place++
      return this.#group(group[1]!)
    }
    const word = WORD.exec(lexeme)
    if (!word) this.#fail('this is neither a name, a token nor a group')
    const [, named, token, keySpec, versions] = word as unknown as (string | undefined)[]
    this.#place++
    const node = this.#word(named!, token, keySpec === undefined ? undefined : Number(keySpec))
    this.#versions(node, versions)
    return node
  }

  #word(named: string, token: string | undefined, keySpec: number | undefined): Node {
    // A name may itself hold a colon (`ip:port`): only a known type after it is one.
    const colon = named.lastIndexOf(':')
    const written = ARGUMENT_TYPES.find(type => colon > 0 && named.slice(colon + 1) === type)
    const name = written === undefined ? named : named.slice(0, colon)
    if (token !== undefined) {
      return { name, type: 'pure-token', token: token === '""' ? '' : token }
    }
    const node: Node = { name, type: written ?? typeByName(name) }
    const spec = keySpec ?? (node.type === 'key' ? this.#nextKeySpec : undefined)
    if (spec !== undefined) {
      node.keySpec = spec
      this.#nextKeySpec = Math.max(this.#nextKeySpec, spec + 1)
    }
    return node
  }

  #group(name?: string): Node {
    this.#place++
    const { nodes } = this.#sequence()
    let node = this.#alternatives(nodes)
    this.#expect(')')
    // One argument in parentheses is a block of one, which COMMAND DOCS tells from its content.
    if (nodes.length === 1 && node === nodes[0]) node = block(nodes)
    if (name !== undefined) node.name = name
    const next = this.#lexemes[this.#place]
    if (next?.startsWith('@')) {
      this.#place++
      this.#versions(node, next)
    }
    return node
  }

  #versions(node: Node, versions: string | undefined): void {
    if (versions === undefined) return
    const match = VERSIONS.exec(versions)
    if (!match || versions === '@') this.#fail('these are no versions')
    const [, since, deprecatedSince] = match as unknown as (string | undefined)[]
    if (since !== undefined) node.since = since
    if (deprecatedSince !== undefined) node.deprecatedSince = deprecatedSince
  }

  #expect(lexeme: string): void {
    if (this.#lexemes[this.#place] !== lexeme) this.#fail(`"${lexeme}" is missing`)
    this.#place++
  }

  #fail(reason: string): never {
    const before = this.#lexemes.slice(0, this.#place + 1).join(' ')
    throw new Error(`syntax "${this.#syntax}": ${reason}: ${before}`)
  }
}

/**
 * Marks what stands at the end of `preceding` as repeated, if the bracket says the same words once
 * more; false if it says something else.
 */
function repeat(preceding: Node[], again: readonly Node[]): boolean {
  const words = spell(again)
  const last = preceding.at(-1)
  if (last === undefined) return false
  if (spell([last]) === words) {
    last.multiple = true
    if (last.token !== undefined) last.multipleToken = true
    return true
  }
  if (last.token !== undefined && spellOperand(last) === words) {
    last.multiple = true
    return true
  }
  const start = preceding.length - again.length
  if (start < 0 || spell(preceding.slice(start)) !== words) return false
  const repeated = block(preceding.splice(start))
  repeated.multiple = true
  preceding.push(repeated)
  return true
}

function spell(nodes: readonly Node[]): string {
  return nodes
    .map(node => (node.token === undefined ? '' : `${node.token} `) + spellOperand(node))
    .join(' ')
}

function spellOperand(node: Node): string {
  if (node.type === 'pure-token') return ''
  if (node.type === 'oneof') return node.children!.map(child => spell([child])).join('|')
  return node.type === 'block' ? spell(node.children!) : node.name
}

function block(nodes: Node[]): Node {
  return { name: joinNames(nodes), type: 'block', children: nodes }
}

function joinNames(nodes: readonly Node[]): string {
  return nodes.map(node => node.name).join('_')
}

function finish(node: Node): Argument {
  const flags: ArgumentFlag[] = []
  if (node.optional) flags.push('optional')
  if (node.multiple) flags.push('multiple')
  if (node.multipleToken) flags.push('multiple_token')
  return {
    name: node.name,
    type: node.type,
    ...(node.keySpec !== undefined && { key_spec_index: node.keySpec }),
    ...(node.token !== undefined && { token: node.token }),
    ...(node.since !== undefined && { since: node.since }),
    ...(node.deprecatedSince !== undefined && { deprecated_since: node.deprecatedSince }),
    ...(flags.length > 0 && { flags }),
    ...(node.children !== undefined && { arguments: node.children.map(finish) }),
  }
}

/** How a command is called, in one line for people; `container` is a subcommand's first word. */
export function usage(spec: CommandSpec, container?: CommandSpec): string {
  const words = container === undefined ? [spec.name] : [container.name, spec.name]
  const name = words.join(' ').toUpperCase()
  return [name, ...parseSyntax(spec.syntax ?? '').map(describe)].join(' ')
}

function describe(argument: Argument): string {
  const optional = argument.flags?.includes('optional') === true
  const multiple = argument.flags?.includes('multiple') === true
  const token = argument.token === undefined ? '' : argument.token || '""'
  // Brackets already hold alternatives together where nothing else stands inside them.
  const bare = optional && !multiple && token === ''
  const operand = describeOperand(argument, bare)
  const once = [token, operand].filter(part => part !== '').join(' ')
  const again = argument.flags?.includes('multiple_token') ? once : operand
  const all = multiple ? `${once} [${again} ...]` : once
  return optional ? `[${all}]` : all
}

function describeOperand(argument: Argument, bare: boolean): string {
  const children = argument.arguments ?? []
  if (argument.type === 'pure-token') return ''
  if (argument.type === 'block') return children.map(describe).join(' ')
  if (argument.type !== 'oneof') return argument.name
  const alternatives = children.map(describe).join(' | ')
  return bare ? alternatives : `<${alternatives}>`
}
