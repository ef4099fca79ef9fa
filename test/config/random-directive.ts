// Random lines of configuration for every setting of the table: often good, sometimes not.
//
// The table is not repeated here: words come from one pool, flavoured with the setting's own form and
// limits, so that a new row is covered without a change.
import * as fc from 'fast-check'
import type { Directive } from '../../src/config/directive.ts'
import { type SettingName, settingNames, settings } from '../../src/config/settings.ts'

const byte = fc.integer({ min: 1, max: 255 }).map(code => String.fromCharCode(code))
const latin1 = fc.string({ unit: byte, maxLength: 12 })
const utf8 = fc
  .string({ unit: 'binary', maxLength: 8 })
  .map(text => Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('latin1'))
const number = fc.oneof(
  fc.integer({ min: -3, max: 20 }),
  fc.integer({ min: 0, max: 5000 }),
  fc.maxSafeInteger(),
)
const bytes = fc
  .tuple(fc.nat(3000), fc.constantFrom('', 'b', 'k', 'kb', 'M', 'mb', 'g', 'GB', '%', 't'))
  .map(([size, unit]) => `${size}${unit}`)

function word(name: SettingName): fc.Arbitrary<string> {
  const { form, range } = settings[name].syntax
  const own = `${form} ${range}`.match(/[\w-]+/g) ?? ['']
  return fc.oneof(
    fc.constantFrom(...own, 'yes', 'no', ''),
    number.map(String),
    bytes,
    fc.constantFrom('777', '99.95', 'KEA', 'g$x', '-::1', 'ann'),
    latin1,
    utf8,
  )
}

function words(name: SettingName): fc.Arbitrary<string[]> {
  const { manyWords } = settings[name].syntax
  if (!manyWords) return word(name).map(each => [each])
  const limits = fc
    .tuple(fc.constantFrom('normal', 'replica', 'slave', 'PUBSUB'), bytes, bytes, fc.nat(90))
    .map(limit => limit.map(String))
  return fc.oneof(fc.array(word(name), { maxLength: 4 }), limits)
}

export const randomDirective: fc.Arbitrary<Directive> = fc
  .constantFrom(...settingNames)
  .chain(name => words(name).map(given => ({ name, words: given, origin: 'random' })))
