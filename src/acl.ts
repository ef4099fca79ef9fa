// acl.ts — Users, and what they may do.

import type { Call } from './call.ts'
import { type Client, UNAUTHENTICATED } from './client.ts'
import { errors, type ReplyError } from './errors.ts'
import type { Server } from './server.ts'

export class User {
  readonly name: string

  /** Whether anybody may log in without a password. */
  isOpen = true
  takesAnyPassword = true

  constructor(name: string) {
    this.name = name
  }
}

export class Acl {
  readonly defaultUser = new User('default')
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
  }

  /** Sets what a new connection may do before it authenticates. */
  admit(client: Client): void {
    client.set(UNAUTHENTICATED, this.#server.config.values.requirepass !== '')
  }

  user(name: string): User | undefined {
    return name === 'default' ? this.defaultUser : undefined
  }

  refuses(client: Client): boolean {
    return client.is(UNAUTHENTICATED)
  }

  authenticate(call: Call, name: string, password: string): void {
    const { requirepass } = this.#server.config.values
    if (name !== 'default' || password !== requirepass) throw errors.wrongPassword
    call.client.set(UNAUTHENTICATED, false)
  }

  /** The reason for which the client's user may not run the call, if there is one. */
  check(_call: Call): ReplyError | undefined {
    return undefined
  }
}
