// version.ts — Which version this is, and which Redis it stands in for.

/** Latchkey's own version, as package.json has it. */
export const VERSION = '0.1.0'

/**
 * What clients are told. Their libraries choose features by it: 7.2 is the last version with whose
 * topology commands all of them agree.
 */
export const REDIS_VERSION = '7.2.4'
