// Frames between data threads: a length, a kind, and a body that the kind knows.
//
// Frames of a turn are collected and leave in one write. What comes in is cut at the lengths; a
// frame that lies whole in the chunk is read where it is, one that does not is put together first.

/** Bytes of one body. A value has at most 512 MB, and an effect little more. */
export const FRAME_BYTES_MAX = 1024 * 1024 * 1024

const HEADER_BYTES = 5
const CAPACITY_MIN = 16 * 1024
/** A buffer that has grown beyond this for one turn is not kept. */
const CAPACITY_KEPT = 1024 * 1024

/** The peer does not keep to the format: the connection is of no use any more. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

export class FrameWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(CAPACITY_MIN)
  length = 0
  #start = 0

  /** Begins a frame with at least so much room for its body. */
  begin(kind: number, room: number): void {
    this.reserve(HEADER_BYTES + room)
    this.#start = this.length
    this.bytes[this.length + 4] = kind
    this.length += HEADER_BYTES
  }

  /** Ends the frame. */
  end(): void {
    this.bytes.writeUInt32LE(this.length - this.#start - HEADER_BYTES, this.#start)
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  number(value: number): void {
    this.length = this.bytes.writeDoubleLE(value, this.length)
  }

  append(part: Uint8Array): void {
    this.reserve(part.length)
    this.bytes.set(part, this.length)
    this.length += part.length
  }

  /** Whether there is anything to send. */
  get isEmpty(): boolean {
    return this.length === 0
  }

  /** All frames since the last call, in memory of their own. */
  take(): Buffer {
    const frames = Buffer.from(this.bytes.subarray(0, this.length))
    this.length = 0
    if (this.bytes.length > CAPACITY_KEPT) this.bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN)
    return frames
  }

  reserve(bytes: number): void {
    const needed = this.length + bytes
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}

/** `body` is good until the listener returns. */
export type FrameListener = (kind: number, body: Buffer) => void

export class FrameReader {
  /** The beginning of a frame whose rest has not come yet. */
  #rest: Buffer[] = []
  #restBytes = 0

  /** Hands on the frames that `chunk[0, end)` completes. */
  read(chunk: Buffer, end: number, listener: FrameListener): void {
    let bytes = chunk.subarray(0, end)
    if (this.#restBytes > 0) {
      // Large frames come in many chunks: they are joined once, when the last one is here.
      this.#rest.push(Buffer.from(bytes))
      this.#restBytes += bytes.length
      if (this.#restBytes < this.#needed()) return
      bytes = Buffer.concat(this.#rest)
      this.#rest = []
      this.#restBytes = 0
    }
    let at = 0
    while (bytes.length - at >= HEADER_BYTES) {
      const next = at + HEADER_BYTES + bodyLength(bytes, at)
      if (next > bytes.length) break
      listener(bytes[at + 4]!, bytes.subarray(at + HEADER_BYTES, next))
      at = next
    }
    if (at === bytes.length) return
    this.#rest = [Buffer.from(bytes.subarray(at))]
    this.#restBytes = bytes.length - at
  }

  /** Bytes that the first frame of the rest has, as far as is known. */
  #needed(): number {
    if (this.#rest[0]!.length < HEADER_BYTES) {
      this.#rest = [Buffer.concat(this.#rest)]
      if (this.#restBytes < HEADER_BYTES) return HEADER_BYTES
    }
    return HEADER_BYTES + bodyLength(this.#rest[0]!, 0)
  }
}

function bodyLength(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at)
  if (length > FRAME_BYTES_MAX) throw new FrameError(`a frame of ${length} bytes`)
  return length
}
