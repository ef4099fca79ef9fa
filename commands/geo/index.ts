// index.ts — The commands on positions.

import { type CommandSpec, keyAfter, keyAt } from '../../src/command.ts'
import { geoAdd, geoDist, geoHash, geoPos } from './positions.ts'
import {
  geoRadius,
  geoRadiusByMember,
  geoRadiusByMemberRo,
  geoRadiusRo,
  geoSearch,
  geoSearchStore,
} from './search.ts'

export const geoCommands: readonly CommandSpec[] = [
  {
    name: 'geoadd',
    arity: -5,
    flags: ['write', 'denyoom'],
    acl: ['geo'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'geo',
    since: '3.2.0',
    complexity: 'O(log(N)) for each member, where the set has N',
    summary: 'Adds members with their positions to a sorted set.',
    syntax:
      'key [condition=(NX|XX)@6.2.0] [change=CH@6.2.0] longitude latitude member ' +
      '[longitude latitude member ...]',
    handler: geoAdd,
  },
  {
    name: 'geodist',
    arity: -4,
    flags: ['readonly'],
    acl: ['geo'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.0',
    complexity: 'O(1)',
    summary: 'Returns the distance between two members.',
    syntax: 'key member1 member2 [unit=(M|KM|FT|MI)]',
    handler: geoDist,
  },
  {
    name: 'geohash',
    arity: -2,
    flags: ['readonly'],
    acl: ['geo'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.0',
    complexity: 'O(N) for N members',
    summary: 'Returns the positions of members as geohash strings.',
    syntax: 'key member [member ...]',
    handler: geoHash,
  },
  {
    name: 'geopos',
    arity: -2,
    flags: ['readonly'],
    acl: ['geo'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.0',
    complexity: 'O(N) for N members',
    summary: 'Returns the longitude and latitude of members.',
    syntax: 'key member [member ...]',
    handler: geoPos,
  },
  {
    name: 'georadius',
    arity: -6,
    flags: ['write', 'denyoom'],
    acl: ['geo'],
    keys: [
      keyAt(1, 'RO', 'access'),
      keyAfter('STORE', 6, 'OW', 'update'),
      keyAfter('STOREDIST', 6, 'OW', 'update'),
    ],
    group: 'geo',
    since: '3.2.0',
    complexity: 'O(N+log(M)) for N members in the bounding box and M in the set',
    summary: 'Finds the members within a distance of a position.',
    syntax:
      'key longitude latitude radius unit=(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] ' +
      '[count=(COUNT count [ANY@6.2.0])] [order=(ASC|DESC)] [STORE key] [STOREDIST key]',
    deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS`' },
    docFlags: ['deprecated'],
    handler: geoRadius,
  },
  {
    name: 'georadius_ro',
    arity: -6,
    flags: ['readonly'],
    acl: ['geo'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.10',
    complexity: 'O(N+log(M)) for N members in the bounding box and M in the set',
    summary: 'Finds the members within a distance of a position, without storing them.',
    syntax:
      'key longitude latitude radius unit=(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] ' +
      '[count=(COUNT count [ANY@6.2.0])] [order=(ASC|DESC)]',
    deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` with `BYRADIUS`' },
    docFlags: ['deprecated'],
    handler: geoRadiusRo,
  },
  {
    name: 'georadiusbymember',
    arity: -5,
    flags: ['write', 'denyoom'],
    acl: ['geo'],
    keys: [
      keyAt(1, 'RO', 'access'),
      keyAfter('STORE', 5, 'OW', 'update'),
      keyAfter('STOREDIST', 5, 'OW', 'update'),
    ],
    group: 'geo',
    since: '3.2.0',
    complexity: 'O(N+log(M)) for N members in the bounding box and M in the set',
    summary: 'Finds the members within a distance of another member.',
    syntax:
      'key member radius unit=(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] ' +
      '[count=(COUNT count [ANY])] [order=(ASC|DESC)] [STORE key] [STOREDIST key]',
    deprecated: {
      since: '6.2.0',
      replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS` and `FROMMEMBER`',
    },
    docFlags: ['deprecated'],
    handler: geoRadiusByMember,
  },
  {
    name: 'georadiusbymember_ro',
    arity: -5,
    flags: ['readonly'],
    acl: ['geo'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.10',
    complexity: 'O(N+log(M)) for N members in the bounding box and M in the set',
    summary: 'Finds the members within a distance of another member, without storing them.',
    syntax:
      'key member radius unit=(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] ' +
      '[count=(COUNT count [ANY])] [order=(ASC|DESC)]',
    deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` with `BYRADIUS` and `FROMMEMBER`' },
    docFlags: ['deprecated'],
    handler: geoRadiusByMemberRo,
  },
  {
    name: 'geosearch',
    arity: -7,
    flags: ['readonly'],
    acl: ['geo'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '6.2.0',
    complexity: 'O(N+log(M)) for N members in the bounding box and M in the set',
    summary: 'Finds the members inside a circle or a box.',
    syntax:
      'key from=(FROMMEMBER member|FROMLONLAT (longitude latitude)) ' +
      'by=(circle=(BYRADIUS radius unit=(M|KM|FT|MI))' +
      '|box=(BYBOX width height unit=(M|KM|FT|MI))) [order=(ASC|DESC)] ' +
      '[count=(COUNT count [ANY])] [WITHCOORD] [WITHDIST] [WITHHASH]',
    handler: geoSearch,
  },
  {
    name: 'geosearchstore',
    arity: -8,
    flags: ['write', 'denyoom'],
    acl: ['geo'],
    keys: [keyAt(1, 'OW', 'update'), keyAt(2, 'RO', 'access')],
    group: 'geo',
    since: '6.2.0',
    complexity: 'O(N+log(M)) for N members in the bounding box and M in the set',
    summary: 'Stores the members inside a circle or a box.',
    syntax:
      'destination source from=(FROMMEMBER member|FROMLONLAT (longitude latitude)) ' +
      'by=(circle=(BYRADIUS radius unit=(M|KM|FT|MI))' +
      '|box=(BYBOX width height unit=(M|KM|FT|MI))) [order=(ASC|DESC)] ' +
      '[count=(COUNT count [ANY])] [STOREDIST]',
    handler: geoSearchStore,
  },
]
