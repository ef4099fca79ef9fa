// index.ts — All commands on keys of whatever type.

import type { CommandSpec } from '../../src/command.ts'
import { existenceCommands } from './existence.ts'
import { expireCommands } from './expire.ts'
import { migrateCommands } from './migrate.ts'
import { objectCommands } from './object.ts'
import { renameCommands } from './rename.ts'
import { scanCommands } from './scan.ts'
import { ttlCommands } from './ttl.ts'
import { waitCommands } from './wait.ts'

export const keyCommands: readonly CommandSpec[] = [
  ...existenceCommands,
  ...renameCommands,
  ...expireCommands,
  ...ttlCommands,
  ...scanCommands,
  ...objectCommands,
  ...waitCommands,
  ...migrateCommands,
]
