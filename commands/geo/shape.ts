// shape.ts — What is searched: a circle or a box around a position, and the cells that cover it.
//
// The map is cut into cells about as large as the shape, so that the one in the middle and its eight
// neighbours hold everything inside. Which step that takes, and in which order the cells are looked
// at, is Redis's: without a sort the order of results is made by it.

import { degreesOf, metresBetween, metresBetweenParallels, radians } from './distance.ts'
import {
  type Area,
  areaOf,
  type Cell,
  cellAt,
  neighbour,
  type Position,
  STEP_MAX,
} from './geohash.ts'

/** Half the equator on the map. */
const MAP_METRES = 20037726.37

export interface Circle {
  readonly kind: 'circle'
  /** In the unit of `metresPerUnit`, like all lengths here. */
  readonly radius: number
  readonly metresPerUnit: number
}

export interface Box {
  readonly kind: 'box'
  readonly width: number
  readonly height: number
  readonly metresPerUnit: number
}

export type Shape = Circle | Box

/** The distance of a position from the centre in metres, or -1 if it is outside. */
export function distanceWithin(shape: Shape, centre: Position, position: Position): number {
  const { metresPerUnit } = shape
  if (shape.kind === 'circle') {
    const distance = metresBetween(centre, position)
    return distance > shape.radius * metresPerUnit ? -1 : distance
  }
  const north = metresBetweenParallels(position.latitude, centre.latitude)
  if (north > (shape.height * metresPerUnit) / 2) return -1
  const onSameParallel = { longitude: centre.longitude, latitude: position.latitude }
  const east = metresBetween(position, onSameParallel)
  if (east > (shape.width * metresPerUnit) / 2) return -1
  return metresBetween(centre, position)
}

/** The cells to look into, in this order. One may stand there twice, but not in a row. */
export function cellsCovering(shape: Shape, centre: Position): readonly Cell[] {
  const bounds = boundsOf(shape, centre)
  let step = stepFor(shape, centre.latitude)
  let middle = cellAt(centre, step)
  if (step > 1 && !reaches(middle, bounds)) middle = cellAt(centre, --step)
  const area = areaOf(middle)
  const isWanted = (east: number, north: number) =>
    step < 2 ||
    !(
      (north < 0 && area.south < bounds.south) ||
      (north > 0 && area.north > bounds.north) ||
      (east < 0 && area.west < bounds.west) ||
      (east > 0 && area.east > bounds.east)
    )
  const cells = [middle]
  for (const [east, north] of AROUND) {
    if (!isWanted(east, north)) continue
    const cell = neighbour(middle, east, north)
    // Of cells that are half a map wide, the neighbour to the east is the one to the west too.
    const last = cells.length > 1 ? cells[cells.length - 1] : undefined
    if (last?.column !== cell.column || last.row !== cell.row) cells.push(cell)
  }
  return cells
}

const AROUND = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
] as const

/** The rectangle of degrees around a shape. */
function boundsOf(shape: Shape, { longitude, latitude }: Position): Area {
  const { metresPerUnit } = shape
  const height = metresPerUnit * (shape.kind === 'circle' ? shape.radius : shape.height / 2)
  const width = metresPerUnit * (shape.kind === 'circle' ? shape.radius : shape.width / 2)
  const northward = degreesOf(height)
  // Meridians are closest to each other on the side of the pole.
  const edge = latitude < 0 ? latitude - northward : latitude + northward
  const eastward = degreesOf(width, Math.cos(radians(edge)))
  return {
    west: longitude - eastward,
    east: longitude + eastward,
    south: latitude - northward,
    north: latitude + northward,
  }
}

/** The finest step whose cells are not smaller than the shape, as a first estimate. */
function stepFor(shape: Shape, latitude: number): number {
  let metres =
    shape.metresPerUnit *
    (shape.kind === 'circle'
      ? shape.radius
      : Math.sqrt((shape.width / 2) * (shape.width / 2) + (shape.height / 2) * (shape.height / 2)))
  if (metres === 0) return STEP_MAX
  let step = 1
  for (; metres < MAP_METRES; metres *= 2) step++
  step -= 2
  // Towards the poles a cell is narrower than it looks.
  if (Math.abs(latitude) > 66) step--
  if (Math.abs(latitude) > 80) step--
  return Math.min(Math.max(step, 1), STEP_MAX)
}

/** Whether the cells around this one reach as far as the bounds. */
function reaches(middle: Cell, bounds: Area): boolean {
  return (
    areaOf(neighbour(middle, 0, 1)).north >= bounds.north &&
    areaOf(neighbour(middle, 0, -1)).south <= bounds.south &&
    areaOf(neighbour(middle, 1, 0)).east >= bounds.east &&
    areaOf(neighbour(middle, -1, 0)).west <= bounds.west
  )
}
