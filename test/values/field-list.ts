// field-list.ts — Fields and values of a stream entry from an array of strings.

import type { Element } from '../../src/values/element.ts'
import type { Fields } from '../../src/values/stream-node.ts'

export class FieldList implements Fields {
  readonly texts: readonly string[]

  constructor(texts: readonly string[]) {
    this.texts = texts
  }

  get length(): number {
    return this.texts.length
  }

  get textBytes(): number {
    return this.texts.reduce((bytes, text) => bytes + text.length, 0)
  }

  read(index: number, into: Element): void {
    into.fromString(this.texts[index]!)
  }
}
