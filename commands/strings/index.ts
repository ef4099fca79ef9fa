// index.ts — All commands on strings.

import type { CommandSpec } from '../../src/command.ts'
import { lcsCommands } from './lcs.ts'
import { numberCommands } from './numbers.ts'
import { partCommands } from './parts.ts'
import { severalCommands } from './several.ts'
import { wholeCommands } from './whole.ts'

export const stringCommands: readonly CommandSpec[] = [
  ...wholeCommands,
  ...severalCommands,
  ...numberCommands,
  ...partCommands,
  ...lcsCommands,
]
