// What the commands on positions do, by example.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

/** A sorted set of two cities of Sicily, and of two corners beside it. */
function withSicily(protocol: 2 | 3 = 2): InProcessClient {
  const client = new InProcessServer().connect(protocol)
  client.call(
    ...[
      'GEOADD',
      'Sicily',
      '13.361389',
      '38.115556',
      'Palermo',
      '15.087269',
      '37.502669',
      'Catania',
    ],
    ...['12.758489', '38.788135', 'edge1', '17.241510', '38.788135', 'edge2'],
  )
  return client
}

function error(text: string): RespError {
  return new RespError(text)
}

describe('GEOADD', () => {
  it('makes a sorted set whose scores are positions', () => {
    const client = withSicily()
    expect(client.call('ZSCORE', 'Sicily', 'Palermo')).toBe('3479099956230698')
    expect(client.call('GEOADD', 'Sicily', 'CH', '13.5', '38', 'Palermo')).toBe(1)
    expect(client.call('GEOADD', 'Sicily', 'NX', '1', '1', 'Palermo', '2', '2', 'new')).toBe(1)
    expect(client.call('GEOADD', 'Sicily', 'XX', '1', '1', 'none')).toBe(0)
  })

  it.each([
    [['200', '0', 'm'], 'ERR invalid longitude,latitude pair 200.000000,0.000000'],
    [['0', '85.06', 'm'], 'ERR invalid longitude,latitude pair 0.000000,85.060000'],
    [['x', '0', 'm'], 'ERR value is not a valid float'],
    [['1', '2', 'm', '3'], 'ERR syntax error'],
    [['NX', 'XX', '1', '2', 'm'], 'ERR syntax error'],
  ])('refuses %j, and changes nothing', (args, text) => {
    const client = new InProcessServer().connect()
    expect(client.call('GEOADD', 'g', ...args)).toEqual(error(text))
    expect(client.call('EXISTS', 'g')).toBe(0)
  })
})

it('GEODIST answers in the unit that is asked for, as text in both protocols', () => {
  const client = withSicily(3)
  expect(client.call('GEODIST', 'Sicily', 'Palermo', 'Catania')).toBe('166274.1516')
  expect(client.call('GEODIST', 'Sicily', 'Palermo', 'Catania', 'km')).toBe('166.2742')
  expect(client.call('GEODIST', 'Sicily', 'Palermo', 'Palermo')).toBe('0.0000')
  expect(client.call('GEODIST', 'Sicily', 'Palermo', 'Rome')).toBe(null)
  expect(client.call('GEODIST', 'Sicily', 'Palermo', 'Catania', 'parsec')).toEqual(
    error('ERR unsupported unit provided. please use M, KM, FT, MI'),
  )
})

it('GEOHASH gives eleven letters, as others write positions', () => {
  expect(withSicily().call('GEOHASH', 'Sicily', 'Palermo', 'Catania', 'Rome')).toEqual([
    ...['sqc8b49rny0', 'sqdtr74hyu0', null],
  ])
})

it('GEOPOS gives the middle of the cell: strings in RESP2, numbers in RESP3', () => {
  const client = withSicily()
  expect(client.call('GEOPOS', 'Sicily', 'Palermo', 'Rome')).toEqual([
    ['13.36138933897018433', '38.11555639549629859'],
    null,
  ])
  client.call('HELLO', '3')
  expect(client.callBytes('GEOPOS', 'Sicily', 'Palermo', 'Rome').toString()).toBe(
    '*2\r\n*2\r\n,13.36138933897018433\r\n,38.11555639549629859\r\n_\r\n',
  )
})

describe('GEOSEARCH', () => {
  it('finds what is inside a circle, the nearest first', () => {
    const client = withSicily()
    const search = ['GEOSEARCH', 'Sicily', 'FROMLONLAT', '15', '37', 'BYRADIUS', '200', 'km']
    expect(client.call(...search, 'ASC')).toEqual(['Catania', 'Palermo'])
    expect(client.call(...search, 'DESC')).toEqual(['Palermo', 'Catania'])
    expect(client.call(...search, 'COUNT', '1')).toEqual(['Catania'])
    expect(client.call(...search, 'COUNT', '1', 'ANY')).toHaveLength(1)
  })

  it('finds what is inside a box, with all that is known of it', () => {
    const found = withSicily(3).call(
      ...['GEOSEARCH', 'Sicily', 'FROMLONLAT', '15', '37', 'BYBOX', '400', '400', 'km', 'ASC'],
      ...['WITHCOORD', 'WITHDIST', 'WITHHASH', 'COUNT', '2'],
    )
    expect(found).toEqual([
      ['Catania', '56.4413', 3479447370796909, [15.087267458438873, 37.50266842333162]],
      ['Palermo', '190.4424', 3479099956230698, [13.361389338970184, 38.1155563954963]],
    ])
  })

  it('starts from a member, which is found too', () => {
    const search = ['GEOSEARCH', 'Sicily', 'BYRADIUS', '100', 'km', 'FROMMEMBER', 'Palermo', 'ASC']
    expect(withSicily().call(...search)).toEqual(['Palermo', 'edge1'])
  })

  it('looks across the date line', () => {
    const client = new InProcessServer().connect()
    client.call('GEOADD', 'g', '179.9', '0', 'east', '-179.9', '0', 'west')
    expect(
      client.call('GEOSEARCH', 'g', 'FROMMEMBER', 'east', 'BYRADIUS', '30', 'km', 'ASC'),
    ).toEqual(['east', 'west'])
  })

  it.each([
    [
      ['FROMLONLAT', '1', '1'],
      'ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH',
    ],
    [
      ['BYRADIUS', '1', 'km', 'ASC'],
      'ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH',
    ],
    [['FROMMEMBER', 'Rome', 'BYRADIUS', '1', 'm'], 'ERR could not decode requested zset member'],
    [['FROMLONLAT', '1', '1', 'BYRADIUS', '1', 'm', 'BYBOX', '1', '1', 'm'], 'ERR syntax error'],
    [['FROMLONLAT', '1', '1', 'BYRADIUS', '-1', 'm'], 'ERR radius cannot be negative'],
    [['FROMLONLAT', '1', '1', 'BYRADIUS', 'x', 'm'], 'ERR need numeric radius'],
    [['FROMLONLAT', '1', '1', 'BYBOX', '1', '-1', 'm'], 'ERR height or width cannot be negative'],
    [['FROMLONLAT', '1', '1', 'BYRADIUS', '1', 'm', 'COUNT', '0'], 'ERR COUNT must be > 0'],
    [
      ['FROMLONLAT', '1', '1', 'BYRADIUS', '1', 'm', 'ANY'],
      'ERR the ANY argument requires COUNT argument',
    ],
    [['FROMLONLAT', '1', '1', 'BYRADIUS', '1', 'm', 'STOREDIST'], 'ERR syntax error'],
  ])('refuses %j', (args, text) => {
    const words = args.length < 5 ? [...args, 'WITHDIST', 'WITHHASH'] : args
    expect(withSicily().call('GEOSEARCH', 'Sicily', ...words)).toEqual(error(text))
  })
})

describe('GEOSEARCHSTORE and the STORE of GEORADIUS', () => {
  it('store positions, which can be searched again', () => {
    const client = withSicily()
    const area = ['FROMLONLAT', '15', '37', 'BYRADIUS', '200', 'km']
    expect(client.call('GEOSEARCHSTORE', 'near', 'Sicily', ...area)).toBe(2)
    expect(client.call('ZRANGE', 'near', '0', '-1')).toEqual(['Palermo', 'Catania'])
    expect(client.call('GEOPOS', 'near', 'Palermo')).toEqual(
      client.call('GEOPOS', 'Sicily', 'Palermo'),
    )
    expect(client.call('GEORADIUS', 'Sicily', '15', '37', '200', 'km', 'STORE', 'too')).toBe(2)
    expect(client.call('ZRANGE', 'too', '0', '-1')).toEqual(['Palermo', 'Catania'])
  })

  it('store distances in the unit of the search', () => {
    const client = withSicily()
    client.call(
      ...['GEORADIUSBYMEMBER', 'Sicily', 'Palermo', '200', 'km', 'STOREDIST', 'near', 'COUNT', '2'],
    )
    const [first, zero, second, distance] = client.call(
      ...(['ZRANGE', 'near', '0', '-1', 'WITHSCORES'] as const),
    ) as string[]
    expect([first, zero, second]).toEqual(['Palermo', '0', 'edge1'])
    expect(Number(distance)).toBeCloseTo(91.4007, 3)
  })

  it('delete the destination where nothing was found', () => {
    const client = withSicily()
    client.call('SET', 'near', 'text')
    const area = ['FROMLONLAT', '0', '0', 'BYRADIUS', '1', 'km']
    expect(client.call('GEOSEARCHSTORE', 'near', 'Sicily', ...area)).toBe(0)
    expect(client.call('EXISTS', 'near')).toBe(0)
    client.call('SET', 'near', 'text')
    expect(client.call('GEOSEARCHSTORE', 'near', 'none', ...area)).toBe(0)
    expect(client.call('EXISTS', 'near')).toBe(0)
  })

  it('take no options of replies', () => {
    const client = withSicily()
    expect(
      client.call('GEORADIUS', 'Sicily', '1', '1', '1', 'm', 'STORE', 'k', 'WITHDIST'),
    ).toEqual(
      error(
        'ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options',
      ),
    )
    expect(client.call('GEORADIUS_RO', 'Sicily', '1', '1', '1', 'm', 'STORE', 'k')).toEqual(
      error('ERR syntax error'),
    )
  })
})
