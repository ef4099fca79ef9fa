// The metadata plane's options as the settings of the server say them.

import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../src/config/directive.ts'
import type { Values } from '../../src/config/settings.ts'
import type { Introduction } from '../topology/member.ts'
import type { Address } from './message.ts'
import { DEFAULT_METADATA_OPTIONS, type MetadataOptions, type Policy } from './options.ts'
import type { ShellOptions } from './shell.ts'

/** As far as Redis puts the bus above the port for clients. */
const BUS_PORT_OFFSET = 10_000
const PORT_MAX = 65_535
const LOOPBACK = '127.0.0.1'
/** Not the plain word: a clone of the repository, where a node may well be started, has such a folder. */
const DIRECTORY = 'cluster-state'
const WILDCARDS = new Set(['*', '0.0.0.0', '::', '::*'])

/** `clientPort` is the one that the node listens on for clients. */
export function configuredShell(values: Values, clientPort: number): ShellOptions {
  const secret = values['cluster-secret']
  const isLocalOnly = secret === '' && values['protected-mode']
  const busPort = values['cluster-port'] === 0 ? busPortOf(clientPort) : values['cluster-port']
  return {
    directory: join(values.dir, DIRECTORY),
    introduction: configuredIntroduction(values, clientPort, busPort, isLocalOnly),
    seeds: values['cluster-join'].map(readSeed),
    bind: values.bind,
    busPort,
    secret,
    isLocalOnly,
    metadata: configuredMetadata(values),
  }
}

export function configuredPolicy(values: Values): Policy {
  return {
    ...DEFAULT_METADATA_OPTIONS.policy,
    owners: values['cluster-owners'],
    votersMax: values['cluster-voters'],
    replaceTimeoutMs: values['cluster-replace-timeout'],
    servesLostEmpty: values['cluster-lost-segments'] === 'serve-empty',
  }
}

function configuredMetadata(values: Values): MetadataOptions {
  return {
    ...DEFAULT_METADATA_OPTIONS,
    heartbeatMs: values['cluster-heartbeat-interval'],
    leaseMs: values['cluster-lease'],
    nodeTimeoutMs: values['cluster-node-timeout'],
    stallTimeoutMs: values['cluster-stall-timeout'],
    policy: configuredPolicy(values),
  }
}

function configuredIntroduction(
  values: Values,
  clientPort: number,
  busPort: number,
  isLocalOnly: boolean,
): ShellOptions['introduction'] {
  const introduction: Omit<Introduction, 'id' | 'incarnation'> = {
    host: values['cluster-announce-ip'] || ownAddress(values.bind, isLocalOnly),
    hostname: values['cluster-announce-hostname'],
    port: values['cluster-announce-port'] || clientPort,
    tlsPort: 0,
    busPort: values['cluster-announce-bus-port'] || busPort,
    labels: {
      site: values['cluster-site'],
      rack: values['cluster-rack'],
      machine: values['cluster-machine'],
    },
    capacity: values['cluster-capacity'],
  }
  return introduction
}

/** The first address that is listened on, or of the first network that the machine is in. */
function ownAddress(bind: readonly string[], isLocalOnly: boolean): string {
  if (isLocalOnly) return LOOPBACK
  const given = bind.map(address => address.replace(/^-/, '')).find(name => !WILDCARDS.has(name))
  if (given !== undefined) return given
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  const outside = addresses.find(({ internal, family }) => !internal && family === 'IPv4')
  return outside?.address ?? LOOPBACK
}

function busPortOf(clientPort: number): number {
  const port = clientPort + BUS_PORT_OFFSET
  if (port > PORT_MAX) {
    throw new ConfigError(`port ${clientPort} leaves no room for cluster-port: set one`)
  }
  return port
}

/** `host:port`, `[ipv6]:port`, and either with `@bus-port`. */
export function readSeed(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:@[\]]+)):(\d{1,5})(?:@(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port < 1 || port > PORT_MAX) throw badSeed(text)
  const busPort = match?.[4] === undefined ? busPortOf(port) : Number(match[4])
  if (busPort < 1 || busPort > PORT_MAX) throw badSeed(text)
  return { host, port: busPort }
}

function badSeed(text: string): ConfigError {
  return new ConfigError(
    `'${text}' in cluster-join is not of the form host:port or host:port@bus-port`,
  )
}
