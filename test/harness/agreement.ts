// When two replies to the same command say the same thing.
//
// The rule is equality of bytes. The exceptions are here, one per kind of freedom that Redis leaves: order
// where a reply lists a hash table, time where it tells a duration, chance. None of them lets an error pass
// for a value, or one type of reply for another.
import { elementFrames } from './resp-framer.ts'

export type Agreement = (reference: Buffer, candidate: Buffer) => boolean

export const exact: Agreement = (reference, candidate) => reference.equals(candidate)

/** For replies that depend on chance: of the same type, and null where the other is. */
export const sameType: Agreement = (reference, candidate) =>
  exact(reference, candidate) ||
  (reference[0] === candidate[0] &&
    isNull(reference) === isNull(candidate) &&
    !'+-'.includes(String.fromCharCode(reference[0]!)))

/** For arrays and sets whose elements come in no order. */
export const unordered: Agreement = (reference, candidate) => {
  if (exact(reference, candidate)) return true
  const elements = sortedElements(reference)
  return (
    elements !== undefined &&
    reference[0] === candidate[0] &&
    elements === sortedElements(candidate)
  )
}

/** For SCAN and its kind: the same cursor, the elements in any order. */
export const scanned: Agreement = (reference, candidate) =>
  exact(reference, candidate) || pairwise(reference, candidate, [exact, unordered])

/**
 * For integers that depend on when the command ran. Negative ones are codes, such as the -1 and -2
 * of TTL, and must be equal.
 */
export function within(tolerance: number): Agreement {
  return (reference, candidate) => {
    if (exact(reference, candidate)) return true
    const a = integerOf(reference)
    const b = integerOf(candidate)
    return a !== undefined && b !== undefined && a >= 0 && b >= 0 && Math.abs(a - b) <= tolerance
  }
}

const QUICKLIST = Buffer.from('$9\r\nquicklist\r\n')
const HASHTABLE = Buffer.from('$9\r\nhashtable\r\n')
const LISTPACK = Buffer.from('$8\r\nlistpack\r\n')

/** For names of encodings: since 7.2 a short list and a small set are listpacks. */
export const encoding: Agreement = (reference, candidate) =>
  exact(reference, candidate) ||
  (candidate.equals(LISTPACK) && (reference.equals(QUICKLIST) || reference.equals(HASHTABLE)))

const ALONE = Buffer.from(':1\r\n')
const SHARED = Buffer.from(':2147483647\r\n')

/** For OBJECT REFCOUNT: which copies of an integer are shared is the server's own affair. */
export const references: Agreement = (reference, candidate) =>
  exact(reference, candidate) || (reference.equals(ALONE) && candidate.equals(SHARED))

/** For arrays whose elements each have an agreement of their own, such as the reply of EXEC. */
export function pairwise(
  reference: Buffer,
  candidate: Buffer,
  agreements: readonly Agreement[],
): boolean {
  const ours = elementFrames(candidate)
  const theirs = elementFrames(reference)
  return (
    reference[0] === candidate[0] &&
    ours?.length === agreements.length &&
    theirs?.length === agreements.length &&
    agreements.every((agree, i) => agree(theirs[i]!, ours[i]!))
  )
}

function isNull(frame: Buffer): boolean {
  return frame[0] === 0x5f || frame[1] === 0x2d
}

function integerOf(frame: Buffer): number | undefined {
  const digits = /^:(-?\d+)\r\n$/.exec(frame.toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function sortedElements(frame: Buffer): string | undefined {
  return elementFrames(frame)
    ?.map(element => element.toString('latin1'))
    .sort()
    .join('')
}
