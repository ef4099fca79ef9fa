// old-forms.ts — Writes what Redis packed small collections in before listpacks, for tests.

/** A ziplist of these strings, integers in their shortest encoding. */
export function ziplist(values: readonly string[]): Buffer {
  const entries: Buffer[] = []
  let before = 0
  for (const value of values) {
    const previous =
      before < 254 ? Buffer.from([before]) : Buffer.concat([Buffer.from([254]), uint32(before)])
    const entry = Buffer.concat([previous, ziplistContent(value)])
    entries.push(entry)
    before = entry.length
  }
  const body = Buffer.concat(entries)
  const header = Buffer.alloc(10)
  header.writeUInt32LE(11 + body.length, 0)
  header.writeUInt32LE(10 + body.length - before, 4)
  header.writeUInt16LE(Math.min(values.length, 0xffff), 8)
  return Buffer.concat([header, body, Buffer.from([255])])
}

function ziplistContent(value: string): Buffer {
  if (/^(0|-?[1-9]\d{0,18})$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value)) {
    return ziplistInteger(BigInt(value))
  }
  const bytes = Buffer.from(value, 'latin1')
  const { length } = bytes
  if (length < 64) return Buffer.concat([Buffer.from([length]), bytes])
  if (length < 16384) return Buffer.concat([Buffer.from([0x40 | (length >> 8), length]), bytes])
  const long = Buffer.alloc(5)
  long[0] = 0x80
  long.writeUInt32BE(length, 1)
  return Buffer.concat([long, bytes])
}

function ziplistInteger(value: bigint): Buffer {
  if (value >= 0n && value <= 12n) return Buffer.from([0xf1 + Number(value)])
  const widths: [number, bigint][] = [
    [0xfe, 8n],
    [0xc0, 16n],
    [0xf0, 24n],
    [0xd0, 32n],
    [0xe0, 64n],
  ]
  for (const [lead, bits] of widths) {
    if (BigInt.asIntN(Number(bits), value) !== value) continue
    const content = Buffer.alloc(8)
    content.writeBigInt64LE(value)
    return Buffer.concat([Buffer.from([lead]), content.subarray(0, Number(bits) / 8)])
  }
  throw new Error('not a 64-bit integer')
}

/** A zipmap of fields and values in turn; every value is followed by `unused` bytes of nothing. */
export function zipmap(parts: readonly string[], unused = 0): Buffer {
  const pieces: Buffer[] = [Buffer.from([Math.min(parts.length / 2, 254)])]
  parts.forEach((part, i) => {
    const bytes = Buffer.from(part, 'latin1')
    if (bytes.length < 254) pieces.push(Buffer.from([bytes.length]))
    else pieces.push(Buffer.from([254]), uint32(bytes.length))
    if (i % 2 === 0) pieces.push(bytes)
    else pieces.push(Buffer.from([unused]), bytes, Buffer.alloc(unused, '?'))
  })
  return Buffer.concat([...pieces, Buffer.from([255])])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
