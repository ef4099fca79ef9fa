// index.ts — The families of coordination. `families` are all commands of the server.

import type { CommandSpec } from '../../src/command.ts'
import { barrierCommands } from './barriers.ts'
import { counterCommands } from './counters.ts'
import { fenceCommands } from './fences.ts'
import { increxCommands } from './increx.ts'
import { latchCommands } from './latches.ts'
import { leaderCommands } from './leaders.ts'
import { limitCommands } from './limits.ts'
import { lockDoCommands } from './lock-do.ts'
import { lockCommands } from './locks.ts'
import { multimapCommands } from './multimaps.ts'
import { requestEffects } from './requests.ts'
import { semaphoreCommands } from './semaphores.ts'

export function coordinationFamilies(
  families: () => readonly (readonly CommandSpec[])[],
): readonly (readonly CommandSpec[])[] {
  return [
    barrierCommands,
    counterCommands,
    fenceCommands,
    increxCommands,
    latchCommands,
    leaderCommands,
    limitCommands,
    lockCommands,
    lockDoCommands(families),
    multimapCommands,
    requestEffects,
    semaphoreCommands,
  ]
}
