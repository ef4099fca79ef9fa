// The arithmetic of cells: scores go there and back, cells that cover a shape hold all that is inside.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  areaOf,
  cellAt,
  LATITUDE_MAX,
  type Position,
  positionOf,
  STEP_MAX,
  scoreOf,
  scoresIn,
} from '../../../commands/geo/geohash.ts'
import { cellsCovering, distanceWithin, type Shape } from '../../../commands/geo/shape.ts'

const position: fc.Arbitrary<Position> = fc.record({
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  latitude: fc.double({ min: -LATITUDE_MAX, max: LATITUDE_MAX, noNaN: true }),
})

describe('a score', () => {
  it('names the cell in which its position is', () => {
    fc.assert(
      fc.property(position, place => {
        const { longitude, latitude } = positionOf(scoreOf(place))
        // Half a cell, and what rounding adds.
        const half = 0.5000001 / 2 ** STEP_MAX
        expect(Math.abs(longitude - place.longitude)).toBeLessThan(360 * half)
        expect(Math.abs(latitude - place.latitude)).toBeLessThan(2 * LATITUDE_MAX * half)
      }),
    )
  })

  it('is that of the middle of its cell', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 52 - 1 }), score => {
        expect(scoreOf(positionOf(score))).toBe(score)
      }),
    )
  })

  it('of no position names some position all the same', () => {
    for (const score of [-1, 1.5, 2 ** 54, 1e300, -1e300, Infinity, -Infinity]) {
      const { longitude, latitude } = positionOf(score)
      expect(Math.abs(longitude)).toBeLessThanOrEqual(180)
      expect(Math.abs(latitude)).toBeLessThanOrEqual(LATITUDE_MAX)
    }
  })
})

it('the scores of a cell are those of the positions in it', () => {
  fc.assert(
    fc.property(position, position, fc.integer({ min: 1, max: STEP_MAX }), (place, other, step) => {
      const cell = cellAt(place, step)
      const { west, east, south, north } = areaOf(cell)
      const [from, to] = scoresIn(cell)
      const { longitude, latitude } = positionOf(scoreOf(other))
      const isInside =
        longitude >= west && longitude < east && latitude >= south && latitude < north
      const score = scoreOf(other)
      expect(score >= from && score < to).toBe(isInside)
    }),
  )
})

it('the cells that cover a shape hold all that is inside', () => {
  const metres = fc.double({ min: 1, max: 5_000_000, noNaN: true })
  const shape: fc.Arbitrary<Shape> = fc.oneof(
    metres.map(radius => ({ kind: 'circle', radius, metresPerUnit: 1 }) as const),
    fc
      .tuple(metres, metres)
      .map(([width, height]) => ({ kind: 'box', width, height, metresPerUnit: 1 }) as const),
  )
  // Nearer to the poles a circle reaches over them, and Redis too misses what is behind.
  const centre = fc.record({
    longitude: fc.double({ min: -180, max: 179.99, noNaN: true }),
    latitude: fc.double({ min: -40, max: 40, noNaN: true }),
  })
  const nearby = fc.record({
    east: fc.double({ min: -1, max: 1, noNaN: true }),
    north: fc.double({ min: -1, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(centre, shape, nearby, (middle, area, { east, north }) => {
      const reach = area.kind === 'circle' ? area.radius : Math.max(area.width, area.height)
      const longitude = middle.longitude + (east * reach) / 60_000
      const latitude = Math.max(-85, Math.min(85, middle.latitude + (north * reach) / 111_000))
      const place = positionOf(scoreOf({ longitude: ((longitude + 540) % 360) - 180, latitude }))
      if (distanceWithin(area, middle, place) < 0) return
      const score = scoreOf(place)
      const isCovered = cellsCovering(area, middle).some(cell => {
        const [from, to] = scoresIn(cell)
        return score >= from && score < to
      })
      expect(isCovered).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
