// RESULTS.md: the sections that were measured now, and the others as they were when they last were.
//
// Each section says itself when and on what it was measured, so that one can be measured again without
// the hour that all of them take. What NOTES.md says is put below them as it is.
import type { Machine } from './machine.ts'

const TITLE = `# Results

Made by \`npm run bench\`, section by section: medians of several rounds, servers on one core and clients
on another, in turns.`

/** In the order in which they appear. */
const HEADINGS = ['Throughput', 'Memory', 'Latency under load', 'Coordination', 'Cluster'] as const
export type Heading = (typeof HEADINGS)[number]

export interface Section {
  readonly heading: Heading
  readonly body: string
}

/** When and where a section was measured. */
export function provenance(date: Date, machine: Machine, rounds: number): string {
  return `Measured ${date.toISOString().slice(0, 10)}, commit ${machine.commit}, ${rounds} rounds, on ${machine.cores} cores of ${machine.processor},
${machine.memoryGib} GiB, ${machine.system}; load average before: ${machine.loadAverage.toFixed(2)}.`
}

export function composeResults(previous: string, measured: readonly Section[], notes: string) {
  const sections = HEADINGS.flatMap(heading => {
    const body = measured.find(each => each.heading === heading)?.body ?? bodyOf(previous, heading)
    return body === undefined ? [] : [`## ${heading}\n\n${body}`]
  })
  return `${[TITLE, ...sections, notes].filter(part => part !== '').join('\n\n')}\n`
}

function bodyOf(document: string, heading: Heading): string | undefined {
  const part = document.split(/^## /m).find(each => each.startsWith(`${heading}\n`))
  return part?.slice(heading.length).trim()
}
