// list.ts — Values of several words: plain lists, percentiles, save points, users.
//
// A list is replaced, never edited, so whoever read it may keep it.
import { InvalidValue, quoted, type Syntax } from '../syntax.ts'

export function words(form: string, countMax: number, tooMany: string): Syntax<readonly string[]> {
  return {
    form,
    range: `at most ${countMax}`,
    manyWords: true,
    onlyOneValue: false,
    read(given) {
      if (given.length > countMax) throw new InvalidValue(tooMany)
      return given.filter(word => word !== '')
    },
    write: value => value.join(' '),
    lines: value => [value.length === 0 ? '""' : value.map(quoted).join(' ')],
  }
}

/** A list whose words may have commas between them, as addresses of nodes are often written. */
export function addresses(
  form: string,
  countMax: number,
  tooMany: string,
): Syntax<readonly string[]> {
  const list = words(form, countMax, tooMany)
  const read = (given: readonly string[]) => given.flatMap(word => word.split(','))
  return { ...list, read: (given, current) => list.read(read(given), current) }
}

const PERCENTILES_MAX = 64

export const percentiles: Syntax<readonly number[]> = {
  form: 'percentile ...',
  range: `0 to 100, at most ${PERCENTILES_MAX}`,
  manyWords: true,
  onlyOneValue: false,
  read(given) {
    if (given.length > PERCENTILES_MAX) throw new InvalidValue('too many percentiles')
    return given.map(word => {
      if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(word)) {
        throw new InvalidValue('Invalid latency-tracking-info-percentiles parameters')
      }
      const value = Number(word)
      if (word.startsWith('-') || value > 100) {
        throw new InvalidValue(
          'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]',
        )
      }
      return value
    })
  },
  write: value => value.map(each => String(Number(each.toFixed(6)))).join(' '),
  lines: value => [value.length === 0 ? '""' : value.join(' ')],
}

export interface SavePoint {
  readonly seconds: number
  readonly changes: number
}

export const savePoints: Syntax<readonly SavePoint[]> = {
  form: 'seconds changes ...',
  range: '',
  manyWords: true,
  onlyOneValue: false,
  add: (before, more) => [...before, ...more],
  read(given) {
    if (given.length === 1 && given[0] === '') return []
    const points: SavePoint[] = []
    for (let i = 0; i < given.length; i += 2) {
      const [seconds, changes] = [given[i] ?? '', given[i + 1] ?? '']
      if (!/^[1-9]\d{0,14}$/.test(seconds) || !/^(0|[1-9]\d{0,14})$/.test(changes)) {
        throw new InvalidValue('Invalid save parameters')
      }
      points.push({ seconds: Number(seconds), changes: Number(changes) })
    }
    return points
  },
  write: value => value.map(point => `${point.seconds} ${point.changes}`).join(' '),
  lines: value =>
    value.length === 0 ? ['""'] : value.map(point => `${point.seconds} ${point.changes}`),
}

/** Definitions of ACL users, each as the words of its line: the name, then its rules. */
export const users: Syntax<readonly (readonly string[])[]> = {
  form: 'name rule ...',
  range: '',
  manyWords: true,
  onlyOneValue: false,
  // A user that is defined again is defined anew.
  add: (before, more) => [
    ...before.filter(([name]) => more.every(([again]) => again !== name)),
    ...more,
  ],
  read(given) {
    if (given.length === 0) throw new InvalidValue('a user needs a name')
    return [given]
  },
  write: value => value.map(user => user.join(' ')).join('\n'),
  lines: value => value.map(user => user.map(quoted).join(' ')),
}
