// denials.ts — How a user is told that something is not allowed.
//
// Errors do not name keys and channels, which may be somebody else's; ACL DRYRUN does, to
// administrators.

import type { Command } from '../command.ts'
import { ReplyError } from '../errors.ts'
import type { KeyArguments } from '../keyspecs.ts'
import type { Denial } from './selector.ts'
import type { User } from './user.ts'

/** Why a queued command is no longer allowed when EXEC comes. */
const REVOKED = {
  command: 'no permission to execute the command or subcommand',
  key: 'no permission to touch the specified keys',
  channel: 'no permission to access one of the channels used as arguments to the command',
} as const

export function noPermission(user: User, command: Command, { kind }: Denial): ReplyError {
  if (kind === 'command') return new ReplyError(`NOPERM ${commandDenied(user, command)}`)
  return new ReplyError(`NOPERM No permissions to access a ${kind}`)
}

export function permissionRevoked({ kind }: Denial): ReplyError {
  return new ReplyError(
    'NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC ' +
      `call. This command is no longer allowed for the following reason: ${REVOKED[kind]}`,
  )
}

export function explainDenial(
  user: User,
  command: Command,
  { kind, index }: Denial,
  line: KeyArguments,
): string {
  if (kind === 'command') return commandDenied(user, command)
  return `User ${user.name} has no permissions to access the '${line.text(index)}' ${kind}`
}

function commandDenied(user: User, command: Command): string {
  return `User ${user.name} has no permissions to run the '${command.fullName}' command`
}
