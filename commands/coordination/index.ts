// index.ts — The families of coordination. `families` are all commands of the server.

import type { CommandSpec } from '../../src/command.ts'
import { fenceCommands } from './fences.ts'
import { leaderCommands } from './leaders.ts'
import { lockDoCommands } from './lock-do.ts'
import { lockCommands } from './locks.ts'
import { requestEffects } from './requests.ts'

export function coordinationFamilies(
  families: () => readonly (readonly CommandSpec[])[],
): readonly (readonly CommandSpec[])[] {
  return [fenceCommands, leaderCommands, lockCommands, lockDoCommands(families), requestEffects]
}
