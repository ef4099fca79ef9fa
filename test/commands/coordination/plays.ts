// Asserts that a transcript comes true.
import { expect } from 'vitest'
import type { InProcessOptions } from '../../harness/in-process.ts'
import { lines, Transcript } from './transcript.ts'

export function plays(text: string, options: InProcessOptions = {}): void {
  expect(new Transcript(options).play(text).split('\n')).toEqual(lines(text))
}
