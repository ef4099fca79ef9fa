// events.ts — notify-keyspace-events: the classes of keyspace events that are published, one letter each.
//
// The value is the list as CONFIG GET shows it, in a fixed order and with 'A' for all classes of data.
import { formatEventClasses, parseEventClasses } from '../../notifications.ts'
import { InvalidValue, oneWord, type Syntax } from '../syntax.ts'

export const keyspaceEvents: Syntax<string> = oneWord(
  'event classes',
  'letters of KEg$lshzxetdmnA, A for g$lshzxetd; empty for none',
  word => {
    const classes = parseEventClasses(word)
    if (classes < 0) {
      throw new InvalidValue("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
    }
    return formatEventClasses(classes)
  },
  value => value,
)
