// index.ts — All commands on bitmaps.

import type { CommandSpec } from '../../src/command.ts'
import { bitfieldCommands } from './bitfield.ts'
import { bitCommands } from './bits.ts'

export const bitmapCommands: readonly CommandSpec[] = [...bitCommands, ...bitfieldCommands]
