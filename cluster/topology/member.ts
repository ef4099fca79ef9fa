// One node of the grid as the others know it.
//
// A member is the node with its identity, an incarnation is one life of its process. What a member
// had in memory belongs to the incarnation, and is gone with it.

import type { NodeId } from '../raft/configuration.ts'

export interface Labels {
  /** Empty where it does not exist. Like rack and machine, only compared with others. */
  readonly site: string
  readonly rack: string
  readonly machine: string
}

export interface Member {
  readonly id: NodeId
  /** The address that clients and peers are told. */
  readonly host: string
  /** Empty if clients are told the address only. */
  readonly hostname: string
  readonly port: number
  /** 0 if there is none. */
  readonly tlsPort: number
  readonly busPort: number
  readonly labels: Labels
  /** Its share of the segments, in proportion to the others' capacity. 0: it owns nothing. */
  readonly capacity: number
  /** Rises with every start of the process. */
  readonly incarnation: number
  readonly state: 'up' | 'down'
  /** It is to own nothing any more, and then to be removed. Ends with this life of the process. */
  readonly isLeaving: boolean
  /** The topology's epoch when this record last changed. */
  readonly epoch: number
}

/** What a node says of itself when it joins. */
export type Introduction = Omit<Member, 'state' | 'isLeaving' | 'epoch'>

export const CAPACITY_MAX = 1_000
export const HOST_CHARACTERS_MAX = 255
export const LABEL_CHARACTERS_MAX = 128

const NODE_ID_PATTERN = /^[0-9a-f]{40}$/

export function isSound(member: Introduction): boolean {
  const { id, host, hostname, labels, capacity, incarnation } = member
  return (
    NODE_ID_PATTERN.test(id) &&
    host.length > 0 &&
    isText(host, HOST_CHARACTERS_MAX) &&
    isText(hostname, HOST_CHARACTERS_MAX) &&
    [labels.site, labels.rack, labels.machine].every(label =>
      isText(label, LABEL_CHARACTERS_MAX),
    ) &&
    [member.port, member.tlsPort, member.busPort].every(isPort) &&
    capacity >= 0 &&
    capacity <= CAPACITY_MAX &&
    Number.isSafeInteger(incarnation) &&
    incarnation >= 0
  )
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535
}

/** One byte per character, as all text of the grid. */
export function isText(text: string, charactersMax: number): boolean {
  if (text.length > charactersMax) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false
  return true
}
