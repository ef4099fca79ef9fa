// kinds.ts — Messages between data threads that routing sends. Numbers are the format, never reused.
//
// Those of replication are below 64.

/** The wait of a forwarded command is to end: client id as a double, then 1 for an error. */
export const UNBLOCK = 64
/** A message to the subscribers of a channel: length of the channel's name as uint32, name, text. */
export const PUBLISH = 65
/** Whether anybody at the sender may be listening to news of coordination: one byte. */
export const INTEREST = 66
/** Libraries of functions that the sender has, as FUNCTION DUMP has them but for its footer. */
export const LIBRARIES = 67
