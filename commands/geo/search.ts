// search.ts — GEOSEARCH, GEORADIUS and their relatives: the members inside a circle or a box.
//
// A key that is missing is no reason to skip the arguments: they decide what kind of reply is right.
// Everything is found before anything is stored, since the destination may be the source.

import type { Call } from '../../src/call.ts'
import { errors, printable, ReplyError } from '../../src/errors.ts'
import { Element } from '../../src/values/element.ts'
import { Zset } from '../../src/values/zset.ts'
import { readElement } from '../elements.ts'
import { readSortedSet, storeSortedSet } from '../sorted-sets/entry.ts'
import type { SortedSet } from '../sorted-sets/sorted-set.ts'
import { positionOfMember, readBox, readCircle, readPosition } from './arguments.ts'
import { replyDistance } from './distance.ts'
import { type Cell, type Position, positionOf, scoresIn } from './geohash.ts'
import { replyPosition } from './positions.ts'
import { cellsCovering, distanceWithin, type Shape } from './shape.ts'

const countNotPositive = new ReplyError('ERR COUNT must be > 0')
const anyWithoutCount = new ReplyError('ERR the ANY argument requires COUNT argument')

/** What a command's name says already. */
interface Form {
  /** Argument of the key that is searched. */
  readonly source: number
  /** Where the options begin. */
  readonly options: number
  /** The older commands give centre and radius by position. */
  readonly centre: 'position' | 'member' | 'option'
  /** STORE and STOREDIST name a key, STOREDIST is a flag for the given destination, or neither is. */
  readonly stores: 'by option' | 'always' | 'never'
}

interface Query {
  centre: Position | undefined
  shape: Shape | undefined
  /** How a search was told its centre; of a member there is none where the key is missing. */
  from: 'member' | 'position' | undefined
  order: 'none' | 'ascending' | 'descending'
  /** 0 for all. */
  count: number
  any: boolean
  withDistance: boolean
  withHash: boolean
  withPosition: boolean
  /** Argument of the destination; 0 for a reply. */
  destination: number
  storesDistance: boolean
}

interface Found {
  readonly member: string
  readonly score: number
  readonly position: Position
  /** From the centre, in metres. */
  readonly distance: number
}

const RADIUS: Form = { source: 1, options: 6, centre: 'position', stores: 'by option' }
const RADIUS_RO: Form = { ...RADIUS, stores: 'never' }
const BY_MEMBER: Form = { source: 1, options: 5, centre: 'member', stores: 'by option' }
const BY_MEMBER_RO: Form = { ...BY_MEMBER, stores: 'never' }
const SEARCH: Form = { source: 1, options: 2, centre: 'option', stores: 'never' }
const SEARCH_STORE: Form = { source: 2, options: 3, centre: 'option', stores: 'always' }

export function geoRadius(call: Call): void {
  search(call, RADIUS)
}

export function geoRadiusRo(call: Call): void {
  search(call, RADIUS_RO)
}

export function geoRadiusByMember(call: Call): void {
  search(call, BY_MEMBER)
}

export function geoRadiusByMemberRo(call: Call): void {
  search(call, BY_MEMBER_RO)
}

export function geoSearch(call: Call): void {
  search(call, SEARCH)
}

export function geoSearchStore(call: Call): void {
  search(call, SEARCH_STORE)
}

function search(call: Call, form: Form): void {
  const set = readSortedSet(call, form.source)
  const query = readQuery(call, form, set)
  const { centre, shape } = query
  const found =
    set === undefined || centre === undefined || shape === undefined
      ? []
      : chosen(collect(set, centre, shape, query.any ? query.count : 0), query)
  if (query.destination === 0) reply(call, found, query)
  else store(call, form, found, query)
}

function readQuery(call: Call, form: Form, set: SortedSet | undefined): Query {
  const query: Query = {
    centre: undefined,
    shape: undefined,
    from: undefined,
    order: 'none',
    count: 0,
    any: false,
    withDistance: false,
    withHash: false,
    withPosition: false,
    destination: form.stores === 'always' ? 1 : 0,
    storesDistance: false,
  }
  if (form.centre === 'position') {
    query.centre = readPosition(call, 2)
    query.shape = readCircle(call, 4)
  } else if (form.centre === 'member' && set !== undefined) {
    query.centre = positionOfMember(set, readElement(call, 2, member))
    query.shape = readCircle(call, 3)
  }
  for (let i = form.options; i < call.count; ) i += readOption(call, i, form, set, query)
  checkQuery(call, form, query)
  return query
}

/** Reads the option at argument i; answers how many arguments it took. */
function readOption(
  call: Call,
  i: number,
  form: Form,
  set: SortedSet | undefined,
  query: Query,
): number {
  const behind = call.count - i - 1
  if (call.is(i, 'WITHDIST')) query.withDistance = true
  else if (call.is(i, 'WITHHASH')) query.withHash = true
  else if (call.is(i, 'WITHCOORD')) query.withPosition = true
  else if (call.is(i, 'ANY')) query.any = true
  else if (call.is(i, 'ASC')) query.order = 'ascending'
  else if (call.is(i, 'DESC')) query.order = 'descending'
  else if (call.is(i, 'COUNT') && behind >= 1) {
    query.count = call.integer(i + 1)
    if (query.count <= 0) throw countNotPositive
    return 2
  } else if (form.centre === 'option') {
    return readSearchOption(call, i, form, set, query)
  } else if (form.stores === 'by option' && behind >= 1 && isStore(call, i)) {
    query.destination = i + 1
    query.storesDistance = call.is(i, 'STOREDIST')
    return 2
  } else {
    throw errors.syntax
  }
  return 1
}

function isStore(call: Call, i: number): boolean {
  return call.is(i, 'STORE') || call.is(i, 'STOREDIST')
}

function readSearchOption(
  call: Call,
  i: number,
  form: Form,
  set: SortedSet | undefined,
  query: Query,
): number {
  const behind = call.count - i - 1
  // Centre and shape may be given again, but not another way.
  if (call.is(i, 'FROMMEMBER') && behind >= 1 && query.from !== 'position') {
    query.from = 'member'
    if (set !== undefined) query.centre = positionOfMember(set, readElement(call, i + 1, member))
    return 2
  }
  if (call.is(i, 'FROMLONLAT') && behind >= 2 && query.from !== 'member') {
    query.from = 'position'
    query.centre = readPosition(call, i + 1)
    return 3
  }
  if (call.is(i, 'BYRADIUS') && behind >= 2 && query.shape?.kind !== 'box') {
    query.shape = readCircle(call, i + 1)
    return 3
  }
  if (call.is(i, 'BYBOX') && behind >= 3 && query.shape?.kind !== 'circle') {
    query.shape = readBox(call, i + 1)
    return 4
  }
  if (form.stores !== 'always' || !call.is(i, 'STOREDIST')) throw errors.syntax
  query.storesDistance = true
  return 1
}

function checkQuery(call: Call, form: Form, query: Query): void {
  if (query.destination > 0 && (query.withDistance || query.withHash || query.withPosition)) {
    const name = form.stores === 'always' ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS'
    throw new ReplyError(
      `ERR ${name} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`,
    )
  }
  if (form.centre === 'option') {
    const name = printable(call.text(0))
    if (query.from === undefined) {
      throw new ReplyError(
        `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${name}`,
      )
    }
    if (query.shape === undefined) {
      throw new ReplyError(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${name}`)
    }
  }
  if (query.any && query.count === 0) throw anyWithoutCount
}

/** The members inside the shape, in the order in which the cells are looked at; `limit` 0 for all. */
function collect(set: SortedSet, centre: Position, shape: Shape, limit: number): Found[] {
  const found: Found[] = []
  for (const cell of cellsCovering(shape, centre)) {
    if (limit > 0 && found.length >= limit) break
    collectFrom(set, cell, centre, shape, limit, found)
  }
  return found
}

function collectFrom(
  set: SortedSet,
  cell: Cell,
  centre: Position,
  shape: Shape,
  limit: number,
  found: Found[],
): void {
  const [from, to] = scoresIn(cell)
  let more = set.seek(set.rankOfScore(from, false))
  for (; more; more = set.next()) {
    const score = set.read(member)
    if (score >= to) return
    const position = positionOf(score)
    const distance = distanceWithin(shape, centre, position)
    if (distance < 0) continue
    found.push({ member: member.toString(), score, position, distance })
    if (limit > 0 && found.length >= limit) return
  }
}

/** What is wanted of all that was found: in order, and no more than were asked for. */
function chosen(found: Found[], query: Query): readonly Found[] {
  // The first few in no order would be useless, so a count asks for the nearest.
  const order = query.order === 'none' && query.count > 0 && !query.any ? 'ascending' : query.order
  if (order === 'ascending') found.sort((a, b) => a.distance - b.distance)
  else if (order === 'descending') found.sort((a, b) => b.distance - a.distance)
  return query.count > 0 ? found.slice(0, query.count) : found
}

function reply(call: Call, found: readonly Found[], query: Query): void {
  const { withDistance, withHash, withPosition } = query
  const metresPerUnit = query.shape?.metresPerUnit ?? 1
  const details = Number(withDistance) + Number(withHash) + Number(withPosition)
  call.reply.array(found.length)
  for (const { member, score, position, distance } of found) {
    if (details > 0) call.reply.array(1 + details)
    call.reply.bulk(member)
    if (withDistance) replyDistance(call, distance / metresPerUnit)
    if (withHash) call.reply.integer(Math.trunc(score))
    if (withPosition) replyPosition(call, position)
  }
}

function store(call: Call, form: Form, found: readonly Found[], query: Query): void {
  const metresPerUnit = query.shape?.metresPerUnit ?? 1
  const result = new Zset()
  for (const { member, score, distance } of found) {
    result.set(member, query.storesDistance ? distance / metresPerUnit : score)
  }
  const event = form.centre === 'option' ? 'geosearchstore' : 'georadiusstore'
  storeSortedSet(call, query.destination, result, event)
  call.reply.integer(found.length)
}

const member = new Element()
