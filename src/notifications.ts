// notifications.ts — Classes of keyspace events, one letter each, as `notify-keyspace-events` has them.

/** All letters; `A` stands for those of data, and excludes `m` (misses) and `n` (new keys). */
const LETTERS = 'KEg$lshzxetdmn'
const ALL = 'g$lshzxetd'

const bits = new Map([...LETTERS].map((letter, index) => [letter, 1 << index]))

/** The bit of a class. */
export function eventClass(letter: string): number {
  return bits.get(letter)!
}

/** Whether events are published by key, and by event: channels __keyspace@… and __keyevent@…. */
export const BY_KEY = eventClass('K')
export const BY_EVENT = eventClass('E')

/** The bits of a list of classes, which may contain `A`. Unknown letters make -1. */
export function parseEventClasses(letters: string): number {
  let classes = 0
  for (const letter of letters) {
    if (letter === 'A') {
      for (const each of ALL) classes |= eventClass(each)
      continue
    }
    const bit = bits.get(letter)
    if (bit === undefined) return -1
    classes |= bit
  }
  return classes
}

/** The canonical list of some classes, as CONFIG GET prints it. */
export function formatEventClasses(classes: number): string {
  const all = parseEventClasses(ALL)
  let text = ''
  if ((classes & all) === all) text = 'A'
  else for (const letter of ALL) if (classes & eventClass(letter)) text += letter
  for (const letter of 'KEmn') if (classes & eventClass(letter)) text += letter
  return text
}
