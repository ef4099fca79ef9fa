// What data threads say to each other about segments.
//
// A link has a direction: the node that dialled it sends entries, the other one answers. It is FIFO
// and reliable while it is up; nothing is assumed of what was under way when it broke. So the
// receiver only counts messages, and one count acknowledges all before it. `answers` are not
// counted.

/** From a primary to a node that holds or receives a copy. */
export type Shipment =
  /**
   * I am the primary under this epoch. What you prepared beyond `from` is void unless you have
   * applied it; what follows takes its place. Everything up to `from` is committed.
   */
  | {
      readonly kind: 'begin'
      readonly segment: number
      readonly epoch: number
      readonly from: number
    }
  /** Forget your copy. Its state, and entries after `sequence`, follow in one order. */
  | {
      readonly kind: 'transfer'
      readonly segment: number
      readonly epoch: number
      readonly sequence: number
    }
  /** A part of that state, as effects that make it. */
  | { readonly kind: 'state'; readonly segment: number; readonly effects: Buffer }
  /** You have everything; from here on entries are prepared like a backup's. */
  | { readonly kind: 'transferred'; readonly segment: number; readonly sequence: number }
  | {
      readonly kind: 'entry'
      readonly segment: number
      readonly sequence: number
      /** Up to here everything is committed. */
      readonly committed: number
      /** Time of the command at the primary, in ms since the epoch. */
      readonly now: number
      /** Opaque here. Empty if it has no meaning to the receiver. */
      readonly effects: Buffer
    }
  | { readonly kind: 'commit'; readonly segment: number; readonly committed: number }

/** From the receiver, on the same link. */
export type Answer =
  /** So many messages of this link are taken care of. */
  | { readonly kind: 'ack'; readonly count: number }
  /** What came of this segment was dropped: its epoch is older than this one. */
  | { readonly kind: 'refused'; readonly segment: number; readonly epoch: number }

export type Message = Shipment | Answer
