// index.ts — All command families. The server is given this list; nothing else knows the names.

import type { CommandSpec } from '../src/command.ts'
import { aclCommands } from './acl.ts'
import { bitmapCommands } from './bitmaps/index.ts'
import { clientCommands } from './client.ts'
import { clusterCommands } from './cluster/index.ts'
import { commandCommands } from './command.ts'
import { configCommands } from './config.ts'
import { connectionCommands } from './connection.ts'
import { coordinationFamilies } from './coordination/index.ts'
import { debugCommands } from './debug.ts'
import { dumpCommands } from './dump.ts'
import { entryEffects } from './entries.ts'
import { geoCommands } from './geo/index.ts'
import { hashCommands } from './hashes/index.ts'
import { hyperloglogCommands } from './hyperloglog.ts'
import { keyCommands } from './keys/index.ts'
import { latencyCommands } from './latency.ts'
import { listCommands } from './lists/index.ts'
import { memoryCommands } from './memory.ts'
import { pubsubCommands } from './pubsub.ts'
import { scriptingCommands } from './scripting/index.ts'
import { segmentEffects } from './segments.ts'
import { serverCommands } from './server.ts'
import { setCommands } from './sets/index.ts'
import { slowlogCommands } from './slowlog.ts'
import { sortCommands } from './sort.ts'
import { sortedSetCommands } from './sorted-sets/index.ts'
import { streamCommands } from './streams/index.ts'
import { stringCommands } from './strings/index.ts'
import { transactionCommands } from './transactions.ts'

export const families: readonly (readonly CommandSpec[])[] = [
  aclCommands,
  bitmapCommands,
  clientCommands,
  clusterCommands,
  commandCommands,
  configCommands,
  connectionCommands,
  ...coordinationFamilies(() => families),
  debugCommands,
  dumpCommands,
  entryEffects,
  geoCommands,
  hashCommands,
  hyperloglogCommands,
  keyCommands,
  latencyCommands,
  listCommands,
  memoryCommands,
  pubsubCommands,
  scriptingCommands,
  segmentEffects,
  serverCommands,
  setCommands,
  slowlogCommands,
  sortCommands,
  sortedSetCommands,
  streamCommands,
  stringCommands,
  transactionCommands,
]
