import { describe, expect, it } from 'vitest'
import { History } from './history.ts'

describe('A history', () => {
  it('tells what was called and answered, in order and in time', () => {
    const history = new History<string, number>()
    const first = history.call('a', 'k', 'one', 10)
    const second = history.call('b', 'k', 'two', 20)
    history.answer(second, 2, 25)
    history.answer(first, 1, 30)
    expect(history.operations).toMatchObject([
      { client: 'a', input: 'one', output: 1, called: 0, answered: 3, answeredAt: 30 },
      { client: 'b', input: 'two', output: 2, called: 1, answered: 2, calledAt: 20 },
    ])
  })

  it('keeps what is lost or still open without an answer, and drops what was refused', () => {
    const history = new History<string, number>()
    const lost = history.call('a', 'k', 'lost', 0)
    const refused = history.call('a', 'k', 'refused', 0)
    history.call('a', 'k', 'open', 0)
    history.lose(lost)
    history.refuse(refused)
    expect(history.operations.map(({ input }) => input)).toEqual(['lost', 'open'])
    expect(history.operations.every(({ answered }) => answered === Infinity)).toBe(true)
  })

  it('takes one end of each operation, and no answer before its call', () => {
    const history = new History<string, number>()
    const id = history.call('a', 'k', 'x', 10)
    expect(() => history.answer(id, 1, 5)).toThrow('after its call')
    const other = history.call('a', 'k', 'x', 10)
    history.lose(other)
    expect(() => history.lose(other)).toThrow('ends once')
    expect(() => history.lose(99)).toThrow('ends once')
  })
})
