// run.ts — One script or function that is running: for whom, by which name, and what it may do.

import type { Call } from '../call.ts'

/** What the first line of a script, or the registration of a function, allows and forbids. */
export interface ScriptFlags {
  readonly noWrites: boolean
  readonly allowOom: boolean
  readonly allowStale: boolean
  readonly noCluster: boolean
  readonly allowCrossSlotKeys: boolean
  /** There was no first line with flags: the script is judged command by command, as of old. */
  readonly compatible: boolean
}

export const COMPATIBLE: ScriptFlags = {
  noWrites: false,
  allowOom: false,
  allowStale: false,
  noCluster: false,
  allowCrossSlotKeys: false,
  compatible: true,
}

export class Run {
  /** The call of EVAL or FCALL. */
  readonly call: Call
  /** SHA-1 of a script, or the name of a function. */
  readonly name: string
  readonly isFunction: boolean
  readonly readOnly: boolean
  /** Commands that need memory are refused until something was written. */
  readonly refusesMemory: boolean
  /** Protocol in which it reads replies: redis.setresp. */
  protocol = 2
  /** A command that may write has run, so the script cannot be ended without leaving half of it. */
  wrote = false
  /** Microseconds, by the clock of the server. */
  readonly startedAt: number
  /** When somebody last looked at the clock while it ran. */
  seenAt: number
  /** It has run out of time and is being ended. */
  expired = false

  constructor(
    call: Call,
    name: string,
    isFunction: boolean,
    readOnly: boolean,
    refusesMemory: boolean,
  ) {
    this.call = call
    this.name = name
    this.isFunction = isFunction
    this.readOnly = readOnly
    this.refusesMemory = refusesMemory
    this.startedAt = call.server.clock.microseconds()
    this.seenAt = this.startedAt
  }
}
