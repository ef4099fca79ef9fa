// client-holds.ts — CLIENT subcommands that hold clients back, and those that let them go on.

import type { Call } from '../src/call.ts'
import { errors, ReplyError, subcommandSyntax } from '../src/errors.ts'

const pauseMode = new ReplyError('ERR CLIENT PAUSE mode must be WRITE or ALL')
const pauseTimeout = new ReplyError('ERR timeout is not an integer or out of range')
const unblockReason = new ReplyError('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR')

export function clientPause(call: Call): void {
  if (call.count > 4) throw subcommandSyntax(call.text(1), 'client')
  const onlyWrites = call.count === 4 && call.is(3, 'WRITE')
  if (call.count === 4 && !onlyWrites && !call.is(3, 'ALL')) throw pauseMode
  const milliseconds = call.integer(2, pauseTimeout)
  if (milliseconds < 0) throw errors.timeoutNegative
  call.server.pause(onlyWrites ? 'write' : 'all', call.server.monotonic + milliseconds)
  call.reply.ok()
}

export function clientUnpause(call: Call): void {
  call.server.unpause()
  call.reply.ok()
}

export function clientUnblock(call: Call): void {
  const { reply, server } = call
  if (call.count > 4) throw subcommandSyntax(call.text(1), 'client')
  const byError = call.count === 4 && call.is(3, 'ERROR')
  if (call.count === 4 && !byError && !call.is(3, 'TIMEOUT')) throw unblockReason
  const client = server.clients.get(call.integer(2))
  const parked = client?.parked
  if (parked === undefined) {
    const isElsewhere = client !== undefined && server.router?.unblock(client, byError) === true
    reply.integer(isElsewhere ? 1 : 0)
    return
  }
  if (byError) {
    server.stats.countError(errors.unblocked.text)
    server.dispatch.releaseWith(parked, out => out.error(errors.unblocked.text))
  } else {
    server.dispatch.releaseWith(parked, parked.onTimeout)
  }
  reply.integer(1)
}
