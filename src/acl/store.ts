// store.ts — Where users are kept between runs, as far as the server needs to know.

/** The file that `aclfile` names. Text is latin1. Both may throw. */
export interface AclStore {
  readonly path: string
  read(): string
  /** Replaces the whole: who reads sees all of the old text or all of the new. */
  write(text: string): void
}
