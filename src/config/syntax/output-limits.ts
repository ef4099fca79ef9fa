// output-limits.ts — client-output-buffer-limit: for each class of clients a hard limit, and a soft one
// with the seconds for which it may be exceeded.
//
// Classes that a value does not name keep their limits, as in Redis. 0 means no limit.
import { InvalidValue, type Syntax } from '../syntax.ts'
import { readBytes, writeBytes } from './scalar.ts'

export interface OutputLimit {
  readonly hardBytes: number
  readonly softBytes: number
  readonly softSeconds: number
}

export type ClientClass = 'normal' | 'replica' | 'pubsub'
export type OutputLimits = Readonly<Record<ClientClass, OutputLimit>>

/** Order and names as CONFIG GET shows them. */
const CLASSES: readonly (readonly [string, ClientClass])[] = [
  ['normal', 'normal'],
  ['slave', 'replica'],
  ['pubsub', 'pubsub'],
]

const CLASS_OF_WORD = new Map<string, ClientClass>([...CLASSES, ['replica', 'replica']])

export const outputLimits: Syntax<OutputLimits> = {
  form: 'class hard soft seconds ...',
  range: 'classes normal, replica, pubsub; 0 for no limit',
  manyWords: true,
  onlyOneValue: false,
  read(words, current) {
    if (words.length % 4 !== 0) {
      throw new InvalidValue('Wrong number of arguments in buffer limit configuration.')
    }
    const limits = { ...current }
    for (let i = 0; i < words.length; i += 4) {
      const name = CLASS_OF_WORD.get(words[i]!.toLowerCase())
      if (name === undefined) {
        throw new InvalidValue('Invalid client class specified in buffer limit configuration.')
      }
      limits[name] = {
        hardBytes: readNumber(readBytes(words[i + 1]!)),
        softBytes: readNumber(readBytes(words[i + 2]!)),
        softSeconds: readNumber(
          /^\d{1,10}$/.test(words[i + 3]!) ? BigInt(words[i + 3]!) : undefined,
        ),
      }
    }
    return limits
  },
  write: value =>
    CLASSES.map(([word, name]) => {
      const { hardBytes, softBytes, softSeconds } = value[name]
      return `${word} ${hardBytes} ${softBytes} ${softSeconds}`
    }).join(' '),
  lines: value =>
    CLASSES.map(([, name]) => {
      const { hardBytes, softBytes, softSeconds } = value[name]
      return `${name} ${writeBytes(hardBytes)} ${writeBytes(softBytes)} ${softSeconds}`
    }),
}

function readNumber(value: bigint | undefined): number {
  if (value === undefined || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new InvalidValue(
      'Error in hard, soft or soft_seconds setting in buffer limit configuration.',
    )
  }
  return Number(value)
}
