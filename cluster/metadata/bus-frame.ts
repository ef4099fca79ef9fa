// Frames on the bus: a length and that many bytes.
//
// Messages of the metadata plane are small; the largest is a part of a snapshot or of the log. A
// peer that has not shown yet who it is may say no more than the handshake needs.

const LENGTH_BYTES = 4

export const HANDSHAKE_BYTES_MAX = 512
export const FRAME_BYTES_MAX = 8 * 1024 * 1024

/** The peer does not keep to the format. */
export class BusError extends Error {
  override readonly name: string = 'BusError'
}

/** The peer knows the secret, and belongs to another cluster. */
export class ForeignCluster extends BusError {
  override readonly name = 'ForeignCluster'
}

export function frame(body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + body.length)
  bytes.writeUInt32LE(body.length, 0)
  bytes.set(body, LENGTH_BYTES)
  return bytes
}

export class BusFrameReader {
  bytesMax = HANDSHAKE_BYTES_MAX
  #parts: Buffer[] = []
  #length = 0
  /** Bytes that the next frame needs, its length included. */
  #needed = LENGTH_BYTES

  add(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#length += chunk.length
  }

  /** The next whole frame; it keeps its bytes. */
  next(): Buffer | undefined {
    if (this.#length < this.#needed) return undefined
    const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    this.#parts = [all]
    const bodyLength = all.readUInt32LE(0)
    if (bodyLength > this.bytesMax) throw new BusError(`a frame of ${bodyLength} bytes`)
    const end = LENGTH_BYTES + bodyLength
    if (this.#length < end) {
      this.#needed = end
      return undefined
    }
    this.#parts = end === all.length ? [] : [all.subarray(end)]
    this.#length -= end
    this.#needed = LENGTH_BYTES
    return all.subarray(LENGTH_BYTES, end)
  }
}
