// password.ts — Passwords: how they are kept, and how hard ones are made.

import { createHash, randomBytes } from 'node:crypto'

const BITS_PER_DIGIT = 4

/** Passwords are bytes in latin1; what is kept is their SHA-256, in hex. */
export function hashPassword(password: string): string {
  return createHash('sha256').update(password, 'latin1').digest('hex')
}

/**
 * A password of at least so many bits, in hex. It comes from the system's generator: the server's
 * own chance can be repeated, which is the last thing that a password should be.
 */
export function hexPassword(bits: number): string {
  const digits = Math.ceil(bits / BITS_PER_DIGIT)
  return randomBytes(Math.ceil(digits / 2))
    .toString('hex')
    .slice(0, digits)
}
