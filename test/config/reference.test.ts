import { describe, expect, test } from 'vitest'
import { helpText } from '../../src/config/help.ts'
import { configurationPage } from '../../src/config/reference.ts'
import { groups, settingNames, settings } from '../../src/config/settings.ts'
import { initialValues, readValue, valueLines } from '../../src/config/values.ts'

describe('the table', () => {
  test('puts every setting into one group, in order', () => {
    expect(groups.flatMap(group => group.names)).toEqual(settingNames)
  })

  test.each(settingNames)('%s has help of one sentence and a default that it takes', name => {
    expect(settings[name].help).toMatch(/^[A-Z].*[^.]\.$/)
    if (settings[name].fileOnly) return
    const values = initialValues()
    valueLines(values, name).forEach((line, index) => {
      readValue(values, name, line === '""' ? [''] : line.split(' '), index > 0)
    })
    expect(values[name]).toEqual(settings[name].initial)
  })
})

test('the help fits 80 columns and names every setting', () => {
  const lines = helpText().split('\n')
  expect(lines.filter(line => line.length > 80)).toEqual([])
  for (const name of settingNames) {
    expect(lines.some(line => line.startsWith(`  --${name} `))).toBe(true)
  }
})

// After a change of the table: npx vitest run test/config/reference.test.ts -u
test('docs/configuration.md is current', async () => {
  await expect(configurationPage()).toMatchFileSnapshot('../../docs/configuration.md')
})
