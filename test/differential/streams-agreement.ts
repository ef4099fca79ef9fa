// When two replies about a stream say the same thing though their bytes differ: times are each server's
// own, there is no radix tree here, and Redis 7.0, with which we compare, does not tell yet when a
// consumer last got something.
import { type Agreement, exact } from '../harness/agreement.ts'
import { decodeFrame, RespError, type RespValue } from '../harness/resp-value.ts'

const APART_MS = 3000

/** A time of each server's own, or a code below 0. */
function nearly(theirs: RespValue, ours: RespValue): boolean {
  if (typeof theirs !== 'number' || typeof ours !== 'number') return theirs === ours
  return theirs === ours || (theirs >= 0 && ours >= 0 && Math.abs(theirs - ours) <= APART_MS)
}

function same(theirs: RespValue, ours: RespValue): boolean {
  return encoded(theirs) === encoded(ours)
}

function encoded(part: RespValue): string {
  return JSON.stringify(part, (_name, each) => {
    if (typeof each === 'bigint') return `${each}n`
    return each instanceof Map ? [...each] : each
  })
}

/** Rows with a time at one place. */
function rowsAgree(theirs: RespValue, ours: RespValue, timeAt: number): boolean {
  if (!Array.isArray(theirs) || !Array.isArray(ours)) return same(theirs, ours)
  return (
    theirs.length === ours.length &&
    theirs.every((row, i) => {
      const [a, b] = [row as RespValue[], ours[i] as RespValue[]]
      return (
        a.length === b.length &&
        a.every((part, k) => (k === timeAt ? nearly(part, b[k]!) : same(part, b[k]!)))
      )
    })
  )
}

function unbalanced(name: string, id: string): Buffer {
  const rule = `for each stream key an ID or '${id}' must be specified.`
  return Buffer.from(`-ERR Unbalanced ${name} list of streams: ${rule}\r\n`, 'latin1')
}

const UNBALANCED = unbalanced('XREAD', '$')
const UNBALANCED_7_2 = [unbalanced("'xread'", '$'), unbalanced("'xreadgroup'", '>')]

/** Since 7.2 an error of those who read says which of the two commands it is. */
export const read: Agreement = (reference, candidate) =>
  exact(reference, candidate) ||
  (reference.equals(UNBALANCED) && UNBALANCED_7_2.some(later => later.equals(candidate)))

/** XPENDING tells of each entry how long it has been idle. */
export const pendingRows: Agreement = (reference, candidate) => {
  if (exact(reference, candidate)) return true
  const [theirs, ours] = [decodeFrame(reference), decodeFrame(candidate)]
  return reference[0] === candidate[0] && Array.isArray(theirs) && rowsAgree(theirs, ours, 2)
}

/** XINFO: times differ, there is no radix tree, and 7.2 tells more of consumers. */
export const info: Agreement = (reference, candidate) => {
  if (exact(reference, candidate)) return true
  const [theirs, ours] = [decodeFrame(reference), decodeFrame(candidate)]
  if (reference[0] !== candidate[0] || theirs instanceof RespError) return false
  const isList = Array.isArray(theirs) && (theirs[0] instanceof Map || Array.isArray(theirs[0]))
  return isList ? describedAlike(theirs, ours) : fieldsAgree(theirs, ours)
}

function describedAlike(theirs: RespValue, ours: RespValue): boolean {
  if (!Array.isArray(theirs) || !Array.isArray(ours)) return same(theirs, ours)
  return theirs.length === ours.length && theirs.every((each, i) => fieldsAgree(each, ours[i]!))
}

const SINCE_7_2 = ['active-time', 'inactive']

function fieldsAgree(theirs: RespValue, ours: RespValue): boolean {
  const [a, b] = [fieldsOf(theirs), fieldsOf(ours)]
  for (const name of SINCE_7_2) b.delete(name)
  return (
    same([...a.keys()], [...b.keys()]) &&
    [...a].every(([name, part]) => fieldAgrees(name, part, b.get(name)!, a.has('consumers')))
  )
}

function fieldAgrees(name: string, theirs: RespValue, ours: RespValue, ofGroup: boolean): boolean {
  switch (name) {
    case 'radix-tree-nodes':
      return typeof ours === 'number'
    case 'seen-time':
    case 'idle':
      return nearly(theirs, ours)
    case 'pending':
      return rowsAgree(theirs, ours, ofGroup ? 2 : 1)
    case 'groups':
    case 'consumers':
      return describedAlike(theirs, ours)
    default:
      return same(theirs, ours)
  }
}

/** A map in either protocol. */
function fieldsOf(reply: RespValue): Map<string, RespValue> {
  if (reply instanceof Map) return new Map(reply as Map<string, RespValue>)
  const fields = new Map<string, RespValue>()
  const words = reply as RespValue[]
  for (let i = 0; i < words.length; i += 2) fields.set(words[i] as string, words[i + 1]!)
  return fields
}
