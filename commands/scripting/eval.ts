// eval.ts — EVAL, EVALSHA, FCALL and their read-only forms.
//
// None of them is a write by itself: what a script changes, its commands change, and the effect log
// gets what they did as one entry. The script itself is never logged.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyNum } from '../../src/command.ts'

function evalScript(call: Call): void {
  call.server.scripts.evaluate(call, false)
}

function evalRo(call: Call): void {
  call.server.scripts.evaluate(call, true)
}

function evalSha(call: Call): void {
  call.server.scripts.evaluateSha(call, false)
}

function evalShaRo(call: Call): void {
  call.server.scripts.evaluateSha(call, true)
}

function fcall(call: Call): void {
  call.server.functions.call(call, false)
}

function fcallRo(call: Call): void {
  call.server.functions.call(call, true)
}

export const evalCommands: readonly CommandSpec[] = [
  {
    name: 'eval',
    arity: -3,
    flags: ['noscript', 'stale', 'skip_monitor', 'may_replicate', 'no_mandatory_keys'],
    acl: ['scripting'],
    keys: [keyNum(2, 'RW', 'access', 'update')],
    group: 'scripting',
    since: '2.6.0',
    complexity: 'Depends on the script',
    summary: 'Runs a Lua script.',
    syntax: 'script numkeys [key [key ...]] [arg [arg ...]]',
    handler: evalScript,
  },
  {
    name: 'eval_ro',
    arity: -3,
    flags: ['readonly', 'noscript', 'stale', 'skip_monitor', 'no_mandatory_keys'],
    acl: ['scripting'],
    keys: [keyNum(2, 'RO', 'access')],
    group: 'scripting',
    since: '7.0.0',
    complexity: 'Depends on the script',
    summary: 'Runs a Lua script that only reads.',
    syntax: 'script numkeys [key [key ...]] [arg [arg ...]]',
    handler: evalRo,
  },
  {
    name: 'evalsha',
    arity: -3,
    flags: ['noscript', 'stale', 'skip_monitor', 'may_replicate', 'no_mandatory_keys'],
    acl: ['scripting'],
    keys: [keyNum(2, 'RW', 'access', 'update')],
    group: 'scripting',
    since: '2.6.0',
    complexity: 'Depends on the script',
    summary: 'Runs a Lua script that the server knows, by its SHA-1.',
    syntax: 'sha1 numkeys [key [key ...]] [arg [arg ...]]',
    handler: evalSha,
  },
  {
    name: 'evalsha_ro',
    arity: -3,
    flags: ['readonly', 'noscript', 'stale', 'skip_monitor', 'no_mandatory_keys'],
    acl: ['scripting'],
    keys: [keyNum(2, 'RO', 'access')],
    group: 'scripting',
    since: '7.0.0',
    complexity: 'Depends on the script',
    summary: 'Runs a Lua script that the server knows and that only reads, by its SHA-1.',
    syntax: 'sha1 numkeys [key [key ...]] [arg [arg ...]]',
    handler: evalShaRo,
  },
  {
    name: 'fcall',
    arity: -3,
    flags: ['noscript', 'stale', 'skip_monitor', 'may_replicate', 'no_mandatory_keys'],
    acl: ['scripting'],
    keys: [keyNum(2, 'RW', 'access', 'update')],
    group: 'scripting',
    since: '7.0.0',
    complexity: 'Depends on the function',
    summary: 'Calls a function.',
    syntax: 'function numkeys [key [key ...]] [arg [arg ...]]',
    handler: fcall,
  },
  {
    name: 'fcall_ro',
    arity: -3,
    flags: ['readonly', 'noscript', 'stale', 'skip_monitor', 'no_mandatory_keys'],
    acl: ['scripting'],
    keys: [keyNum(2, 'RO', 'access')],
    group: 'scripting',
    since: '7.0.0',
    complexity: 'Depends on the function',
    summary: 'Calls a function that only reads.',
    syntax: 'function numkeys [key [key ...]] [arg [arg ...]]',
    handler: fcallRo,
  },
]
