// sort.ts — SORT and SORT_RO: elements of a list, a set or a sorted set, by number or by text.
//
// Elements are strings here, with what each is sorted by beside it. Equal numbers are ordered by the
// elements' bytes; elements that sort by equal texts keep their order, which for a set is that of their
// bytes too, so that a copy which replays SORT … STORE gets the same list.

import { type Call, parseFloatLoose } from '../src/call.ts'
import { type CommandSpec, keyAt, keysUnknown } from '../src/command.ts'
import { errors, ReplyError } from '../src/errors.ts'
import { LIST, LISTPACK, SET, ZSET } from '../src/keyspace/record.ts'
import type { KeyArguments } from '../src/keyspecs.ts'
import { Element } from '../src/values/element.ts'
import { List } from '../src/values/list.ts'
import * as listpack from '../src/values/listpack.ts'
import { replyElement } from './elements.ts'
import { checkReplaceable } from './keys/refusal.ts'
import { firstRun } from './lists/stored-list.ts'
import { setPacked } from './packed.ts'
import { MemberWalk } from './sets/stored-set.ts'
import { SortPattern } from './sort-pattern.ts'
import { sortedSetAt } from './sorted-sets/entry.ts'
import { PackedZset } from './sorted-sets/packed-zset.ts'

const notNumbers = new ReplyError("ERR One or more scores can't be converted into double")

/** Doubles below this have lost digits, which strtod reports as an error. */
const NORMAL_MIN = 2 ** -1022

interface SortOptions {
  readonly by: SortPattern | undefined
  /** BY names nothing: the order is the one in which the elements are. */
  readonly isUnsorted: boolean
  readonly gets: readonly SortPattern[]
  readonly descending: boolean
  readonly alpha: boolean
  readonly offset: number
  readonly limit: number
  /** Argument of the destination, 0 for none. */
  readonly destination: number
}

interface Item {
  readonly element: string
  weight: number
  /** Undefined where BY found nothing: before all texts. */
  text: string | undefined
}

function sort(call: Call): void {
  sortWith(call, readOptions(call, true))
}

function sortRo(call: Call): void {
  sortWith(call, readOptions(call, false))
}

function sortWith(call: Call, given: SortOptions): void {
  const entry = call.read(1)
  const type = entry === 0 ? LIST : call.db.type(entry)
  if (type !== LIST && type !== SET && type !== ZSET) throw errors.wrongType
  const elements = entry === 0 ? [] : elementsOf(call, entry, type)
  const isSet = type === SET
  // What is stored must not hang on the order of a hash table.
  const options =
    given.isUnsorted && isSet && given.destination > 0
      ? { ...given, by: undefined, isUnsorted: false, alpha: true }
      : given
  const [start, end] = windowOf(options, elements.length)
  const chosen = inOrder(call, elements, options, isSet).slice(start, end)
  if (options.destination === 0) reply(call, chosen, options.gets)
  else store(call, chosen, options)
}

function readOptions(call: Call, mayStore: boolean): SortOptions {
  let by: SortPattern | undefined
  let isUnsorted = false
  const gets: SortPattern[] = []
  let descending = false
  let alpha = false
  let offset = 0
  let limit = -1
  let destination = 0
  for (let i = 2; i < call.count; i++) {
    const behind = call.count - i - 1
    if (call.is(i, 'ASC')) {
      descending = false
    } else if (call.is(i, 'DESC')) {
      descending = true
    } else if (call.is(i, 'ALPHA')) {
      alpha = true
    } else if (call.is(i, 'LIMIT') && behind >= 2) {
      offset = call.integer(i + 1)
      limit = call.integer(i + 2)
      i += 2
    } else if (mayStore && call.is(i, 'STORE') && behind >= 1) {
      destination = ++i
    } else if (call.is(i, 'BY') && behind >= 1) {
      by = new SortPattern(call.text(++i))
      if (by.hasStar) checkMayRead(call, 'BY')
      else isUnsorted = true
    } else if (call.is(i, 'GET') && behind >= 1) {
      checkMayRead(call, 'GET')
      gets.push(new SortPattern(call.text(++i)))
    } else {
      throw errors.syntax
    }
  }
  return { by, isUnsorted, gets, descending, alpha, offset, limit, destination }
}

/** The keys that a pattern makes are in no argument: neither routing nor ACL rules have seen them. */
function checkMayRead(call: Call, option: 'BY' | 'GET'): void {
  if (call.server.mode === 'cluster') {
    throw new ReplyError(`ERR ${option} option of SORT denied in cluster mode`)
  }
  if (!call.client.user.mayReadAnyKey(call.command)) {
    throw new ReplyError(`ERR ${option} option of SORT denied due to insufficient ACL permissions`)
  }
}

/** The elements in the order in which the value has them. */
function elementsOf(call: Call, entry: number, type: number): string[] {
  const { db } = call
  const elements: string[] = []
  if (type === LIST) {
    for (let run = firstRun(db, entry, false); run !== undefined; run = run.next) {
      for (let at = run.start; at < run.end; at += listpack.elementBytes(run.bytes, at)) {
        elements.push(listpack.string(run.bytes, at))
      }
    }
  } else if (type === SET) {
    const walk = new MemberWalk(db, entry)
    while (walk.next(element)) elements.push(element.toString())
  } else {
    const set = sortedSetAt(db, entry, new PackedZset())
    for (let more = set.seek(0); more; more = set.next()) {
      set.read(element)
      elements.push(element.toString())
    }
  }
  return elements
}

/** The part that LIMIT asks for: from an index up to but not including another. */
function windowOf({ offset, limit }: SortOptions, length: number): readonly [number, number] {
  const start = Math.min(Math.max(offset, 0), length)
  return [start, limit < 0 ? length : Math.min(start + limit, length)]
}

function inOrder(
  call: Call,
  elements: string[],
  options: SortOptions,
  isSet: boolean,
): readonly string[] {
  const { by, isUnsorted, alpha, descending } = options
  // A set has no order that could be reversed.
  if (isUnsorted) return descending && !isSet ? elements.reverse() : elements
  const items = elements.map(each => itemFor(call, each, by, alpha))
  if (!alpha && items.some(({ weight }) => Number.isNaN(weight))) throw notNumbers
  const compare = alpha ? compareTexts : compareWeights
  const direction = descending ? -1 : 1
  if (isSet && alpha) items.sort((a, b) => direction * compareStrings(a.element, b.element))
  items.sort((a, b) => direction * compare(a, b))
  return items.map(item => item.element)
}

/** An element with what it is sorted by; its weight is NaN where that is no number. */
function itemFor(call: Call, text: string, by: SortPattern | undefined, alpha: boolean): Item {
  if (by === undefined) return { element: text, weight: alpha ? 0 : weightOf(text), text }
  if (!by.read(call, text, element)) return { element: text, weight: 0, text: undefined }
  const sortedBy = element.toString()
  return { element: text, weight: alpha ? 0 : weightOf(sortedBy), text: sortedBy }
}

/** The number that strtod reads: spaces before it, no text is 0; NaN if it is none or out of range. */
function weightOf(text: string): number {
  const end = text.indexOf('\0')
  const shown = (end < 0 ? text : text.slice(0, end)).replace(/^[\t-\r ]+/, '')
  if (shown === '') return text === '' || end === 0 ? 0 : Number.NaN
  const value = parseFloatLoose(shown)
  if (value === undefined) return Number.NaN
  const isLost = Number.isFinite(value)
    ? Math.abs(value) < NORMAL_MIN && /[1-9]/.test(shown.replace(/e.*/i, ''))
    : !/inf/i.test(shown)
  return isLost ? Number.NaN : value
}

function compareWeights(a: Item, b: Item): number {
  if (a.weight !== b.weight) return a.weight < b.weight ? -1 : 1
  return compareStrings(a.element, b.element)
}

function compareTexts(a: Item, b: Item): number {
  if (a.text === undefined || b.text === undefined) {
    return Number(a.text !== undefined) - Number(b.text !== undefined)
  }
  return compareStrings(a.text, b.text)
}

/** Order of latin1 strings, which is that of their bytes. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function reply(call: Call, elements: readonly string[], gets: readonly SortPattern[]): void {
  call.reply.array(elements.length * Math.max(gets.length, 1))
  for (const each of elements) {
    if (gets.length === 0) call.reply.bulk(each)
    for (const get of gets) {
      if (get.read(call, each, element)) replyElement(call.reply, element)
      else call.reply.null()
    }
  }
}

function store(call: Call, elements: readonly string[], { gets, destination }: SortOptions): void {
  checkReplaceable(call.db, call.peek(destination))
  const list = new List(call.server.config.values['list-max-listpack-size'])
  for (const each of elements) {
    if (gets.length === 0) list.pushTail(each)
    for (const get of gets) list.pushTail(get.read(call, each, element) ? element : '')
  }
  const { length } = list
  if (length > 0) {
    storeList(call, destination, list)
    call.notify('l', 'sortstore', destination)
    call.signal(destination)
  } else if (call.delete(destination)) {
    call.notify('g', 'del', destination)
  }
  call.reply.integer(length)
}

function storeList(call: Call, i: number, list: List): void {
  const { head } = list
  if (head === undefined || !list.isSmall) {
    call.setObject(i, LIST, list)
    return
  }
  const lp = Buffer.allocUnsafe(head.listpackBytes)
  head.writeListpack(lp, 0)
  setPacked(call, i, LIST, LISTPACK, lp)
}

const element = new Element()

/** SORT: the key, and the one after the last STORE, which may stand anywhere among the options. */
function sortKeys(args: KeyArguments): number[] {
  let destination = 0
  for (let i = 2; i < args.count; i++) {
    const option = args.text(i).toUpperCase()
    if (option === 'LIMIT') i += 2
    else if (option === 'GET' || option === 'BY') i += 1
    else if (option === 'STORE' && i + 1 < args.count) destination = i + 1
  }
  return destination === 0 ? [1] : [1, destination]
}

/** SORT_RO: the key; the names that BY and GET make are not in the arguments. */
function sortRoKeys(): number[] {
  return [1]
}

export const sortCommands: readonly CommandSpec[] = [
  {
    name: 'sort',
    arity: -2,
    flags: ['write', 'denyoom'],
    acl: ['set', 'sortedset', 'list', 'dangerous'],
    keys: [
      keyAt(1, 'RO', 'access'),
      keysUnknown(
        'For BY and GET: the names come from the values that are sorted.',
        'RO',
        'access',
      ),
      keysUnknown('For STORE, which may stand anywhere.', 'OW', 'update'),
    ],
    keysOf: sortKeys,
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(N+M*log(M)) for N elements of which M are returned; O(N) without sorting',
    summary: 'Sorts the elements of a list, set or sorted set, and returns or stores them.',
    syntax:
      'key [BY pattern#1] [LIMIT (offset count)] [GET pattern#1 [GET pattern ...]] ' +
      '[order=(ASC|DESC)] [sorting=ALPHA] [STORE destination]',
    handler: sort,
  },
  {
    name: 'sort_ro',
    arity: -2,
    flags: ['readonly'],
    acl: ['set', 'sortedset', 'list', 'dangerous'],
    keys: [
      keyAt(1, 'RO', 'access'),
      keysUnknown(
        'For BY and GET: the names come from the values that are sorted.',
        'RO',
        'access',
      ),
    ],
    keysOf: sortRoKeys,
    group: 'generic',
    since: '7.0.0',
    complexity: 'O(N+M*log(M)) for N elements of which M are returned; O(N) without sorting',
    summary: 'Sorts the elements of a list, set or sorted set, and returns them.',
    syntax:
      'key [BY pattern#1] [LIMIT (offset count)] [GET pattern#1 [GET pattern ...]] ' +
      '[order=(ASC|DESC)] [sorting=ALPHA]',
    handler: sortRo,
  },
]
