import { describe, expect, it } from 'vitest'
import { hashPassword } from '../../src/acl/password.ts'
import type { AclStore } from '../../src/acl/store.ts'
import { rewriteText } from '../../src/config/rewrite.ts'
import { InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const error = (text: string) => new RespError(text)
const noCommand = (user: string, command: string) =>
  error(`NOPERM User ${user} has no permissions to run the '${command}' command`)
const noKey = error('NOPERM No permissions to access a key')
const noChannel = error('NOPERM No permissions to access a channel')
const wrongPassword = error('WRONGPASS invalid username-password pair or user is disabled.')

/** An administrator, and a client that is logged in as a user with these rules. */
function withUser(...rules: string[]) {
  const server = new InProcessServer()
  const admin = server.connect()
  expect(admin.call('ACL', 'SETUSER', 'ann', 'on', '>pw', ...rules)).toBe('OK')
  const ann = server.connect()
  expect(ann.call('AUTH', 'ann', 'pw')).toBe('OK')
  return { server, admin, ann }
}

const rulesOf = (user: string, ...rules: string[]) => {
  const client = new InProcessServer().connect()
  client.call('ACL', 'SETUSER', user, ...rules)
  return (client.call('ACL', 'LIST') as string[])[0]
}

describe('ACL SETUSER', () => {
  it('makes a user who may do nothing', () => {
    const client = new InProcessServer().connect()
    client.call('ACL', 'SETUSER', 'ann')
    expect(client.call('ACL', 'LIST')).toEqual([
      'user ann off sanitize-payload resetchannels -@all',
      'user default on nopass sanitize-payload ~* &* +@all',
    ])
    expect(client.call('ACL', 'USERS')).toEqual(['ann', 'default'])
    expect(client.call('AUTH', 'ann', '')).toEqual(wrongPassword)
  })

  it('keeps rules as they were given, without those that later ones made void', () => {
    expect(
      rulesOf('ann', '+get', '+@string', '-set', '+config|get', '-config', '+get', '+@string'),
    ).toBe('user ann off sanitize-payload resetchannels -@all -set -config +get +@string')
    expect(rulesOf('ann', '+@all', '-@dangerous', '+flushall', 'allcommands', '-get')).toBe(
      'user ann off sanitize-payload resetchannels +@all -get',
    )
  })

  it('joins what patterns let be done, and does not repeat them', () => {
    expect(rulesOf('ann', '%R~a', '%W~a', '~b', '~b', '%W~c', '&x', '&x', 'on', 'nopass')).toBe(
      'user ann on nopass sanitize-payload ~a ~b %W~c resetchannels &x -@all',
    )
  })

  it('keeps selectors apart', () => {
    expect(rulesOf('ann', '+get', '~a', '(~b', '+set)', '(allkeys allchannels +@all)')).toBe(
      'user ann off sanitize-payload ~a resetchannels -@all +get' +
        ' (~b resetchannels -@all +set) (~* &* +@all)',
    )
    expect(rulesOf('ann', '(~b +set)', 'clearselectors')).not.toContain('(')
  })

  it('takes passwords and their hashes, each once', () => {
    const hash = hashPassword('pw')
    expect(rulesOf('ann', '>pw', `#${hash}`)).toBe(
      `user ann off sanitize-payload #${hash} resetchannels -@all`,
    )
    expect(rulesOf('ann', '>pw', '<pw')).not.toContain('#')
    expect(rulesOf('ann', 'nopass', '>pw')).not.toContain('nopass')
    expect(rulesOf('ann', '>pw', 'nopass')).not.toContain('#')
  })

  it('reset makes the user a new one', () => {
    expect(rulesOf('ann', 'on', '>pw', '~*', '&*', '+@all', '(~x +get)', 'reset')).toBe(
      'user ann off sanitize-payload resetchannels -@all',
    )
  })

  it('changes nothing if one of the rules is wrong', () => {
    const client = new InProcessServer().connect()
    const wrong: [string, string][] = [
      ['foo', 'Syntax error'],
      ['+nosuch', 'Unknown command or category name in ACL'],
      ['+@nosuch', 'Unknown command or category name in ACL'],
      ['-get|x', 'Unknown command or category name in ACL'],
      ['+config|nosuch', 'Unknown command or category name in ACL'],
      ['+config|', 'Syntax error'],
      ['+config|get|x', 'Allowing first-arg of a subcommand is not supported'],
      ['%X~a', 'Syntax error'],
      ['%RR~a', 'Syntax error'],
      ['%~a', 'Syntax error'],
      ['~a b', 'Syntax error'],
      ['(on)', 'Syntax error'],
      ['<none', 'The password you are trying to remove from the user does not exist'],
      [
        '#abc',
        'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters',
      ],
    ]
    for (const [rule, reason] of wrong) {
      expect(client.call('ACL', 'SETUSER', 'ann', 'on', rule)).toEqual(
        error(`ERR Error in ACL SETUSER modifier '${rule}': ${reason}`),
      )
    }
    expect(client.call('ACL', 'SETUSER', 'ann', 'on', '(~a', '+get')).toEqual(
      error("ERR Unmatched parenthesis in acl selector starting at '(~a'."),
    )
    expect(client.call('ACL', 'SETUSER', 'a b')).toEqual(
      error("ERR Usernames can't contain spaces or null characters"),
    )
    expect(client.call('ACL', 'GETUSER', 'ann')).toBeNull()
  })

  it('refuses patterns after all keys or channels, which would have no effect', () => {
    const client = new InProcessServer().connect()
    expect(client.call('ACL', 'SETUSER', 'ann', '~*', '~b')).toMatchObject({
      text: expect.stringContaining("Try 'resetkeys' to start with an empty list of patterns"),
    })
    expect(client.call('ACL', 'SETUSER', 'ann', '&*', '&b')).toMatchObject({
      text: expect.stringContaining("Try 'resetchannels' to start with an empty list of channels"),
    })
  })

  it('gives new users all channels where acl-pubsub-default says so', () => {
    const client = new InProcessServer({
      settings: [['acl-pubsub-default', 'allchannels']],
    }).connect()
    client.call('ACL', 'SETUSER', 'ann', '(+get)')
    expect(client.call('ACL', 'LIST')).toContain(
      'user ann off sanitize-payload &* -@all (&* -@all +get)',
    )
  })
})

describe('ACL GETUSER', () => {
  it('tells all about a user, as a map with a set of flags in RESP3', () => {
    const client = new InProcessServer().connect(3)
    client.call('ACL', 'SETUSER', 'ann', 'on', '>pw', '+get', '~a', '%R~b', '&c', '(~d +set)')
    expect(client.call('ACL', 'GETUSER', 'ann')).toEqual(
      new Map<string, unknown>([
        ['flags', new Set(['on', 'sanitize-payload'])],
        ['passwords', [hashPassword('pw')]],
        ['commands', '-@all +get'],
        ['keys', '~a %R~b'],
        ['channels', '&c'],
        [
          'selectors',
          [
            new Map([
              ['commands', '-@all +set'],
              ['keys', '~d'],
              ['channels', ''],
            ]),
          ],
        ],
      ]),
    )
    expect(client.call('ACL', 'GETUSER', 'nobody')).toBeNull()
  })
})

describe('a user', () => {
  it('may run the commands that its rules allow, and those that need no login', () => {
    const { ann } = withUser('~*', '+@read', '-mget', '+config|get')
    expect(ann.call('GET', 'k')).toBeNull()
    expect(ann.call('MGET', 'k')).toEqual(noCommand('ann', 'mget'))
    expect(ann.call('SET', 'k', 'v')).toEqual(noCommand('ann', 'set'))
    expect(ann.call('CONFIG', 'GET', 'port')).toEqual(['port', '6379'])
    expect(ann.call('CONFIG', 'SET', 'port', '1')).toEqual(noCommand('ann', 'config|set'))
    expect(ann.call('ACL', 'WHOAMI')).toEqual(noCommand('ann', 'acl|whoami'))
    expect(ann.call('HELLO')).toContain('server')
    expect(ann.call('RESET')).toBe('RESET')
    expect(ann.call('ACL', 'WHOAMI')).toBe('default')
  })

  it('may be allowed a command with some first arguments only', () => {
    const { ann } = withUser('+select|1', '+select|2')
    expect(ann.call('SELECT', '1')).toBe('OK')
    expect(ann.call('SELECT', '0')).toEqual(noCommand('ann', 'select'))
  })

  it('may touch the keys that its rules name, each in the way they allow', () => {
    const { ann } = withUser('+@all', '~own:*', '%R~shared:*', '%W~log:*')
    expect(ann.call('SET', 'own:1', 'v')).toBe('OK')
    expect(ann.call('GET', 'own:1')).toBe('v')
    expect(ann.call('GET', 'shared:1')).toBeNull()
    expect(ann.call('SET', 'shared:1', 'v')).toEqual(noKey)
    expect(ann.call('SET', 'log:1', 'v')).toBe('OK')
    expect(ann.call('GET', 'log:1')).toEqual(noKey)
    expect(ann.call('MGET', 'own:1', 'other')).toEqual(noKey)
    expect(ann.call('MSET', 'own:2', 'v', 'other', 'v')).toEqual(noKey)
    expect(ann.call('GET', 'own:2')).toBeNull()
  })

  it('needs one selector that allows all of a command', () => {
    const { ann } = withUser('+get', '~a', '(+set ~b)')
    expect(ann.call('GET', 'a')).toBeNull()
    expect(ann.call('SET', 'b', 'v')).toBe('OK')
    expect(ann.call('GET', 'b')).toEqual(noKey)
    expect(ann.call('SET', 'a', 'v')).toEqual(noKey)
    expect(ann.call('MGET', 'a')).toEqual(noCommand('ann', 'mget'))
  })

  it('may use the channels that its rules name; patterns only as they stand there', () => {
    const { ann } = withUser('+@all', '~*', '&news.*')
    expect(ann.call('PUBLISH', 'news.a', 'x')).toBe(0)
    expect(ann.call('PUBLISH', 'weather', 'x')).toEqual(noChannel)
    expect(ann.call('SUBSCRIBE', 'news.a', 'weather')).toEqual(noChannel)
    expect(ann.call('PSUBSCRIBE', 'news.a*')).toEqual(noChannel)
    expect(ann.call('PSUBSCRIBE', 'news.*')).toEqual(['psubscribe', 'news.*', 1])
    expect(ann.call('SSUBSCRIBE', 'news.b')).toEqual(['ssubscribe', 'news.b', 1])
    expect(ann.call('UNSUBSCRIBE', 'weather')).toEqual(['unsubscribe', 'weather', 1])
  })

  it('is checked when it queues, and again at EXEC', () => {
    const { admin, ann } = withUser('+@all', '~*')
    ann.call('MULTI')
    ann.call('SET', 'k', 'v')
    ann.call('GET', 'k')
    admin.call('ACL', 'SETUSER', 'ann', '-set')
    expect(ann.call('EXEC')).toEqual([
      error(
        'NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to execute the command or subcommand',
      ),
      null,
    ])
    ann.call('MULTI')
    expect(ann.call('SET', 'k', 'v')).toEqual(noCommand('ann', 'set'))
    expect(ann.call('EXEC')).toEqual(
      error('EXECABORT Transaction discarded because of previous errors.'),
    )
  })

  it('is checked again when what it waited for is there', () => {
    const { admin, ann } = withUser('+@all', '~*')
    ann.send('BLPOP', 'list', '0')
    admin.call('ACL', 'SETUSER', 'ann', 'resetkeys', '~other')
    admin.call('RPUSH', 'list', 'x')
    expect(ann.replies()).toEqual([noKey])
    expect(admin.call('LLEN', 'list')).toBe(1)
  })

  it('costs no checks while it may do everything', () => {
    const { server, admin, ann } = withUser('+@all', '~*', '&*')
    const { state } = ann.client
    expect(state).toBe(admin.client.state)
    admin.call('ACL', 'SETUSER', 'ann', '-get')
    expect(ann.call('GET', 'k')).toEqual(noCommand('ann', 'get'))
    expect(ann.client.state).not.toBe(state)
    expect(server.server.stats.aclDeniedCommand).toBe(1)
    admin.call('ACL', 'SETUSER', 'ann', '(allkeys allchannels allcommands)')
    expect(ann.client.state).toBe(state)
  })

  it('that is off cannot log in, but keeps its connections', () => {
    const { server, admin, ann } = withUser('+@all', '~*')
    admin.call('ACL', 'SETUSER', 'ann', 'off')
    expect(ann.call('GET', 'k')).toBeNull()
    expect(server.connect().call('AUTH', 'ann', 'pw')).toEqual(wrongPassword)
  })

  it('loses the connections that listen to what it may not hear any more', () => {
    const { server, admin, ann } = withUser('+@all', '&a', '&b')
    const other = server.connect()
    other.call('AUTH', 'ann', 'pw')
    ann.send('SUBSCRIBE', 'a')
    other.send('SUBSCRIBE', 'b')
    admin.call('ACL', 'SETUSER', 'ann', '&c')
    expect([ann.closed, other.closed]).toEqual([false, false])
    admin.call('ACL', 'SETUSER', 'ann', 'resetchannels', '&b')
    expect([ann.closed, other.closed]).toEqual([true, false])
  })
})

describe('ACL DELUSER', () => {
  it('deletes users and ends their connections', () => {
    const { admin, ann } = withUser('+@all')
    expect(admin.call('ACL', 'DELUSER', 'ann', 'nobody')).toBe(1)
    expect(ann.closed).toBe(true)
    expect(admin.call('ACL', 'USERS')).toEqual(['default'])
  })

  it('never deletes the default user, nor any other named with it', () => {
    const { admin } = withUser()
    expect(admin.call('ACL', 'DELUSER', 'ann', 'default')).toEqual(
      error("ERR The 'default' user cannot be removed"),
    )
    expect(admin.call('ACL', 'USERS')).toEqual(['ann', 'default'])
  })

  it('answers a user who deletes itself, and then closes', () => {
    const { ann } = withUser('+@all')
    expect(ann.call('ACL', 'DELUSER', 'ann')).toBe(1)
    expect(ann.closed).toBe(true)
  })
})

describe('the default user', () => {
  it('has the password of requirepass', () => {
    const server = new InProcessServer({ settings: [['requirepass', 'secret']] })
    const client = server.connect()
    client.call('AUTH', 'secret')
    expect(client.call('ACL', 'LIST')).toEqual([
      `user default on sanitize-payload #${hashPassword('secret')} ~* &* +@all`,
    ])
    client.call('CONFIG', 'SET', 'requirepass', '')
    expect(client.call('ACL', 'LIST')).toEqual([
      'user default on nopass sanitize-payload ~* &* +@all',
    ])
  })

  it('can be narrowed, and that holds for everybody who says nothing', () => {
    const server = new InProcessServer()
    const [admin, other] = [server.connect(), server.connect()]
    admin.call('ACL', 'SETUSER', 'root', 'on', '>pw', '+@all', '~*', '&*')
    admin.call('AUTH', 'root', 'pw')
    admin.call('ACL', 'SETUSER', 'default', '-@all', '+ping')
    expect(other.call('PING')).toBe('PONG')
    expect(other.call('GET', 'k')).toEqual(noCommand('default', 'get'))
    admin.call('ACL', 'SETUSER', 'default', 'off')
    expect(server.connect().call('PING')).toEqual(error('NOAUTH Authentication required.'))
  })
})

describe('ACL LOG', () => {
  it('keeps refusals, the newest first, and counts what repeats', () => {
    const { server, ann, admin } = withUser('+get', '~a', '+publish', '+multi', '+exec')
    ann.call('GET', 'b')
    ann.call('SET', 'a', '1')
    ann.call('SET', 'a', '1')
    ann.call('PUBLISH', 'ch', 'x')
    ann.call('MULTI')
    ann.call('GET', 'c')
    server.clock.advance(1500)
    admin.call('AUTH', 'ann', 'wrong')
    const entries = (admin.call('ACL', 'LOG') as string[][]).map(entry => entry.slice(0, 10))
    const entry = (count: number, reason: string, context: string, object: string) => [
      ...['count', count, 'reason', reason, 'context', context, 'object', object],
      ...['username', 'ann'],
    ]
    expect(entries).toEqual([
      entry(1, 'auth', 'toplevel', 'AUTH'),
      entry(1, 'key', 'multi', 'c'),
      entry(1, 'channel', 'toplevel', 'ch'),
      entry(2, 'command', 'toplevel', 'set'),
      entry(1, 'key', 'toplevel', 'b'),
    ])
    const [last] = admin.call('ACL', 'LOG', '1') as unknown[][]
    expect(last!.slice(10)).toEqual([
      ...['age-seconds', '0', 'client-info', expect.stringContaining(' cmd=auth user=default ')],
      ...['entry-id', 4, 'timestamp-created', server.clock.now()],
      ...['timestamp-last-updated', server.clock.now()],
    ])
    expect(admin.call('ACL', 'LOG', '-1')).toEqual([])
    expect(admin.call('ACL', 'LOG', 'RESET')).toBe('OK')
    expect(admin.call('ACL', 'LOG')).toEqual([])
  })

  it('does not join what lies a minute apart, and keeps acllog-max-len entries', () => {
    const { server, ann, admin } = withUser('+get')
    admin.call('CONFIG', 'SET', 'acllog-max-len', '3')
    for (let i = 0; i < 5; i++) {
      ann.call('GET', 'k')
      server.clock.advance(60_001)
    }
    expect(admin.call('ACL', 'LOG', '100')).toHaveLength(3)
  })
})

describe('ACL DRYRUN', () => {
  it('tells what a user would be told, and runs nothing', () => {
    const { admin } = withUser('+set', '+publish', '+config|get', '~a')
    const dryRun = (...args: string[]) => admin.call('ACL', 'DRYRUN', ...args)
    expect(dryRun('ann', 'SET', 'a', '1')).toBe('OK')
    expect(admin.call('GET', 'a')).toBeNull()
    expect(dryRun('ann', 'GET', 'a')).toBe("User ann has no permissions to run the 'get' command")
    expect(dryRun('ann', 'SET', 'b', '1')).toBe("User ann has no permissions to access the 'b' key")
    expect(dryRun('ann', 'PUBLISH', 'c', 'x')).toBe(
      "User ann has no permissions to access the 'c' channel",
    )
    expect(dryRun('ann', 'CONFIG', 'GET', 'x')).toBe('OK')
    expect(dryRun('ann', 'CONFIG', 'SET', 'x', 'y')).toBe(
      "User ann has no permissions to run the 'config|set' command",
    )
    expect(dryRun('bob', 'GET', 'a')).toEqual(error("ERR User 'bob' not found"))
    expect(dryRun('ann', 'NOSUCH')).toEqual(error("ERR Command 'NOSUCH' not found"))
    expect(dryRun('ann', 'GET')).toEqual(error("ERR wrong number of arguments for 'get' command"))
  })
})

describe('ACL CAT and GENPASS', () => {
  it('list categories, and the commands and subcommands of one', () => {
    const client = new InProcessServer().connect()
    expect(client.call('ACL', 'CAT')).toContain('dangerous')
    const dangerous = client.call('ACL', 'CAT', 'DANGEROUS')
    expect(dangerous).toContain('flushall')
    expect(dangerous).toContain('config|set')
    expect(client.call('ACL', 'CAT', 'nosuch')).toEqual(error("ERR Unknown category 'nosuch'"))
  })

  it('make passwords of as many bits as asked for', () => {
    const client = new InProcessServer().connect()
    const [first, second] = [client.call('ACL', 'GENPASS'), client.call('ACL', 'GENPASS')]
    expect(first).toMatch(/^[\da-f]{64}$/)
    expect(second).not.toBe(first)
    expect(client.call('ACL', 'GENPASS', '5')).toMatch(/^[\da-f]{2}$/)
    for (const bits of ['0', '-1', '4097']) {
      expect(client.call('ACL', 'GENPASS', bits)).toMatchObject({
        text: expect.stringContaining('a positive number up to 4096'),
      })
    }
  })
})

class TextStore implements AclStore {
  readonly path = '/users.acl'
  text: string

  constructor(text: string) {
    this.text = text
  }

  read(): string {
    return this.text
  }

  write(text: string): void {
    this.text = text
  }
}

describe('an ACL file', () => {
  it('defines the users at the start, and takes them back by ACL SAVE', () => {
    const store = new TextStore(
      'user ann on >pw +get ~a (~b\t+set)\n\nuser default on >d +@all ~*\n',
    )
    const client = new InProcessServer({ aclStore: store }).connect()
    expect(client.call('PING')).toEqual(error('NOAUTH Authentication required.'))
    expect(client.call('AUTH', 'd')).toBe('OK')
    client.call('ACL', 'SETUSER', 'bob', 'on')
    expect(client.call('ACL', 'SAVE')).toBe('OK')
    expect(store.text).toBe(
      `user ann on sanitize-payload #${hashPassword('pw')} ~a resetchannels -@all +get` +
        ' (~b resetchannels -@all +set)\n' +
        'user bob on sanitize-payload resetchannels -@all\n' +
        `user default on sanitize-payload #${hashPassword('d')} ~* resetchannels +@all\n`,
    )
    expect(new InProcessServer({ aclStore: store }).connect().call('AUTH', 'd')).toBe('OK')
  })

  it('is read again by ACL LOAD, which ends the connections of users that are no more', () => {
    const store = new TextStore('user ann on nopass +@all ~*\nuser bob on nopass +@all &a &b\n')
    const server = new InProcessServer({ aclStore: store })
    const [admin, ann, bob] = [server.connect(), server.connect(), server.connect()]
    ann.call('AUTH', 'ann', '')
    bob.call('AUTH', 'bob', '')
    bob.send('SUBSCRIBE', 'a')
    store.text = 'user bob on nopass +ping &a\n'
    expect(admin.call('ACL', 'LOAD')).toBe('OK')
    expect([ann.closed, bob.closed]).toEqual([true, false])
    bob.call('UNSUBSCRIBE')
    bob.received()
    expect(bob.call('GET', 'k')).toEqual(noCommand('bob', 'get'))
    expect(admin.call('ACL', 'LIST')).toEqual([
      'user bob on nopass sanitize-payload resetchannels &a -@all +ping',
      'user default on nopass sanitize-payload ~* &* +@all',
    ])
  })

  it('changes nothing if anything in it is wrong, and tells all that is', () => {
    const store = new TextStore('')
    const client = new InProcessServer({ aclStore: store }).connect()
    store.text = 'user ann on\nbogus\nuser ann off\nuser bob +nosuch\nuser c (~a\n'
    expect(client.call('ACL', 'LOAD')).toEqual(
      error(
        'ERR /users.acl:2 should start with user keyword followed by the username.' +
          " WARNING: Duplicate user 'ann' found on line 3." +
          " /users.acl:4: Error in applying operation '+nosuch': Unknown command or category name in ACL." +
          ' /users.acl:5: Unmatched parenthesis in selector definition.' +
          ' WARNING: ACL errors detected, no change to the previously active ACL rules was performed',
      ),
    )
    expect(client.call('ACL', 'USERS')).toEqual(['default'])
  })

  it('that is missing is what ACL LOAD and SAVE say', () => {
    const client = new InProcessServer().connect()
    for (const verb of ['LOAD', 'SAVE']) {
      expect(client.call('ACL', verb)).toMatchObject({
        text: expect.stringContaining('is not configured to use an ACL file'),
      })
    }
  })
})

describe('users in the configuration', () => {
  it('are there at the start, and CONFIG REWRITE would write down their changes', () => {
    const server = new InProcessServer({
      settings: [
        ['user', 'ann', 'on', '>pw', '+get', '(~a', '+set)'],
        ['user', 'default', 'on', '>d', '+@all', '~*'],
      ],
    })
    const client = server.connect()
    expect(client.call('AUTH', 'd')).toBe('OK')
    client.call('ACL', 'SETUSER', 'ann', '-get', '+set')
    const text = rewriteText('', server.server.config.values)
    expect(text).toContain(
      `user ann on sanitize-payload #${hashPassword('pw')} resetchannels -@all -get +set (~a resetchannels -@all +set)\n`,
    )
  })

  it('follow requirepass, so that a rewritten file does not bring the old password back', () => {
    const server = new InProcessServer()
    const client = server.connect()
    client.call('ACL', 'SETUSER', 'ann', 'on')
    client.call('CONFIG', 'SET', 'requirepass', 'new')
    expect(rewriteText('', server.server.config.values)).toContain(
      `user default on sanitize-payload #${hashPassword('new')} ~* &* +@all\n`,
    )
  })

  it('stop the start if they are wrong', () => {
    const start = (...words: string[]) => new InProcessServer({ settings: [['user', ...words]] })
    expect(() => start('ann', '+nosuch')).toThrow(
      "user 'ann': '+nosuch': Unknown command or category name in ACL",
    )
    expect(() => start('ann', '(~a')).toThrow("user 'ann': unmatched parenthesis at '(~a'")
    expect(
      () => new InProcessServer({ settings: [['user', 'ann']], aclStore: new TextStore('') }),
    ).toThrow('users are defined both in the configuration and in aclfile')
  })
})
