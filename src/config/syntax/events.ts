// events.ts — notify-keyspace-events: which classes of keyspace events are published, and on which channels.
//
// The value is the characters in full, 'A' spelled out, so that `value.includes(type)` answers whether
// events of a type are wanted; it is written back as short as Redis writes it.
import { InvalidValue, oneWord, type Syntax } from '../syntax.ts'

/** What 'A' stands for. */
const ALL = 'g$lshzxetd'
/** Every character, in the order in which they are written. */
const ORDER = `${ALL}nKEm`

export const keyspaceEvents: Syntax<string> = oneWord(
  'event classes',
  'characters of KEg$lshzxetdnmA, A for g$lshzxetd; empty for none',
  word => {
    for (const char of word) {
      if (char !== 'A' && !ORDER.includes(char)) {
        throw new InvalidValue("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
      }
    }
    const given = word.replaceAll('A', ALL)
    let classes = ''
    for (const char of ORDER) if (given.includes(char)) classes += char
    return classes
  },
  value => value.replace(ALL, 'A'),
)
