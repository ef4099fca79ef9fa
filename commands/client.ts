// client.ts — CLIENT: the table of its subcommands, and those that are one step.

import type { Call } from '../src/call.ts'
import { NO_EVICT, NO_TOUCH, SILENCED } from '../src/client.ts'
import type { CommandSpec } from '../src/command.ts'
import { errors } from '../src/errors.ts'
import { replyHelp } from '../src/help.ts'
import { clientGetName, clientSetInfo, clientSetName } from './client-attributes.ts'
import { clientPause, clientUnblock, clientUnpause } from './client-holds.ts'
import { clientId, clientInfo, clientKill, clientList } from './client-list.ts'
import {
  clientCaching,
  clientGetRedir,
  clientTracking,
  clientTrackingInfo,
} from './client-tracking.ts'

/** OFF and SKIP are answered by silence: theirs is the first reply that is dropped. */
function clientReply(call: Call): void {
  const { client } = call
  if (call.is(2, 'ON')) {
    client.replyOff = false
    client.replySkip = 0
    client.set(SILENCED, false)
    call.reply.ok()
  } else if (call.is(2, 'OFF')) {
    client.replyOff = true
    client.set(SILENCED, true)
  } else if (call.is(2, 'SKIP')) {
    client.replySkip = 2
    client.set(SILENCED, true)
  } else {
    throw errors.syntax
  }
}

function setMode(call: Call, bit: number): void {
  const on = call.is(2, 'ON')
  if (!on && !call.is(2, 'OFF')) throw errors.syntax
  call.client.set(bit, on)
  call.reply.ok()
}

function clientNoEvict(call: Call): void {
  setMode(call, NO_EVICT)
}

function clientNoTouch(call: Call): void {
  setMode(call, NO_TOUCH)
}

const clientHelp = replyHelp

export const clientCommands: readonly CommandSpec[] = [
  {
    name: 'client',
    arity: -2,
    flags: [],
    group: 'connection',
    since: '2.4.0',
    complexity: 'Depends on the subcommand',
    summary: 'Looks at and steers the connections of clients.',
    subcommands: [
      {
        name: 'caching',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '6.0.0',
        complexity: 'O(1)',
        summary: 'Says whether the keys of the next command are tracked.',
        syntax: 'mode=(YES|NO)',
        handler: clientCaching,
      },
      {
        name: 'getname',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '2.6.9',
        complexity: 'O(1)',
        summary: 'Returns the name of this connection.',
        handler: clientGetName,
      },
      {
        name: 'getredir',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '6.0.0',
        complexity: 'O(1)',
        summary: "Returns the id of the connection that receives this one's invalidation messages.",
        handler: clientGetRedir,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '5.0.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: clientHelp,
      },
      {
        name: 'id',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '5.0.0',
        complexity: 'O(1)',
        summary: 'Returns the id of this connection.',
        handler: clientId,
      },
      {
        name: 'info',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Describes this connection.',
        tips: ['nondeterministic_output'],
        handler: clientInfo,
      },
      {
        name: 'kill',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '2.4.0',
        complexity: 'O(N) for N connections',
        summary: 'Closes the connections that match a filter.',
        syntax:
          'filter=(ip:port@..2.8.12|new-format=([ID client-id@2.8.12]' +
          '|[TYPE normal_master_slave_pubsub=(NORMAL|MASTER@3.2.0|SLAVE|REPLICA@5.0.0' +
          '|PUBSUB)@2.8.12]|[USER username]|[ADDR ip:port]|[LADDR ip:port@6.2.0]' +
          '|[SKIPME yes/no]) ...)',
        handler: clientKill,
      },
      {
        name: 'list',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '2.4.0',
        complexity: 'O(N) for N connections',
        summary: 'Describes the connections that are open.',
        syntax:
          '[TYPE (NORMAL|MASTER|REPLICA|PUBSUB)@5.0.0] [ID id=(client-id [client-id ...])@6.2.0]',
        tips: ['nondeterministic_output'],
        history: [['7.0.3', 'Shows `ssub`, the number of shard channel subscriptions.']],
        handler: clientList,
      },
      {
        name: 'no-evict',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Spares this connection when connections are closed to free memory.',
        syntax: 'enabled=(ON|OFF)',
        handler: clientNoEvict,
      },
      {
        name: 'no-touch',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '7.2.0',
        complexity: 'O(1)',
        summary: "Says whether this connection's commands count as uses of their keys.",
        syntax: 'enabled=(ON|OFF)',
        handler: clientNoTouch,
      },
      {
        name: 'pause',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '2.9.50',
        complexity: 'O(1)',
        summary: 'Holds the commands of all clients back for some time.',
        syntax: 'timeout:integer [mode=(WRITE|ALL)@6.2.0]',
        handler: clientPause,
      },
      {
        name: 'reply',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '3.2.0',
        complexity: 'O(1)',
        summary: 'Turns the replies to this connection on or off.',
        syntax: '(ON|OFF|SKIP)',
        handler: clientReply,
      },
      {
        name: 'setinfo',
        arity: 4,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '7.2.0',
        complexity: 'O(1)',
        summary: "Sets the library's name or version that belongs to this connection.",
        syntax: 'attr=(LIB-NAME libname|LIB-VER libver)',
        handler: clientSetInfo,
      },
      {
        name: 'setname',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '2.6.9',
        complexity: 'O(1)',
        summary: 'Names this connection.',
        syntax: 'connection-name',
        handler: clientSetName,
      },
      {
        name: 'tracking',
        arity: -3,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '6.0.0',
        complexity: 'O(1), more with some options',
        summary: 'Turns invalidation messages for the keys that this connection reads on or off.',
        syntax:
          'status=(ON|OFF) [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] ' +
          '[OPTIN] [OPTOUT] [NOLOOP]',
        handler: clientTracking,
      },
      {
        name: 'trackinginfo',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Tells how this connection tracks keys.',
        handler: clientTrackingInfo,
      },
      {
        name: 'unblock',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '5.0.0',
        complexity: 'O(log(N)) for N connections',
        summary: 'Ends the wait of a client that a blocking command holds.',
        syntax: 'client-id [TIMEOUT|ERROR]',
        handler: clientUnblock,
      },
      {
        name: 'unpause',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        acl: ['connection'],
        group: 'connection',
        since: '6.2.0',
        complexity: 'O(N) for N paused connections',
        summary: 'Lets the commands of paused clients run again.',
        handler: clientUnpause,
      },
    ],
  },
]
