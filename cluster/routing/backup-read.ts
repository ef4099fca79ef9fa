// backup-read.ts — Reads from a backup's copy, for clients who asked for that.
//
// The copy belongs to a server of its own in the same process, which only applies what the primary
// did. A command that only reads runs on it as on any other, with the time of now: a key whose time
// is over is missing, though only the primary deletes it. What is read may be older than what the
// primary has.

import type { Call } from '../../src/call.ts'
import { Call as BackupCall } from '../../src/call.ts'
import { BLOCKING, type Command, NOSCRIPT, READONLY } from '../../src/command.ts'
import { ReplyError } from '../../src/errors.ts'
import type { Server } from '../../src/server.ts'
import { Mark } from '../../src/wire/reply.ts'

/** What waits would never be woken by a copy, and scripts belong to the server that has them. */
export function mayReadBackup({ bits }: Command): boolean {
  return (bits & (READONLY | BLOCKING | NOSCRIPT)) === READONLY
}

/** Answers the call from what `backup` keeps. */
export function readBackup(backup: Server, call: Call): void {
  const { client, command, reply, server } = call
  const copy = new BackupCall(backup, reply)
  copy.client = client
  copy.command = command
  copy.db = backup.keyspace.databases[call.db.index]!
  copy.bytes = call.bytes
  copy.offsets = call.offsets
  copy.count = call.count
  copy.now = call.now
  copy.slot = call.slot
  copy.segment = call.segment
  copy.mayBlock = false
  backup.keyspace.now = call.now
  const mark = new Mark()
  reply.mark(mark)
  const start = server.clock.microseconds()
  try {
    command.handler!(copy)
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
    reply.reset(mark)
    server.dispatch.fail(call, error)
  }
  server.stats.commandsProcessed++
  command.account(1, server.clock.microseconds() - start, server.dispatch.tracksLatency)
}
