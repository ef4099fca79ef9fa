// pubsub.ts — Commands that publish and subscribe.
//
// Subscriptions answer once for each name, and not as one reply. What is said of a client that has
// subscriptions (RESP2 allows it little else) stands in the rows.

import type { Call } from '../src/call.ts'
import { type CommandSpec, keyAt, keyRange } from '../src/command.ts'
import { ReplyError, subcommandSyntax } from '../src/errors.ts'
import { compileGlob } from '../src/glob.ts'
import { replyHelp } from '../src/help.ts'
import type { ChannelKind } from '../src/pubsub.ts'

function subscribeTo(call: Call, kind: ChannelKind): void {
  const { pubsub } = call.server
  for (let i = 1; i < call.count; i++) pubsub.subscribe(call.client, kind, call.text(i))
}

function unsubscribeFrom(call: Call, kind: ChannelKind): void {
  const { pubsub } = call.server
  if (call.count === 1) pubsub.unsubscribeKind(call.client, kind)
  for (let i = 1; i < call.count; i++) pubsub.unsubscribe(call.client, kind, call.text(i))
}

function subscribe(call: Call): void {
  subscribeTo(call, 'channel')
}

function psubscribe(call: Call): void {
  subscribeTo(call, 'pattern')
}

/** Not in MULTI, as in Redis: its confirmations are not what a transaction answers. */
function ssubscribe(call: Call): void {
  if (!call.mayBlock) {
    throw new ReplyError("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
  }
  subscribeTo(call, 'shard')
}

function unsubscribe(call: Call): void {
  unsubscribeFrom(call, 'channel')
}

function punsubscribe(call: Call): void {
  unsubscribeFrom(call, 'pattern')
}

function sunsubscribe(call: Call): void {
  unsubscribeFrom(call, 'shard')
}

function publish(call: Call): void {
  const { pubsub, router } = call.server
  const [channel, text] = [call.text(1), call.text(2)]
  // As in a Redis cluster, those who hear of it on other nodes are not counted.
  call.reply.integer(pubsub.publish(channel, text))
  router?.publish(channel, text)
}

function spublish(call: Call): void {
  call.reply.integer(call.server.pubsub.publishShard(call.text(1), call.text(2)))
}

function replyNames(call: Call, channels: ReadonlyMap<string, unknown>): void {
  if (call.count > 3) throw subcommandSyntax(call.text(1), 'pubsub')
  const glob = call.count === 3 ? compileGlob(call.text(2)) : undefined
  const names = [...channels.keys()].filter(name => glob === undefined || glob.matches(name))
  call.reply.bulks(names, names.length)
}

function replyCounts(call: Call, channels: ReadonlyMap<string, ReadonlySet<unknown>>): void {
  call.reply.array((call.count - 2) * 2)
  for (let i = 2; i < call.count; i++) {
    const name = call.text(i)
    call.reply.bulk(name)
    call.reply.integer(channels.get(name)?.size ?? 0)
  }
}

function pubsubChannels(call: Call): void {
  replyNames(call, call.server.pubsub.channels)
}

function pubsubShardChannels(call: Call): void {
  replyNames(call, call.server.pubsub.shardChannels)
}

function pubsubNumSub(call: Call): void {
  replyCounts(call, call.server.pubsub.channels)
}

function pubsubShardNumSub(call: Call): void {
  replyCounts(call, call.server.pubsub.shardChannels)
}

function pubsubNumPat(call: Call): void {
  call.reply.integer(call.server.pubsub.patterns.size)
}

const pubsubHelp = replyHelp

export const pubsubCommands: readonly CommandSpec[] = [
  {
    name: 'psubscribe',
    arity: -2,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub',
    since: '2.0.0',
    complexity: 'O(N) for N patterns that the client has',
    summary: 'Subscribes to the channels that match patterns.',
    syntax: '(pattern) [pattern ...]',
    channels: { first: 1, last: -1, pattern: true },
    whileSubscribed: true,
    handler: psubscribe,
  },
  {
    name: 'publish',
    arity: 3,
    flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'],
    group: 'pubsub',
    since: '2.0.0',
    complexity: 'O(N+M) for N subscribers of the channel and M patterns of all clients',
    summary: 'Sends a message to the subscribers of a channel.',
    syntax: 'channel message',
    channels: { first: 1, last: 1 },
    handler: publish,
  },
  {
    name: 'pubsub',
    arity: -2,
    flags: [],
    group: 'pubsub',
    since: '2.8.0',
    complexity: 'Depends on the subcommand',
    summary: 'Tells who is subscribed to what.',
    subcommands: [
      {
        name: 'channels',
        arity: -2,
        flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub',
        since: '2.8.0',
        complexity: 'O(N) for N channels',
        summary: 'Lists the channels that have subscribers.',
        syntax: '[pattern]',
        handler: pubsubChannels,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'pubsub',
        since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: pubsubHelp,
      },
      {
        name: 'numpat',
        arity: 2,
        flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub',
        since: '2.8.0',
        complexity: 'O(1)',
        summary: 'Returns the number of different patterns that clients are subscribed to.',
        handler: pubsubNumPat,
      },
      {
        name: 'numsub',
        arity: -2,
        flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub',
        since: '2.8.0',
        complexity: 'O(N) for N channels',
        summary: 'Returns how many subscribers channels have.',
        syntax: '[channel [channel ...]]',
        handler: pubsubNumSub,
      },
      {
        name: 'shardchannels',
        arity: -2,
        flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub',
        since: '7.0.0',
        complexity: 'O(N) for N shard channels',
        summary: 'Lists the shard channels that have subscribers.',
        syntax: '[pattern]',
        handler: pubsubShardChannels,
      },
      {
        name: 'shardnumsub',
        arity: -2,
        flags: ['pubsub', 'loading', 'stale'],
        group: 'pubsub',
        since: '7.0.0',
        complexity: 'O(N) for N shard channels',
        summary: 'Returns how many subscribers shard channels have.',
        syntax: '[shardchannel [shardchannel ...]]',
        handler: pubsubShardNumSub,
      },
    ],
  },
  {
    name: 'punsubscribe',
    arity: -1,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub',
    since: '2.0.0',
    complexity: 'O(N+M) for N patterns of the client and M of all clients',
    summary: 'Ends subscriptions to patterns, or all of them.',
    syntax: '[pattern [pattern ...]]',
    whileSubscribed: true,
    handler: punsubscribe,
  },
  {
    name: 'spublish',
    arity: 3,
    flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'],
    keys: [keyAt(1, 'not_key')],
    group: 'pubsub',
    since: '7.0.0',
    complexity: 'O(N) for N subscribers of the channel',
    summary: 'Sends a message to the subscribers of a shard channel.',
    syntax: 'shardchannel message',
    channels: { first: 1, last: 1 },
    handler: spublish,
  },
  {
    name: 'ssubscribe',
    arity: -2,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    keys: [keyRange(1, -1, 1, 'not_key')],
    group: 'pubsub',
    since: '7.0.0',
    complexity: 'O(N) for N channels',
    summary: 'Subscribes to shard channels.',
    syntax: 'shardchannel [shardchannel ...]',
    channels: { first: 1, last: -1 },
    whileSubscribed: true,
    handler: ssubscribe,
  },
  {
    name: 'subscribe',
    arity: -2,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub',
    since: '2.0.0',
    complexity: 'O(N) for N channels',
    summary: 'Subscribes to channels.',
    syntax: 'channel [channel ...]',
    channels: { first: 1, last: -1 },
    whileSubscribed: true,
    handler: subscribe,
  },
  {
    name: 'sunsubscribe',
    arity: -1,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    keys: [keyRange(1, -1, 1, 'not_key')],
    group: 'pubsub',
    since: '7.0.0',
    complexity: 'O(N) for N channels',
    summary: 'Ends subscriptions to shard channels, or all of them.',
    syntax: '[shardchannel [shardchannel ...]]',
    whileSubscribed: true,
    handler: sunsubscribe,
  },
  {
    name: 'unsubscribe',
    arity: -1,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    group: 'pubsub',
    since: '2.0.0',
    complexity: 'O(N) for N channels',
    summary: 'Ends subscriptions to channels, or all of them.',
    syntax: '[channel [channel ...]]',
    whileSubscribed: true,
    handler: unsubscribe,
  },
]
