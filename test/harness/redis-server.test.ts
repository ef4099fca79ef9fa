import { expect, it } from 'vitest'
import { describeWithRedis, redisServerVersion, startRedisServer } from './redis-server.ts'
import { RespClient } from './resp-client.ts'
import { RespError } from './resp-value.ts'
import { startServerProcess } from './server-process.ts'

describeWithRedis('startRedisServer', () => {
  it('gives a server that answers, with the options it was asked for', async () => {
    const server = await startRedisServer('--databases', '3')
    const client = await RespClient.connect(server.port)
    expect(await client.call('PING')).toBe('PONG')
    expect(await client.call('CONFIG', 'GET', 'save')).toEqual(['save', ''])
    expect(await client.call('CONFIG', 'GET', 'databases')).toEqual(['databases', '3'])
    expect(await client.call('INFO', 'server')).toContain(`redis_version:${redisServerVersion}`)
    await client.close()
    await server.stop()
    await expect(RespClient.connect(server.port)).rejects.toThrow('ECONNREFUSED')
  })

  it('counts a server that wants a password as ready', async () => {
    const server = await startRedisServer('--requirepass', 'secret')
    const client = await RespClient.connect(server.port)
    expect(await client.call('PING')).toEqual(new RespError('NOAUTH Authentication required.'))
    await client.close()
    await server.stop()
  })

  it('tells why a server does not start', async () => {
    await expect(startRedisServer('--no-such-option', '1')).rejects.toThrow('no-such-option')
  })
})

it('startServerProcess tells of a program that does not exist', async () => {
  await expect(startServerProcess(['no-such-program'], [])).rejects.toThrow('ENOENT')
})
