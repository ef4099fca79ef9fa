// A trace: what is done to two servers, one step after another, and how it is written down for a reader.
import { type Agreement, exact } from './agreement.ts'

export interface CommandStep {
  readonly kind: 'command'
  /** Which of the session's connections sends it. */
  readonly connection: number
  /** latin1 strings, one character per byte; the first is the command's name. */
  readonly args: readonly string[]
  readonly agree: Agreement
}

/** Lets time pass on both servers, for keys to expire. */
export interface WaitStep {
  readonly kind: 'wait'
  readonly ms: number
}

export type Step = CommandStep | WaitStep

/** Steps that make sense only together: shrinking a trace keeps them or drops them as one. */
export type Move = readonly Step[]

export function commandStep(
  args: readonly string[],
  agree: Agreement = exact,
  connection = 0,
): CommandStep {
  return { kind: 'command', connection, args, agree }
}

const CONNECTION_LETTERS = 'abcdefgh'

export function describeStep(step: Step): string {
  if (step.kind === 'wait') return `wait ${step.ms} ms`
  return `${CONNECTION_LETTERS[step.connection]}> ${step.args.map(describeArgument).join(' ')}`
}

const ARGUMENT_CHARACTERS_MAX = 80

/** As redis-cli takes it: quoted and escaped where it has to be. */
function describeArgument(arg: string): string {
  if (arg.length > ARGUMENT_CHARACTERS_MAX) {
    return `${describeArgument(arg.slice(0, ARGUMENT_CHARACTERS_MAX))}… (${arg.length} bytes)`
  }
  return /^[!#-&(-[\]-~]+$/.test(arg) ? arg : `"${escapeBytes(arg)}"`
}

/** latin1 text with every byte that is not printable ASCII made visible. */
export function escapeBytes(latin1: string): string {
  return latin1.replace(/[^ -~]|["\\]/g, byte => {
    if (byte === '\r') return '\\r'
    if (byte === '\n') return '\\n'
    if (byte === '"' || byte === '\\') return `\\${byte}`
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
