// Cuts a stream of RESP2 or RESP3 bytes into frames: one whole value each, with all it contains, as the
// bytes that came.
//
// Nesting needs no stack. What matters is how many values are still owed: a scalar pays one, an aggregate
// pays one and owes its elements, an attribute pays none (the value it belongs to follows) and owes its
// pairs. A frame ends when nothing is owed. So depth is bounded by memory only, and every byte is looked
// at once however the stream is split. RESP3's streamed strings and aggregates, of unknown length, are
// refused: no Redis sends them.

/** A server's largest reply is a value of `proto-max-bulk-len`, or an array of a few. */
const FRAME_BYTES_MAX = 2 ** 30

const CR = 0x0d
const LF = 0x0a

export class RespProtocolError extends Error {}

export class RespFramer {
  #bytes = Buffer.allocUnsafe(16 * 1024)
  #start = 0
  /** Invariant: #start <= #scan <= #end; the bytes between #start and #scan belong to the open frame. */
  #scan = 0
  #end = 0
  /** Invariant: > 0; how many values the open frame still owes. */
  #owed = 1

  /** Adds what arrived; returns the frames that this completes, as copies. */
  push(chunk: Buffer): Buffer[] {
    this.#append(chunk)
    const frames: Buffer[] = []
    while (this.#scanValue()) {
      if (this.#owed > 0) continue
      frames.push(Buffer.from(this.#bytes.subarray(this.#start, this.#scan)))
      this.#start = this.#scan
      this.#owed = 1
    }
    return frames
  }

  #append(chunk: Buffer): void {
    const held = this.#end - this.#start
    if (held + chunk.length > FRAME_BYTES_MAX) throw new RespProtocolError('frame too large')
    if (this.#end + chunk.length > this.#bytes.length) {
      const target =
        held + chunk.length > this.#bytes.length
          ? Buffer.allocUnsafe(2 * (held + chunk.length))
          : this.#bytes
      this.#bytes.copy(target, 0, this.#start, this.#end)
      this.#bytes = target
      this.#scan -= this.#start
      this.#end = held
      this.#start = 0
    }
    chunk.copy(this.#bytes, this.#end)
    this.#end += chunk.length
  }

  /** Moves past one scalar or the header of one aggregate; false if its bytes are not all here. */
  #scanValue(): boolean {
    // No line of RESP holds a bare LF, so the first one ends it.
    const lineEnd = this.#bytes.indexOf(LF, this.#scan) - 1
    if (lineEnd < 0 || lineEnd + 2 > this.#end) return false
    if (this.#bytes[lineEnd] !== CR) throw new RespProtocolError('a line ends with a bare LF')
    const type = String.fromCharCode(this.#bytes[this.#scan]!)
    const next = lineEnd + 2
    switch (type) {
      case '+':
      case '-':
      case ':':
      case '_':
      case ',':
      case '#':
      case '(':
        this.#owed -= 1
        this.#scan = next
        return true
      case '$':
      case '!':
      case '=': {
        const length = this.#length(lineEnd)
        if (length >= 0) {
          const bodyEnd = next + length
          if (bodyEnd + 2 > this.#end) return false
          if (this.#bytes[bodyEnd] !== CR || this.#bytes[bodyEnd + 1] !== LF) {
            throw new RespProtocolError(`no CRLF after a string of ${length} bytes`)
          }
          this.#scan = bodyEnd + 2
        } else {
          this.#scan = next
        }
        this.#owed -= 1
        return true
      }
      case '*':
      case '~':
      case '>':
        this.#owed += Math.max(this.#length(lineEnd), 0) - 1
        this.#scan = next
        return true
      case '%':
        this.#owed += 2 * this.#length(lineEnd) - 1
        this.#scan = next
        return true
      case '|':
        this.#owed += 2 * this.#length(lineEnd)
        this.#scan = next
        return true
      default:
        throw new RespProtocolError(`unknown type byte ${JSON.stringify(type)}`)
    }
  }

  #length(lineEnd: number): number {
    const digits = this.#bytes.toString('latin1', this.#scan + 1, lineEnd)
    const isNull = digits === '-1' && '$*'.includes(String.fromCharCode(this.#bytes[this.#scan]!))
    if (!isNull && !/^\d{1,10}$/.test(digits)) {
      throw new RespProtocolError(`bad length ${JSON.stringify(digits)}`)
    }
    return Number(digits)
  }
}

/** The frames that `bytes` consists of; a rest that is no whole frame is an error. */
export function splitFrames(bytes: Buffer): Buffer[] {
  const frames = new RespFramer().push(bytes)
  const framed = frames.reduce((sum, frame) => sum + frame.length, 0)
  if (framed !== bytes.length) throw new RespProtocolError('the last frame is cut off')
  return frames
}

/** The elements of an array, set, map or push as frames; undefined if the frame is something else. */
export function elementFrames(frame: Buffer): Buffer[] | undefined {
  const isAggregate = frame.length > 0 && '*~%>'.includes(String.fromCharCode(frame[0]!))
  if (!isAggregate || frame[1] === 0x2d) return undefined
  return splitFrames(frame.subarray(frame.indexOf('\r\n', 0, 'latin1') + 2))
}
