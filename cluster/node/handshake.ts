// The replies that a node awaits when it dials another: first a nonce and a proof, then OK.

import { FrameError } from './frame.ts'

const REPLY_CHARACTERS_MAX = 1024
const CHALLENGE = /^\*2\r\n\$(\d+)\r\n([0-9a-f]*)\r\n\$(\d+)\r\n([0-9a-f]*)\r\n/

export class HandshakeReader {
  #text = ''
  #isChallenged = false
  readonly #onChallenge: (nonce: string, proof: string) => void

  constructor(onChallenge: (nonce: string, proof: string) => void) {
    this.#onChallenge = onChallenge
  }

  /** True once it is over. Throws if the other side says anything else. */
  read(text: string): boolean {
    this.#text += text
    if (this.#text.length > REPLY_CHARACTERS_MAX) throw new FrameError('too long an answer')
    if (this.#text.startsWith('-') && this.#text.includes('\r\n')) {
      throw new FrameError(this.#text.slice(1, this.#text.indexOf('\r')))
    }
    if (!this.#isChallenged) {
      const challenge = CHALLENGE.exec(this.#text)
      if (challenge === null) return false
      this.#isChallenged = true
      this.#text = this.#text.slice(challenge[0].length)
      this.#onChallenge(challenge[2]!, challenge[4]!)
    }
    if (!this.#text.startsWith('+OK\r\n')) return false
    if (this.#text.length > 5) throw new FrameError('more than an answer')
    return true
  }
}
