// How a plain model and the server play the same moves: the same steps, the same answers to the same
// clients. Clients die, wait in vain, are unblocked and repeat themselves; time passes, or stands still.
//
// PROPERTY_RUNS sets how many schedules are played for each model.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect } from 'vitest'
import { RespError, type RespValue } from '../../harness/resp-value.ts'
import { type Answer, Company } from './company.ts'
import type { Expected, Said, Wish } from './models.ts'
import { CLIENTS } from './schedules.ts'

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 250)
const STEPS_MAX = 60
const TOKEN_MIN = 2 ** 40

/** What all models understand beside their own commands. */
export interface Model {
  said: Said
  leave(client: number): void
  unblock(client: number, byError: boolean): void
  pass(milliseconds: number): void
  stall(milliseconds: number): void
}

/** A step for both: what the server is told, and what the model does then. */
export interface Move<M extends Model> {
  readonly label: string
  /** Undefined for what no client says. */
  readonly client: number | undefined
  /** `tokens` are all that were seen so far, in their order. */
  readonly onServer: (company: Company, tokens: readonly number[]) => Answer[]
  readonly onModel: (model: M) => void
}

/** A word `T3` in the line stands for the third token or for one that nobody has yet, `T0` for the last. */
export function says<M extends Model>(
  client: number,
  line: string,
  onModel: (model: M) => void,
): Move<M> {
  const words = line.split(' ').filter(word => word !== '')
  return {
    label: `${client} ${words.join(' ')}`,
    client,
    onServer: (company, tokens) =>
      company.step({ kind: 'command', client, words: words.map(word => meaning(word, tokens)) }),
    onModel,
  }
}

const NOBODYS_TOKEN = 1

function meaning(word: string, tokens: readonly number[]): string {
  const rank = /^T(\d+)$/.exec(word)?.[1]
  return rank === undefined ? word : String(tokens.at(Number(rank) - 1) ?? NOBODYS_TOKEN)
}

export const client = fc.nat(CLIENTS - 1)
export const owner = fc.constantFrom('o1', 'o2', 'o3', 'o4')
export const leaseMs = fc.constantFrom(0, 100, 300, 700)
export const waitMs = fc.constantFrom(undefined, 0, 0, 100, 500)
export const wish: fc.Arbitrary<Wish> = fc
  .record({ client, owner, leaseMs, bound: fc.boolean(), waitMs })
  .map(each => (each.leaseMs > 0 ? { ...each, bound: false } : each))

export function optionsOf({ leaseMs, bound, waitMs }: Wish): string {
  const term = bound ? 'CONN' : leaseMs > 0 ? `PX ${leaseMs}` : ''
  return `${term} ${waitOf(waitMs)}`
}

export function waitOf(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : `WAIT ${milliseconds}`
}

/** What happens without anybody saying it. */
function events<M extends Model>(): fc.Arbitrary<Move<M>> {
  const passing = fc.constantFrom(50, 100, 300).map(
    (milliseconds): Move<M> => ({
      label: `pass ${milliseconds}`,
      client: undefined,
      onServer: company => company.step({ kind: 'pass', milliseconds }),
      onModel: model => model.pass(milliseconds),
    }),
  )
  const stalling = fc.constant<Move<M>>({
    label: 'stall 5000',
    client: undefined,
    onServer: company => company.step({ kind: 'stall', milliseconds: 5000 }),
    onModel: model => model.stall(5000),
  })
  const leaving = client.map(
    (leaver): Move<M> => ({
      label: `${leaver} leaves`,
      client: undefined,
      onServer: company => company.step({ kind: 'leave', client: leaver }),
      onModel: model => model.leave(leaver),
    }),
  )
  const unblocking = fc.tuple(client, fc.boolean()).map(
    ([blocked, byError]): Move<M> => ({
      label: `${blocked} is unblocked`,
      client: undefined,
      onServer: company => company.step({ kind: 'unblock', client: blocked, byError }),
      onModel: model => model.unblock(blocked, byError),
    }),
  )
  return fc.oneof(
    { weight: 5, arbitrary: passing },
    { weight: 1, arbitrary: stalling },
    { weight: 3, arbitrary: leaving },
    { weight: 1, arbitrary: unblocking },
  )
}

/** Plays moves on both, and compares what was said to whom after each. */
function agree<M extends Model>(moves: readonly Move<M>[], model: M): void {
  const company = new Company()
  const tokens: number[] = []
  const played: string[] = []
  for (const move of moves) {
    // Who waits cannot speak.
    if (move.client !== undefined && company.waiting[move.client] !== undefined) continue
    played.push(move.label)
    model.said = new Map()
    move.onModel(model)
    const answers = move.onServer(company, tokens)
    noteTokens(answers, tokens)
    const said = inOrder(answers.map(({ client, value }) => [client, shown(value, tokens)]))
    const expected = inOrder([...model.said])
    if (isDeepStrictEqual(said, expected)) continue
    const texts = `the server said ${JSON.stringify(said)}, the model ${JSON.stringify(expected)}`
    throw new Error(`${played.join('\n')}\n${texts}`)
  }
}

function inOrder(said: [client: number, value: Expected][]): [number, Expected][] {
  return said.sort(([a], [b]) => a - b)
}

/** Tokens that were never seen before come after all that were. */
function noteTokens(answers: readonly Answer[], tokens: number[]): void {
  const fresh = answers
    .flatMap(({ value }) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is number => typeof value === 'number' && value >= TOKEN_MIN)
    .filter(value => !tokens.includes(value))
  for (const token of new Set(fresh.sort((one, other) => one - other))) {
    expect(token).toBeGreaterThan(tokens.at(-1) ?? 0)
    tokens.push(token)
  }
}

/** A token as its rank among all. */
function shown(value: RespValue, tokens: readonly number[]): Expected {
  if (value instanceof RespError) return value.text
  if (Array.isArray(value)) return value.map(each => shown(each, tokens))
  if (typeof value !== 'number' || value < TOKEN_MIN) return value as Expected
  return tokens.indexOf(value) + 1
}

export function check<M extends Model>(commands: fc.Arbitrary<Move<M>>, make: () => M): void {
  const move = fc.oneof({ weight: 4, arbitrary: commands }, { weight: 1, arbitrary: events<M>() })
  const moves = fc.array(move, { minLength: 1, maxLength: STEPS_MAX, size: 'max' })
  fc.assert(
    fc.property(moves, all => agree(all, make())),
    { numRuns: RUNS, reporter: reportMoves },
  )
}

function reportMoves<M extends Model>(details: fc.RunDetails<[Move<M>[]]>): void {
  if (!details.failed) return
  const error = details.errorInstance as Error
  throw new Error(`seed ${details.seed}\n${error.message}`, { cause: error })
}
