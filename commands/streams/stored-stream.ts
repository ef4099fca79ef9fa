// stored-stream.ts — From a key to its stream. A stream is always an object, and stays when it is empty.

import type { Call } from '../../src/call.ts'
import { printable, ReplyError } from '../../src/errors.ts'
import { STREAM } from '../../src/keyspace/record.ts'
import type { Group } from '../../src/values/group.ts'
import type { NodeLimits, Stream } from '../../src/values/stream.ts'

/** The stream of key i, for a command that only reads it; undefined if there is none. */
export function readStream(call: Call, i: number): Stream | undefined {
  const entry = call.readType(i, STREAM)
  return entry === 0 ? undefined : streamAt(call, entry)
}

export function streamAt(call: Call, entry: number): Stream {
  return call.db.object(entry) as Stream
}

/** When a node takes no more entries; good until it is asked for again. */
export function nodeLimits(call: Call): NodeLimits {
  const { values } = call.server.config
  limits.bytesMax = values['stream-node-max-bytes']
  limits.entriesMax = values['stream-node-max-entries']
  return limits
}

/** The group with the name in argument `name`; NOGROUP if there is none, or no stream. */
export function requireGroup(
  call: Call,
  key: number,
  stream: Stream | undefined,
  name: number,
): Group {
  const group = stream?.group(call.text(name))
  if (group !== undefined) return group
  const [keyText, groupText] = [printable(call.text(key)), printable(call.text(name))]
  throw new ReplyError(`NOGROUP No such key '${keyText}' or consumer group '${groupText}'`)
}

const limits = { bytesMax: 0, entriesMax: 0 }
