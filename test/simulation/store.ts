// What a simulated node keeps: a few small objects, by segment, behind replication's own interface.
//
// Effects are lines of words. Those of commands are relative where they can be (`add`, `copy`), so a
// copy that missed one, or took one twice, is a different copy from then on. Those that carry state
// are absolute.
//
// A lease is kept as its length, and counted from the moment its segment was promoted here: a
// failover lengthens leases and never shortens them.

import assert from 'node:assert/strict'
import type { Store, Transfer } from '../../cluster/replication/store.ts'
import type {
  CounterInput,
  LatchInput,
  LockInput,
  RegisterInput,
  SetInput,
} from './checker-models.ts'
import {
  COUNTER_MAX,
  changedPair,
  type Input,
  type Output,
  type PairInput,
  type Subject,
} from './objects.ts'

interface LockValue {
  owner: string
  token: number
  leaseMs: number
  /** On the clock of the node that serves it. Means nothing in a kept copy. */
  endsAt: number
}

/** By type: counter or latch, register, set, lock. */
type Value = number | string | Set<string> | LockValue

const NOBODY = '-'
const NO_EFFECTS = Buffer.alloc(0)

export class Copy {
  isServed = false
  readonly values = new Map<string, Value>()
}

export interface Executed {
  readonly output: Output
  /** Empty if nothing changed. */
  readonly effects: Buffer
}

export class SimulatedStore implements Store {
  readonly #copies = new Map<number, Copy>()
  readonly #clock: () => number
  readonly #promoted: () => void

  constructor(clock: () => number, promoted: () => void) {
    this.#clock = clock
    this.#promoted = promoted
  }

  /** Equal for equal copies. Leases count by their length only. */
  describe(segment: number): string {
    const copy = this.#copies.get(segment)
    if (copy === undefined) return ''
    const names = [...copy.values.keys()].sort()
    return names.map(name => stateOf(copy, name)).join('; ')
  }

  isServed(segment: number): boolean {
    return this.#copies.get(segment)?.isServed ?? false
  }

  /** Only in a segment that is served. */
  execute(subject: Subject, input: Input): Executed {
    const copy = this.#copies.get(subject.segment)
    assert(copy?.isServed, 'commands are executed where they are served')
    const before = new Execution(copy, subject.name, this.#clock())
    const output = before.run(subject, input)
    return { output, effects: encoded(before.lines) }
  }

  apply(segment: number, _now: number, effects: Buffer): void {
    const copy = this.#copyOf(segment)
    assert(!copy.isServed, 'effects of others reach kept copies only')
    if (effects.length > 0) perform(copy, effects.latin1Slice(0, effects.length))
  }

  promote(segment: number): void {
    const copy = this.#copyOf(segment)
    assert(!copy.isServed, 'a kept copy is promoted')
    copy.isServed = true
    this.#promoted()
    const now = this.#clock()
    for (const value of copy.values.values()) {
      if (isLock(value)) value.endsAt = now + value.leaseMs
    }
  }

  demote(segment: number): void {
    const copy = this.#copyOf(segment)
    assert(copy.isServed, 'a served copy is demoted')
    copy.isServed = false
  }

  clear(segment: number): void {
    this.#copies.delete(segment)
  }

  transfer(segment: number): Transfer {
    const copy = this.#copyOf(segment)
    assert(copy.isServed, 'a served copy is transferred')
    return this.reading(copy)
  }

  protected reading(copy: Copy): Transfer {
    return new Reading(copy)
  }

  #copyOf(segment: number): Copy {
    let copy = this.#copies.get(segment)
    if (copy === undefined) {
      copy = new Copy()
      this.#copies.set(segment, copy)
    }
    return copy
  }
}

function isLock(value: Value): value is LockValue {
  return typeof value === 'object' && 'owner' in value
}

function encoded(lines: readonly string[]): Buffer {
  return lines.length === 0 ? NO_EFFECTS : Buffer.from(lines.join('\n'), 'latin1')
}

/** A command at work: it decides on what is there, and changes it by its own effects. */
class Execution {
  readonly lines: string[] = []
  readonly #copy: Copy
  readonly #name: string
  readonly #now: number

  constructor(copy: Copy, name: string, now: number) {
    this.#copy = copy
    this.#name = name
    this.#now = now
  }

  run({ kind }: Subject, input: Input): Output {
    switch (kind) {
      case 'register':
        return this.#register(input as RegisterInput)
      case 'counter':
        return this.#counter(input as CounterInput)
      case 'set':
        return this.#set(input as SetInput)
      case 'lock':
        return this.#lock(input as LockInput)
      case 'latch':
        return this.#latch(input as LatchInput)
      case 'pair':
        return this.#pair(input as PairInput)
    }
  }

  #take(line: string): void {
    this.lines.push(line)
    perform(this.#copy, line)
  }

  get #value(): Value | undefined {
    return this.#copy.values.get(this.#name)
  }

  #register(input: RegisterInput): Output {
    const value = (this.#value as string | undefined) ?? null
    if (input.kind === 'read') return value
    if (input.kind === 'swap' && value !== input.expected) return false
    this.#take(`set ${this.#name} ${input.value}`)
    return true
  }

  #counter(input: CounterInput): Output {
    const value = (this.#value as number | undefined) ?? 0
    if (input.kind === 'get') return value
    const sum = value + input.delta
    if (Math.abs(sum) > COUNTER_MAX) return 'out-of-bounds'
    this.#take(`add ${this.#name} ${input.delta}`)
    return sum
  }

  #set(input: SetInput): Output {
    const members = this.#value as Set<string> | undefined
    if (input.kind === 'size') return members?.size ?? 0
    const isThere = members?.has(input.member) ?? false
    if (input.kind === 'has') return isThere
    if (isThere === (input.kind === 'add')) return false
    this.#take(`${input.kind === 'add' ? 'sadd' : 'srem'} ${this.#name} ${input.member}`)
    return true
  }

  #lock(input: LockInput): Output {
    const held = this.#value as LockValue | undefined
    const isGranted = held !== undefined && held.owner !== NOBODY
    const isHeld = isGranted && this.#now < held.endsAt
    // Who sees that a lease has ended must not see it go on after a failover.
    if (isGranted && !isHeld) this.#take(`free ${this.#name}`)
    switch (input.kind) {
      case 'acquire': {
        if (isHeld && held.owner !== input.owner) return null
        const token = isHeld ? held.token : (held?.token ?? 0) + 1
        this.#take(`grant ${this.#name} ${input.owner} ${token} ${input.leaseMs}`)
        const value = this.#value as LockValue
        value.endsAt = this.#now + input.leaseMs
        return token
      }
      case 'release':
        if (!isHeld || held.owner !== input.owner) return false
        this.#take(`free ${this.#name}`)
        return true
      case 'use':
        return isHeld && held.token === input.token ? 'done' : 'fenced'
    }
  }

  #latch(input: LatchInput): Output {
    const count = this.#value as number | undefined
    if (input.kind === 'create') {
      if (count !== undefined) return false
      this.#take(`add ${this.#name} ${input.count}`)
      return true
    }
    if (count === undefined) return 'no-latch'
    switch (input.kind) {
      case 'down': {
        const by = Math.min(count, input.by)
        if (by > 0) this.#take(`add ${this.#name} ${-by}`)
        return count - by
      }
      case 'await':
        return count === 0
      case 'count':
        return count
    }
  }

  #pair(input: PairInput): Output {
    const first = `${this.#name}.0`
    const second = `${this.#name}.1`
    const { values } = this.#copy
    const before = [Number(values.get(first) ?? 0), Number(values.get(second) ?? 0)] as const
    const after = changedPair(before, input)
    switch (input.kind) {
      case 'read':
        break
      case 'add':
        this.#take(`add ${input.to === 0 ? first : second} ${input.delta}`)
        break
      default:
        this.#take(`${input.kind} ${first} ${second}`)
    }
    return after
  }
}

/** Does what effects say, whoever logged them. */
function perform(copy: Copy, effects: string): void {
  const { values } = copy
  for (const line of effects.split('\n')) {
    const [verb, name = '', word = '', third = '', fourth = ''] = line.split(' ')
    switch (verb) {
      case 'set':
        values.set(name, word)
        break
      case 'number':
        values.set(name, Number(word))
        break
      case 'add':
        values.set(name, Number(values.get(name) ?? 0) + Number(word))
        break
      case 'copy':
        values.set(word, Number(values.get(name) ?? 0))
        break
      case 'swap': {
        const first = Number(values.get(name) ?? 0)
        values.set(name, Number(values.get(word) ?? 0))
        values.set(word, first)
        break
      }
      case 'sadd': {
        const members = values.get(name) as Set<string> | undefined
        if (members === undefined) values.set(name, new Set([word]))
        else members.add(word)
        break
      }
      case 'srem': {
        const members = values.get(name) as Set<string> | undefined
        members?.delete(word)
        break
      }
      case 'members':
        values.set(name, new Set(word === '' ? [] : word.split(',')))
        break
      case 'grant':
        values.set(name, { owner: word, token: Number(third), leaseMs: Number(fourth), endsAt: 0 })
        break
      case 'free': {
        const held = values.get(name) as LockValue | undefined
        if (held !== undefined) values.set(name, { ...held, owner: NOBODY })
        break
      }
      default:
        assert.fail(`no effect is called ${verb}`)
    }
  }
}

/** The effect that makes one key what it is. */
function stateOf(copy: Copy, name: string): string {
  const value = copy.values.get(name)!
  if (typeof value === 'number') return `number ${name} ${value}`
  if (typeof value === 'string') return `set ${name} ${value}`
  if (isLock(value)) return `grant ${name} ${value.owner} ${value.token} ${value.leaseMs}`
  return `members ${name} ${[...value].sort().join(',')}`
}

/** The keys that an entry's effects name. */
function keysOf(effects: string): string[] {
  const keys: string[] = []
  for (const line of effects.split('\n')) {
    const [verb, name = '', word = ''] = line.split(' ')
    keys.push(name)
    if (verb === 'copy' || verb === 'swap') keys.push(word)
  }
  return keys
}

/** One key at a time, so that commands come in between as often as they can. */
export class Reading implements Transfer {
  readonly #copy: Copy
  /** There when it began, not sent since. */
  readonly #unsent: Set<string>

  constructor(copy: Copy) {
    this.#copy = copy
    this.#unsent = new Set(copy.values.keys())
  }

  next(): Buffer | undefined {
    for (const name of this.#unsent) {
      this.#unsent.delete(name)
      return encoded([stateOf(this.#copy, name)])
    }
    return undefined
  }

  filter(effects: Buffer): Buffer {
    if (effects.length === 0) return effects
    const keys = keysOf(effects.latin1Slice(0, effects.length))
    const unsent = keys.filter(key => this.#unsent.has(key))
    if (unsent.length === 0) return effects
    if (unsent.length === keys.length) return NO_EFFECTS
    for (const key of unsent) this.#unsent.delete(key)
    const there = keys.filter(key => this.#copy.values.has(key))
    return encoded(there.map(key => stateOf(this.#copy, key)))
  }

  close(): void {
    this.#unsent.clear()
  }
}
