// client-tracking.ts — CLIENT subcommands of client-side caching.

import type { Call } from '../src/call.ts'
import { errors, ReplyError } from '../src/errors.ts'
import type { Tracking, TrackingOptions } from '../src/tracking.ts'

type Options = { -readonly [Name in keyof TrackingOptions]: TrackingOptions[Name] }

function readOptions(call: Call): Options {
  const prefixes: string[] = []
  const options: Options = {
    broadcast: false,
    optIn: false,
    optOut: false,
    noLoop: false,
    redirect: 0,
    prefixes,
  }
  for (let i = 3; i < call.count; i++) {
    const more = i + 1 < call.count
    if (call.is(i, 'REDIRECT') && more) options.redirect = readRedirect(call, ++i, options.redirect)
    else if (call.is(i, 'BCAST')) options.broadcast = true
    else if (call.is(i, 'OPTIN')) options.optIn = true
    else if (call.is(i, 'OPTOUT')) options.optOut = true
    else if (call.is(i, 'NOLOOP')) options.noLoop = true
    else if (call.is(i, 'PREFIX') && more) prefixes.push(call.text(++i))
    else throw errors.syntax
  }
  return options
}

function readRedirect(call: Call, i: number, given: number): number {
  if (given !== 0) {
    throw new ReplyError('ERR A client can only redirect to a single other client')
  }
  const id = call.integer(i)
  if (!call.server.clients.has(id)) {
    throw new ReplyError('ERR The client ID you want redirect to does not exist')
  }
  return id
}

/** Throws unless the options agree with each other and with what the client tracks already. */
function checkOptions(options: TrackingOptions, current: Tracking | undefined): void {
  const { broadcast, optIn, optOut, prefixes } = options
  if (!broadcast && prefixes.length > 0) {
    throw new ReplyError('ERR PREFIX option requires BCAST mode to be enabled')
  }
  if (current !== undefined && current.broadcast !== broadcast)
    throw cannotSwitch('BCAST mode on/off')
  if (broadcast && (optIn || optOut)) {
    throw new ReplyError('ERR OPTIN and OPTOUT are not compatible with BCAST')
  }
  if (optIn && optOut) {
    throw new ReplyError("ERR You can't specify both OPTIN mode and OPTOUT mode")
  }
  if ((optIn && current?.optOut) || (optOut && current?.optIn)) {
    throw cannotSwitch('OPTIN/OPTOUT mode')
  }
  if (broadcast) checkPrefixes(prefixes, current?.prefixes ?? [])
}

function cannotSwitch(what: string): ReplyError {
  return new ReplyError(
    `ERR You can't switch ${what} before disabling tracking for this client, ` +
      'and then re-enabling it with a different mode.',
  )
}

/** A client must not be told twice of one change, so none of its prefixes may begin another. */
function checkPrefixes(given: readonly string[], current: readonly string[]): void {
  given.forEach((prefix, i) => {
    for (const other of current) checkOverlap(prefix, other, 'an existing')
    for (const other of given.slice(i + 1)) checkOverlap(prefix, other, 'another provided')
  })
}

function checkOverlap(prefix: string, other: string, which: string): void {
  if (!prefix.startsWith(other) && !other.startsWith(prefix)) return
  throw new ReplyError(
    `ERR Prefix '${prefix}' overlaps with ${which} prefix '${other}'. ` +
      'Prefixes for a single client must not overlap.',
  )
}

export function clientTracking(call: Call): void {
  const { client, reply, server } = call
  const options = readOptions(call)
  if (call.is(2, 'ON')) {
    checkOptions(options, client.tracking)
    server.tracking.enable(client, options)
  } else if (call.is(2, 'OFF')) {
    server.tracking.disable(client)
  } else {
    throw errors.syntax
  }
  reply.ok()
}

export function clientCaching(call: Call): void {
  const { tracking } = call.client
  if (tracking === undefined) {
    throw new ReplyError(
      'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or ' +
        'OPTOUT mode enabled',
    )
  }
  const yes = call.is(2, 'YES')
  if (!yes && !call.is(2, 'NO')) throw errors.syntax
  if (yes ? !tracking.optIn : !tracking.optOut) {
    throw new ReplyError(
      `ERR CLIENT CACHING ${yes ? 'YES' : 'NO'} is only valid when tracking is enabled in ` +
        `${yes ? 'OPTIN' : 'OPTOUT'} mode.`,
    )
  }
  tracking.caching = call.command.parent
  call.reply.ok()
}

export function clientGetRedir(call: Call): void {
  call.reply.integer(call.client.tracking?.redirect ?? -1)
}

export function clientTrackingInfo(call: Call): void {
  const { tracking } = call.client
  const { reply } = call
  const flags = tracking === undefined ? ['off'] : trackingFlags(tracking)
  const prefixes = tracking?.prefixes ?? []
  reply.map(3)
  reply.bulk('flags')
  reply.set(flags.length)
  for (const flag of flags) reply.bulk(flag)
  reply.bulk('redirect')
  reply.integer(tracking?.redirect ?? -1)
  reply.bulk('prefixes')
  reply.bulks(prefixes, prefixes.length)
}

function trackingFlags(tracking: Tracking): string[] {
  const flags = ['on']
  if (tracking.broadcast) flags.push('bcast')
  if (tracking.optIn) flags.push('optin')
  if (tracking.optIn && tracking.caching !== undefined) flags.push('caching-yes')
  if (tracking.optOut) flags.push('optout')
  if (tracking.optOut && tracking.caching !== undefined) flags.push('caching-no')
  if (tracking.noLoop) flags.push('noloop')
  if (tracking.redirectBroken) flags.push('broken_redirect')
  return flags
}
