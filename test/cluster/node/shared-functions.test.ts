import { expect, it } from 'vitest'
import { SharedFunctions } from '../../../cluster/node/shared-functions.ts'
import type { PeerChannel } from '../../../cluster/node/view.ts'
import { InProcessServer } from '../../harness/in-process.ts'

type Listener = (from: string, payload: Buffer) => void

/** What one sends, the other receives at once. */
class Pair implements PeerChannel {
  readonly peers = ['peer']
  other: Pair | undefined
  readonly #listeners = new Map<number, Listener>()

  send(_to: string, kind: number, payload: Buffer): boolean {
    this.other!.#listeners.get(kind)!('peer', payload)
    return true
  }

  onMessage(kind: number, listener: Listener): void {
    this.#listeners.set(kind, listener)
  }
}

function library(name: string, answer: string): string {
  return `#!lua name=${name}\nredis.register_function('${name}', function() return '${answer}' end)`
}

function nodes() {
  const [a, b] = [new InProcessServer(), new InProcessServer()]
  const [channelA, channelB] = [new Pair(), new Pair()]
  channelA.other = channelB
  channelB.other = channelA
  const functions = new SharedFunctions(a.server, channelA)
  new SharedFunctions(b.server, channelB)
  return { a: a.connect(), b: b.connect(), functions }
}

it('a node that comes is given the libraries that it does not have', () => {
  const { a, b, functions } = nodes()
  a.call('FUNCTION', 'LOAD', library('one', 'a'))
  a.call('FUNCTION', 'LOAD', library('two', 'a'))
  b.call('FUNCTION', 'LOAD', library('two', 'b'))
  functions.tell('peer')
  expect(b.call('FCALL', 'one', '0')).toBe('a')
  expect(b.call('FCALL', 'two', '0')).toBe('b')
})

it('nothing is said by a node that has none', () => {
  const { b, functions } = nodes()
  functions.tell('peer')
  expect(b.call('FUNCTION', 'LIST')).toEqual([])
})
