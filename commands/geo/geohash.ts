// geohash.ts — Positions as numbers that sort: longitude and latitude cut into bits that take turns.
//
// A cell is a rectangle on the map: one of 2^step columns and one of 2^step rows. Its hash has a bit
// of the row at every even place and a bit of the column at every odd one, so the cells inside a
// larger cell are one range of hashes. A position is a cell of step 26, and its hash, of 52 bits, is
// a score that a double holds exactly.
//
// Latitudes end where the map of the web does, short of the poles. A position on the last meridian or
// the last parallel is in a column or row one beyond the others, as in Redis.

export const LONGITUDE_MAX = 180
export const LATITUDE_MAX = 85.05112878
export const STEP_MAX = 26

const HASH_BITS = 52
const HALF = 2 ** 26
const WORD = 2 ** 32

export interface Position {
  readonly longitude: number
  readonly latitude: number
}

export interface Cell {
  readonly column: number
  readonly row: number
  readonly step: number
}

/** What a cell covers, in degrees. */
export interface Area {
  readonly west: number
  readonly east: number
  readonly south: number
  readonly north: number
}

export function cellAt(position: Position, step: number, latitudeMax = LATITUDE_MAX): Cell {
  const { longitude, latitude } = position
  const cells = 2 ** step
  return {
    column: Math.trunc(((longitude + LONGITUDE_MAX) / (2 * LONGITUDE_MAX)) * cells),
    row: Math.trunc(((latitude + latitudeMax) / (2 * latitudeMax)) * cells),
    step,
  }
}

export function areaOf({ column, row, step }: Cell): Area {
  const cells = 2 ** step
  return {
    west: -LONGITUDE_MAX + (column / cells) * (2 * LONGITUDE_MAX),
    east: -LONGITUDE_MAX + ((column + 1) / cells) * (2 * LONGITUDE_MAX),
    south: -LATITUDE_MAX + (row / cells) * (2 * LATITUDE_MAX),
    north: -LATITUDE_MAX + ((row + 1) / cells) * (2 * LATITUDE_MAX),
  }
}

/** The cell so many columns to the east and rows to the north; beyond an edge is the opposite one. */
export function neighbour({ column, row, step }: Cell, east: number, north: number): Cell {
  const mask = 2 ** step - 1
  return {
    column: east === 0 ? column : (column + east) & mask,
    row: north === 0 ? row : (row + north) & mask,
    step,
  }
}

/** The score of a position. */
export function scoreOf(position: Position): number {
  return hashOf(cellAt(position, STEP_MAX))
}

/** The middle of the cell that a score names. Any score names one. */
export function positionOf(score: number): Position {
  const { west, east, south, north } = areaOf(cellOf(score))
  return {
    longitude: clamp((west + east) / 2, LONGITUDE_MAX),
    latitude: clamp((south + north) / 2, LATITUDE_MAX),
  }
}

/** The scores of positions in a cell: from the first up to but not including the second. */
export function scoresIn(cell: Cell): readonly [from: number, to: number] {
  const scale = 2 ** (HASH_BITS - 2 * cell.step)
  const hash = hashOf(cell)
  return [hash * scale, (hash + 1) * scale]
}

function clamp(degrees: number, max: number): number {
  return Math.min(Math.max(degrees, -max), max)
}

function hashOf({ column, row }: Cell): number {
  const low = spread(row & 0x1fff) + 2 * spread(column & 0x1fff)
  const high = spread(row >>> 13) + 2 * spread(column >>> 13)
  return high * HALF + low
}

function cellOf(score: number): Cell {
  if (!(score >= 0 && score < HALF * WORD)) return cellOfAny(score)
  const low = score % HALF
  const high = Math.floor(score / HALF)
  return {
    column: (gather(high >>> 1) << 13) | gather(low >>> 1),
    row: (gather(high) << 13) | gather(low),
    step: STEP_MAX,
  }
}

/** Scores that no position has: they are taken modulo 2^64, as a cast does in C. */
function cellOfAny(score: number): Cell {
  const bits = Number.isFinite(score) ? BigInt.asUintN(64, BigInt(Math.trunc(score))) : 2n ** 63n
  const low = Number(bits & 0xffffffffn)
  const high = Number(bits >> 32n)
  return {
    column: gather(high >>> 1) * 0x10000 + gather(low >>> 1),
    row: gather(high) * 0x10000 + gather(low),
    step: STEP_MAX,
  }
}

/** Moves sixteen bits apart, to the even places. */
function spread(bits: number): number {
  let spaced = (bits | (bits << 8)) & 0x00ff00ff
  spaced = (spaced | (spaced << 4)) & 0x0f0f0f0f
  spaced = (spaced | (spaced << 2)) & 0x33333333
  return ((spaced | (spaced << 1)) & 0x55555555) >>> 0
}

/** Moves the bits at the sixteen even places together. */
function gather(spaced: number): number {
  let bits = spaced & 0x55555555
  bits = (bits | (bits >>> 1)) & 0x33333333
  bits = (bits | (bits >>> 2)) & 0x0f0f0f0f
  bits = (bits | (bits >>> 4)) & 0x00ff00ff
  return (bits | (bits >>> 8)) & 0xffff
}

const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz'

/**
 * The position as others write geohashes: latitudes go up to 90 degrees there, and a letter has five
 * bits. The eleventh letter would need more bits than a score has; it is always 0.
 */
export function geohashText(position: Position): string {
  const hash = BigInt(hashOf(cellAt(position, STEP_MAX, 90)))
  let text = ''
  for (let shift = HASH_BITS - 5; shift > 0; shift -= 5) {
    text += ALPHABET[Number((hash >> BigInt(shift)) & 31n)]
  }
  return `${text}0`
}
