// fences.ts — FENCE: a ratchet of tokens for resources outside the grid.
//
// Whoever guards a resource asks FENCE.CHECK with the token that a client shows: a token below the
// greatest one seen comes from a holder that has been succeeded.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { FENCE } from '../../src/keyspace/record.ts'
import { Fence } from '../../src/values/fence.ts'
import { tokenAt } from './options.ts'
import { refusalError } from './refusals.ts'
import { coordinationRows, effectRow } from './rows.ts'

function save(call: Call, fence: Fence): void {
  call.server.coordination.save(call, 1, FENCE, fence)
  call.effect('fence.assigned', call.text(1), fence.mark, fence.issued)
}

/** FENCE.NEXT key */
function next(call: Call): void {
  const { coordination } = call.server
  const fence = coordination.find(call, 1, FENCE) ?? new Fence()
  const answer = fence.next(coordination.tokens(call, 1))
  if (answer.kind === 'refused') throw refusalError(answer)
  save(call, fence)
  call.reply.integer(answer.token)
}

/** FENCE.CHECK key token */
function check(call: Call): void {
  const token = tokenAt(call, 2)
  const fence = call.server.coordination.find(call, 1, FENCE) ?? new Fence()
  const answer = fence.check(token)
  if (answer.kind === 'refused') throw refusalError(answer)
  if (answer.raised) save(call, fence)
  call.reply.integer(1)
}

/** FENCE.GET key */
function get(call: Call): void {
  const fence = call.server.coordination.look(call, 1, FENCE)
  if (fence === undefined) call.reply.null()
  else call.reply.integer(fence.mark)
}

/** fence.assigned key mark issued */
function assigned(call: Call): void {
  const { coordination } = call.server
  const fence = coordination.find(call, 1, FENCE) ?? new Fence()
  const issued = call.integer(3)
  fence.assign({ mark: call.integer(2), issued })
  coordination.learnToken(call, 1, issued)
  coordination.save(call, 1, FENCE, fence)
}

export const fenceCommands: readonly CommandSpec[] = coordinationRows([
  {
    name: 'fence.check',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'insert', 'update')],
    complexity: 'O(1)',
    summary: 'Lets a token pass that is not below any before it; otherwise FENCED.',
    syntax: 'key token:integer',
    handler: check,
  },
  {
    name: 'fence.get',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [keyAt(1, 'RO', 'access')],
    complexity: 'O(1)',
    summary: 'Returns the greatest token that has passed.',
    syntax: 'key',
    handler: get,
  },
  {
    name: 'fence.next',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'insert', 'update')],
    complexity: 'O(1)',
    summary: 'Issues a token above all that were issued or have passed.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    handler: next,
  },
  effectRow('fence.assigned', 4, 'A fence stands so now.', assigned),
])
