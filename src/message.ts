// message.ts — What several clients are sent: encoded once per protocol, shared by all their outputs.
//
// Messages lie one after the other in pages that are never written again. A client that gets several
// in a row sends them as one range; a page goes when the last output that refers to it has been sent.
// A message differs between the protocols in its first byte (array or push) and in its nulls.

import type { Output } from './wire/output.ts'
import type { Reply } from './wire/reply.ts'

const PAGE_BYTES = 1 << 14
/** More than a type, the digits of a length and two line ends take. */
const FRAME_BYTES = 24

/** A bulk string, an array of them, or a null. */
export type MessagePart = string | readonly string[] | null

interface Encoded {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** Memory that messages are written to. */
export class MessagePages {
  bytes: Buffer = Buffer.alloc(0)
  at = 0

  /** Makes room for so many bytes in a row. */
  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return
    this.bytes = Buffer.allocUnsafeSlow(Math.max(size, PAGE_BYTES))
    this.at = 0
  }

  write(text: string): void {
    this.at += this.bytes.latin1Write(text, this.at)
  }
}

export class Message {
  readonly #pages: MessagePages
  readonly #parts: readonly MessagePart[]
  #resp2: Encoded | undefined = undefined
  #resp3: Encoded | undefined = undefined

  constructor(pages: MessagePages, parts: readonly MessagePart[]) {
    this.#pages = pages
    this.#parts = parts
  }

  /** Adds the message to what a client is sent. */
  addTo(output: Output, protocol: number): void {
    const { bytes, start, end } = this.#encoded(protocol)
    output.add(bytes, start, end)
  }

  /** Writes the message where a client is being replied to. */
  writeTo(reply: Reply): void {
    const { bytes, start, end } = this.#encoded(reply.protocol)
    reply.rawBytes(bytes.subarray(start, end))
  }

  #encoded(protocol: number): Encoded {
    if (protocol === 2) {
      this.#resp2 ??= this.#encode('*', '$-1\r\n')
      return this.#resp2
    }
    this.#resp3 ??= this.#encode('>', '_\r\n')
    return this.#resp3
  }

  #encode(type: string, none: string): Encoded {
    const pages = this.#pages
    pages.reserve(this.#sizeMax())
    const start = pages.at
    pages.write(`${type}${this.#parts.length}\r\n`)
    for (const part of this.#parts) {
      if (part === null) {
        pages.write(none)
      } else if (typeof part === 'string') {
        writeBulk(pages, part)
      } else {
        pages.write(`*${part.length}\r\n`)
        for (const text of part) writeBulk(pages, text)
      }
    }
    return { bytes: pages.bytes, start, end: pages.at }
  }

  #sizeMax(): number {
    let size = FRAME_BYTES
    for (const part of this.#parts) {
      size += FRAME_BYTES
      if (part === null) continue
      if (typeof part === 'string') size += part.length
      else for (const text of part) size += text.length + FRAME_BYTES
    }
    return size
  }
}

function writeBulk(pages: MessagePages, text: string): void {
  pages.write(`$${text.length}\r\n`)
  pages.write(text)
  pages.write('\r\n')
}
