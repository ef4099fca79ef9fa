// Random schedules: what several clients do to a few keys, with time going by, connections that end,
// waits that are unblocked, and commands that come in transactions or under a token.
import fc from 'fast-check'

export type Step =
  | { readonly kind: 'command'; readonly client: number; readonly words: readonly string[] }
  | {
      readonly kind: 'transaction'
      readonly client: number
      readonly commands: readonly (readonly string[])[]
    }
  | { readonly kind: 'leave'; readonly client: number }
  | { readonly kind: 'unblock'; readonly client: number; readonly byError: boolean }
  | { readonly kind: 'pass'; readonly milliseconds: number }
  | { readonly kind: 'stall'; readonly milliseconds: number }

export const CLIENTS = 5

/** Stands for the last token that any client was given. */
export const LAST_TOKEN = '<token>'

/** The words of a command, of which some are chosen: each part gives none, one or several. */
type Part = fc.Arbitrary<readonly string[]>

const words = (...each: string[]): Part => fc.constant(each)
const word = (...each: string[]): Part => fc.constantFrom(...each).map(one => [one])
const number = (min: number, max: number): Part =>
  fc.integer({ min, max }).map(one => [String(one)])
const maybe = (part: Part): Part => fc.option(part, { nil: [] }).map(one => one ?? [])
const command = (...parts: Part[]): Part => fc.tuple(...parts).map(all => all.flat())

const owner = word('o1', 'o2', 'o3', 'o4')
const ms = word('100', '200', '700', '3000')
const lease = fc.oneof(command(words('PX'), ms), command(words('EX'), word('1', '2')))
const term = maybe(fc.oneof(lease, words('CONN')))
const wait = maybe(command(words('WAIT'), word('0', '100', '500', '2000')))
const token = maybe(command(words('TOKEN'), word(LAST_TOKEN, '1')))
const request = maybe(command(words('REQ'), word('r1', 'r2')))

const lock = word('{k}l1', '{k}l2')
const lockOptions = command(
  maybe(word('READ', 'READ', 'WRITE')),
  term,
  wait,
  maybe(fc.oneof(words('REENTRANT'), words('REENTRANT', 'MAXHOLDS', '2'))),
  maybe(words('META', 'some text')),
)

export const locks = fc.oneof(
  { weight: 8, arbitrary: command(words('LOCK.ACQUIRE'), lock, owner, lockOptions) },
  {
    weight: 5,
    arbitrary: command(
      words('LOCK.RELEASE'),
      lock,
      owner,
      token,
      maybe(words('ALL')),
      maybe(words('STRICT')),
    ),
  },
  { weight: 2, arbitrary: command(words('LOCK.EXTEND'), lock, owner, lease, token) },
  { weight: 2, arbitrary: command(words('LOCK.CANCEL'), lock, owner) },
  { weight: 2, arbitrary: command(words('LOCK.UPGRADE'), lock, owner, wait) },
  command(words('LOCK.DOWNGRADE'), lock, owner),
  {
    weight: 2,
    arbitrary: command(words('LOCK.MACQUIRE', '2', '{k}l2', '{k}l1'), owner, lockOptions),
  },
  command(words('LOCK.MRELEASE', '2', '{k}l1', '{k}l2'), owner),
  command(words('LOCK.HANDOFF'), lock, owner, owner, maybe(lease)),
  command(words('LOCK.ASSERT'), lock, owner, token),
  command(words('LOCK.FORCE'), lock),
  command(words('LOCK.INFO'), lock),
  command(words('LOCK.DO'), lock, word(LAST_TOKEN), words('INCR', '{k}n')),
  command(words('DEL'), lock),
)

const election = word('{k}e')

export const leaders = fc.oneof(
  {
    weight: 4,
    arbitrary: command(
      words('LEADER.CAMPAIGN'),
      election,
      owner,
      maybe(words('VALUE', 'host')),
      term,
      wait,
    ),
  },
  { weight: 2, arbitrary: command(words('LEADER.RESIGN'), election, owner) },
  command(words('LEADER.EXTEND'), election, owner, lease, token),
  command(words('LEADER.PROCLAIM'), election, owner, word('v1', 'v2')),
  command(words('LEADER.TRANSFER'), election, owner, owner, maybe(lease)),
  command(words('LEADER.CANCEL'), election, owner),
  command(
    words('LEADER.AWAIT'),
    election,
    maybe(command(words('NOT'), word(LAST_TOKEN, '0'))),
    wait,
  ),
  command(words('LEADER.ASSERT'), election, owner, token),
)

const semaphore = word('{k}s1', '{k}s2')
const permits = maybe(command(words('PERMITS'), number(1, 3)))

export const semaphores = fc.oneof(
  { weight: 1, arbitrary: command(words('SEMAPHORE.INIT'), semaphore, number(0, 4)) },
  command(words('SEMAPHORE.INIT'), semaphore, number(0, 4), words('NX')),
  command(words('SEMAPHORE.SETLIMIT'), semaphore, number(0, 4)),
  {
    weight: 8,
    arbitrary: command(
      words('SEMAPHORE.ACQUIRE'),
      semaphore,
      owner,
      permits,
      term,
      wait,
      maybe(words('LIMIT', '3')),
      request,
    ),
  },
  {
    weight: 5,
    arbitrary: command(
      words('SEMAPHORE.RELEASE'),
      semaphore,
      owner,
      maybe(fc.oneof(command(words('PERMITS'), number(1, 3)), words('ALL'))),
      request,
    ),
  },
  command(words('SEMAPHORE.EXTEND'), semaphore, owner, lease),
  command(words('SEMAPHORE.DRAIN'), semaphore, owner, term),
  command(words('SEMAPHORE.CANCEL'), semaphore, owner),
  command(words('DEL'), semaphore),
)

const counter = word('{k}c1', '{k}c2')

export const counters = fc.oneof(
  {
    weight: 5,
    arbitrary: command(words('COUNTER.ADD'), counter, number(-3, 5), request),
  },
  command(words('COUNTER.INCR'), counter, request),
  command(words('COUNTER.DECR'), counter),
  command(words('COUNTER.SET'), counter, number(-5, 20)),
  command(words('COUNTER.GETSET'), counter, number(-5, 20)),
  command(words('COUNTER.RESET'), counter),
  command(words('COUNTER.CAS'), counter, number(-1, 3), number(-1, 9)),
  command(words('COUNTER.NEXT'), counter, number(1, 5)),
  command(
    words('COUNTER.CREATE'),
    counter,
    maybe(word('STRONG', 'WEAK')),
    maybe(words('INIT', '2')),
    maybe(lease),
    maybe(words('NX')),
  ),
  command(words('COUNTER.CREATE'), counter, words('MIN', '-2', 'MAX', '10')),
  {
    weight: 3,
    arbitrary: command(
      words('COUNTER.AWAIT'),
      counter,
      word('GE', 'LE', 'EQ'),
      number(-2, 9),
      wait,
    ),
  },
  command(words('COPY'), counter, counter),
  command(words('DEL'), counter),
)

const latch = word('{k}t1', '{k}t2')
const participant = maybe(command(words('ID'), owner, maybe(words('DATA', 'said'))))

export const latches = fc.oneof(
  {
    weight: 4,
    arbitrary: command(
      words('LATCH.CREATE'),
      latch,
      number(0, 4),
      maybe(word('NX', 'XX')),
      maybe(words('UPDOWN')),
      maybe(words('HOLD')),
      maybe(command(words('PX'), ms)),
      maybe(words('ONEXPIRE', 'OPEN')),
      maybe(words('LINGER', '300')),
    ),
  },
  {
    weight: 6,
    arbitrary: command(words('LATCH.DOWN'), latch, maybe(number(1, 2)), participant, request),
  },
  {
    weight: 2,
    arbitrary: command(
      words('LATCH.UP'),
      latch,
      maybe(number(1, 2)),
      maybe(command(words('ID'), owner)),
    ),
  },
  command(words('LATCH.ARM'), latch),
  command(words('LATCH.BREAK'), latch, maybe(words('why not'))),
  command(words('LATCH.RESET'), latch, number(0, 3)),
  { weight: 5, arbitrary: command(words('LATCH.AWAIT'), latch, wait) },
  command(words('LATCH.MAWAIT', '2', '{k}t1', '{k}t2'), word('ANY', 'ALL'), wait),
  command(words('DEL'), latch),
)

export const barriers = fc.oneof(
  {
    weight: 4,
    arbitrary: command(words('BARRIER.ENTER', '{k}b'), owner, word('2', '3'), term, wait),
  },
  { weight: 2, arbitrary: command(words('BARRIER.LEAVE', '{k}b'), owner, wait) },
  command(words('DEL', '{k}b')),
)

export const limits = fc.oneof(
  command(words('CL.THROTTLE', '{k}r1', '3', '5', '1'), maybe(number(0, 3)), wait),
  command(
    words('RATE.WINDOW', '{k}r2', '3', '700'),
    maybe(command(words('QUANTITY'), number(0, 3))),
    wait,
  ),
  command(
    words('RATE.WINDOW', '{k}r3', '3', '700', 'SLIDING'),
    maybe(command(words('QUANTITY'), number(0, 3))),
    wait,
  ),
)

const multimap = word('{k}m1', '{k}m2')
const field = word('f1', 'f2', 'f3')
const values = fc.array(fc.constantFrom('x', 'y', 'z'), { minLength: 1, maxLength: 3 })

export const multimaps = fc.oneof(
  { weight: 5, arbitrary: command(words('MULTIMAP.PUT'), multimap, field, values) },
  command(words('MULTIMAP.CREATE'), multimap, word('SET', 'LIST')),
  command(words('MULTIMAP.REMOVE'), multimap, field, values),
  command(words('MULTIMAP.DELETE'), multimap, field, field),
  command(words('MULTIMAP.TAKE'), multimap, field),
  command(words('MULTIMAP.REPLACE'), multimap, field, values),
  { weight: 2, arbitrary: command(words('MULTIMAP.EXPIRE'), multimap, words('PX'), ms, field) },
  command(words('MULTIMAP.GET'), multimap, field),
  command(words('COPY'), multimap, multimap),
  command(words('DEL'), multimap),
)

export const fences = fc.oneof(
  command(words('FENCE.NEXT', '{k}f')),
  command(words('FENCE.CHECK', '{k}f'), word(LAST_TOKEN, '1')),
  command(words('INCREX', '{k}x', 'UBOUND', '3', 'PX', '500')),
)

export const everything = fc.oneof(
  { weight: 4, arbitrary: locks },
  { weight: 2, arbitrary: leaders },
  { weight: 3, arbitrary: semaphores },
  { weight: 3, arbitrary: counters },
  { weight: 3, arbitrary: latches },
  { weight: 2, arbitrary: barriers },
  { weight: 2, arbitrary: limits },
  { weight: 3, arbitrary: multimaps },
  { weight: 1, arbitrary: fences },
  command(words('FLUSHALL')),
)

const client = fc.nat(CLIENTS - 1)

/** A schedule of these commands and of what may come between them. */
export function schedule(commands: Part, maxLength: number): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 30,
      arbitrary: fc.record({ kind: fc.constant('command' as const), client, words: commands }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('transaction' as const),
        client,
        commands: fc.array(commands, { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('leave' as const), client }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('unblock' as const),
        client,
        byError: fc.boolean(),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        milliseconds: fc.constantFrom(50, 100, 300, 1000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('stall' as const),
        milliseconds: fc.constant(5000),
      }),
    },
  )
  return fc.array(step, { minLength: 1, maxLength, size: 'max' })
}

function printed(steps: readonly Step[]): string {
  return steps
    .map(step => {
      switch (step.kind) {
        case 'command':
          return `${step.client} ${step.words.join(' ')}`
        case 'transaction':
          return `${step.client} MULTI ${step.commands.map(each => each.join(' ')).join('; ')}`
        case 'leave':
          return `${step.client} leaves`
        case 'unblock':
          return `${step.client} is unblocked${step.byError ? ' by an error' : ''}`
        default:
          return `${step.kind} ${step.milliseconds}`
      }
    })
    .join('\n')
}

/** Fails with the schedule as people read it. */
export function reportSchedule(details: fc.RunDetails<[Step[]]>): void {
  if (!details.failed) return
  const [steps] = details.counterexample!
  const error = details.errorInstance as Error
  const seed = `seed ${details.seed}, path ${details.counterexamplePath}`
  throw new Error(`${seed}\n${printed(steps)}\n\n${error.message}`, { cause: error })
}
