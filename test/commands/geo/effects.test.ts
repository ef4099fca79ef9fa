// The effect log of commands on positions: replayed, it makes the same positions.
import { it } from 'vitest'
import { geo } from '../../differential/geo.ts'
import { expectReplayEquivalence } from '../replay.ts'

it('replayed, the log makes the same positions', () => {
  expectReplayEquivalence(geo)
})
