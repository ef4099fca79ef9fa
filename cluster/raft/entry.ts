// What the log is made of, and what must survive a crash.

import type { Configuration, NodeId } from './configuration.ts'

export type Entry = CommandEntry | ConfigurationEntry | NoOpEntry

interface Position {
  /** 1-based, without gaps. */
  readonly index: number
  /** Term of the leader that made the entry. Invariant: never falls along the log. */
  readonly term: number
}

/** A command of the replicated state machine. Its bytes mean nothing to consensus. */
export interface CommandEntry extends Position {
  readonly kind: 'command'
  readonly bytes: Uint8Array
}

/** The whole configuration that is in force from this entry on. */
export interface ConfigurationEntry extends Position {
  readonly kind: 'configuration'
  readonly configuration: Configuration
}

/** Opens a term: committing it commits everything before it. */
export interface NoOpEntry extends Position {
  readonly kind: 'no-op'
}

/** Invariant: on disk before any message leaves that depends on it. */
export interface HardState {
  /** Invariant: never falls. */
  readonly term: number
  /** The candidate that got this node's vote in `term`. Invariant: set at most once in a term. */
  readonly vote: NodeId | undefined
}

// Index, term, kind and length, at their longest.
const ENTRY_OVERHEAD_BYTES = 24
const NODE_ID_BYTES = 20

/** What an entry is counted for wherever bytes are limited. */
export function entryBytes(entry: Entry): number {
  switch (entry.kind) {
    case 'command':
      return ENTRY_OVERHEAD_BYTES + entry.bytes.length
    case 'configuration': {
      const { voters, learners } = entry.configuration
      return ENTRY_OVERHEAD_BYTES + NODE_ID_BYTES * (voters.length + learners.length)
    }
    case 'no-op':
      return ENTRY_OVERHEAD_BYTES
  }
}
