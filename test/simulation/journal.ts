// One line for each thing that happened, so that a failing seed can be read, and a digest of all
// lines, so that two runs can be compared.
//
//     1204.512 n2 serves segment 3 under epoch 41
//
// Without a reader no line is made: callers ask `isOpen` first.

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

export class Journal {
  readonly isOpen: boolean
  readonly #reader: ((line: string) => void) | undefined
  #digest = FNV_OFFSET

  constructor(reader?: (line: string) => void) {
    this.#reader = reader
    this.isOpen = reader !== undefined
  }

  get digest(): number {
    return this.#digest >>> 0
  }

  write(now: number, text: string): void {
    if (this.#reader === undefined) return
    const line = `${now.toFixed(3)} ${text}`
    let digest = this.#digest
    for (let i = 0; i < line.length; i++) {
      digest = Math.imul(digest ^ line.charCodeAt(i), FNV_PRIME)
    }
    this.#digest = digest
    this.#reader(line)
  }
}
