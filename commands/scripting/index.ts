// index.ts — The commands of scripts and functions.

import type { CommandSpec } from '../../src/command.ts'
import { evalCommands } from './eval.ts'
import { functionCommands } from './function.ts'
import { scriptCommands } from './script.ts'

export const scriptingCommands: readonly CommandSpec[] = [
  ...evalCommands,
  ...functionCommands,
  ...scriptCommands,
]
