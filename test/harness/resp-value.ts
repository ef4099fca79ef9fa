// A frame as a JavaScript value, for assertions that read well: `expect(decodeFrame(reply)).toEqual(…)`.
//
// Strings of every kind become latin1 strings, one character per byte, so nothing is lost; the view does
// not tell `+OK` from `$2 OK`. Where that matters, compare the frames themselves.
import { elementFrames, RespProtocolError, splitFrames } from './resp-framer.ts'

/** An error reply, a value like any other: tests expect it rather than catch it. */
export class RespError {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type RespValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | RespError
  | RespValue[]
  | Set<RespValue>
  | Map<RespValue, RespValue>

export function decodeFrame(frame: Buffer): RespValue {
  const lineEnd = frame.indexOf('\r\n', 0, 'latin1')
  const line = frame.toString('latin1', 1, lineEnd)
  const body = () => frame.toString('latin1', lineEnd + 2, frame.length - 2)
  const type = String.fromCharCode(frame[0]!)
  switch (type) {
    case '+':
      return line
    case '-':
      return new RespError(line)
    case ':':
      return Number.isSafeInteger(Number(line)) ? Number(line) : BigInt(line)
    case '(':
      return BigInt(line)
    case ',':
      return doubleOf(line)
    case '#':
      return line === 't'
    case '_':
      return null
    case '$':
      return line === '-1' ? null : body()
    case '=':
      return body().slice('txt:'.length)
    case '!':
      return new RespError(body())
    case '*':
    case '>':
      return elementFrames(frame)?.map(decodeFrame) ?? null
    case '~':
      return new Set(elementFrames(frame)!.map(decodeFrame))
    case '%':
      return mapOf(elementFrames(frame)!)
    case '|':
      return decodeFrame(splitFrames(frame.subarray(lineEnd + 2)).at(-1)!)
    default:
      throw new RespProtocolError(`unknown type byte ${JSON.stringify(type)}`)
  }
}

function doubleOf(line: string): number {
  if (line === 'inf') return Number.POSITIVE_INFINITY
  if (line === '-inf') return Number.NEGATIVE_INFINITY
  return Number(line)
}

function mapOf(frames: readonly Buffer[]): Map<RespValue, RespValue> {
  const map = new Map<RespValue, RespValue>()
  for (let i = 0; i < frames.length; i += 2)
    map.set(decodeFrame(frames[i]!), decodeFrame(frames[i + 1]!))
  return map
}
