// Conversations about libraries of functions, as in conversations.ts.

import type { Step } from './conversations.ts'

const REGISTER = "redis.register_function('f', function(keys, args) return 1 end)"

function load(code: string, ...options: string[]): Step {
  return ['FUNCTION', 'LOAD', ...options, code]
}

function body(code: string): Step {
  return load(`#!lua name=c\n${code}`)
}

/** A library with a function for each body, and a call of each. */
function calls(bodies: Readonly<Record<string, string>>): Step[] {
  const functions = Object.entries(bodies).map(
    ([name, text]) => `redis.register_function('${name}', function(keys, args) ${text} end)`,
  )
  return [
    load(`#!lua name=calls\n${functions.join('\n')}`),
    ...Object.keys(bodies).flatMap(name => [
      ['FCALL', name, '0'],
      ['FCALL', name.toUpperCase(), '1', 'k', 'v'],
    ]),
  ]
}

const FIRST_LINES = [
  ...['', 'x', '#!', '#!\n', '#!lua', '#!lua\n', '#!lua \n', '#!lua name=\n', '#!lua name\n'],
  ...[
    '#!lua name=a name=b\n',
    '#!lua NAME=z\n',
    '#!LUA name=zz\n',
    '#!xx name=zz\n',
    '#! lua name=zz\n',
  ],
  ...[
    '#!lua name=z-z\n',
    '#!lua name="zq"\n',
    "#!lua 'name=zw'\n",
    "#!lua name='z q'\n",
    '#!lua "name=z\n',
  ],
  ...[
    '#!lua foo=bar\n',
    '#!lua foo\n',
    '#!lua name=\0\n',
    '#!lua name=\xe9\n',
    '#!lua flags=no-writes name=z\n',
  ],
  ...['#!lua\tname=zt\n', '#!lua name=zr\r\n', ' #!lua name=zs\n'],
]

export const libraryConversations: Readonly<Record<string, readonly Step[]>> = {
  'first lines of libraries': FIRST_LINES.flatMap(line => [
    load(line),
    load(line + REGISTER),
    ['FUNCTION', 'FLUSH'],
  ]),
  'FUNCTION LOAD': [
    load(`#!lua name=a\n${REGISTER}`),
    load(`#!lua name=a\n${REGISTER}`),
    load(`#!lua name=a\n${REGISTER}`, 'REPLACE'),
    load(`#!lua name=b\n${REGISTER}`),
    load(`#!lua name=b\n${REGISTER}`, 'replace'),
    load(`#!lua name=a\n${REGISTER}`, 'x'),
    load(`#!lua name=a\n${REGISTER}`, 'REPLACE', 'REPLACE'),
    load(`#!lua name=a\n${REGISTER}`, 'x', 'REPLACE'),
    ['FUNCTION', 'LOAD'],
    ['FUNCTION', 'LOAD', 'REPLACE'],
    ['FUNCTION', 'LIST'],
  ],
  'what a library may do while it is loaded': [
    ...[
      '',
      'return 1',
      'x=',
      'x=1',
      'return x',
      'error("boom")',
      'local x = nil + 1',
      '\n\nlocal x = nil + 1',
    ],
    ...[
      "redis.call('ping')",
      "redis.pcall('ping')",
      'redis.log(redis.LOG_NOTICE, "x")',
      'redis.setresp(3)',
    ],
    ...[
      'local x = redis.foo',
      'math.random()',
      'local x = cjson',
      'local x = string',
      'local x = pairs',
      'local x = KEYS',
    ],
    ...[
      'redis.x = 1',
      'redis = 1',
      '_G.a = 1',
      'local x = _G',
      'local x = ("x"):rep(3)',
      'local x = #redis',
    ],
    ...[
      'return redis.REDIS_VERSION_NUM + nil',
      'return redis.LOG_DEBUG .. {}',
      'return redis.REPL_ALL .. {}',
    ],
  ].map(body),
  'redis.register_function': [
    ...[
      '()',
      '(1)',
      '("x")',
      '(1, 2)',
      '("f", 2)',
      '("f", function() end, 3)',
      '("f-x", function() end)',
    ],
    ...[
      '("", function() end)',
      '({}, function() end)',
      '(12, function() end)',
      '(nil, function() end)',
    ],
    ...[
      '{}',
      '{1}',
      '{[1] = 2}',
      '{[1.5] = 2}',
      '{[true] = 2}',
      '{function_name = 1}',
      '{function_name = {}}',
    ],
    ...[
      '{function_name = "x"}',
      '{function_name = "x-y", callback = redis.log}',
      '{callback = 1}',
      '{callback = redis.log}',
    ],
    ...[
      '{function_name = "x", callback = redis.log, description = {}}',
      '{function_name = "x", callback = redis.log, flags = 1}',
    ],
    ...[
      '{function_name = "x", callback = redis.log, flags = {1}}',
      '{function_name = "x", callback = redis.log, flags = {"foo"}}',
    ],
    ...[
      '{function_name = "x", callback = redis.log, flags = {"NO-WRITES"}}',
      '{function_name = "x", callback = redis.log, foo = 1}',
    ],
    ...['("f", redis.log) redis.register_function("f", redis.log)'],
  ].map(text => body(`redis.register_function${text}`)),
  'FUNCTION LIST': [
    load(
      '#!lua name=d\nredis.register_function({function_name = "y", callback = redis.log, description = "text", ' +
        'flags = {"no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys", "no-writes"}})',
    ),
    ['FUNCTION', 'LIST'],
    load(
      '#!lua name=e\nredis.register_function{function_name = 12, description = 13, callback = redis.log, flags = {}}',
    ),
    ...['d', 'D', 'e', 'E*', '[de]x', 'nosuch'].map(pattern => [
      'FUNCTION',
      'LIST',
      'LIBRARYNAME',
      pattern,
    ]),
    ['FUNCTION', 'LIST', 'WITHCODE', 'LIBRARYNAME', 'e'],
    ['FUNCTION', 'LIST', 'libraryname', 'e', 'withcode'],
    ['FUNCTION', 'LIST', 'WITHCODE', 'WITHCODE'],
    ['FUNCTION', 'LIST', 'LIBRARYNAME'],
    ['FUNCTION', 'LIST', 'LIBRARYNAME', 'a', 'LIBRARYNAME', 'b'],
    ['FUNCTION', 'LIST', 'x'],
    ['FUNCTION', 'STATS'],
    ['FUNCTION', 'DELETE', 'D'],
    ['FUNCTION', 'DELETE', 'd'],
    ['FUNCTION', 'DELETE', 'd'],
    ['FUNCTION', 'DELETE'],
    ['FUNCTION', 'DELETE', 'a', 'b'],
    ['FUNCTION', 'STATS'],
    ['FUNCTION', 'FLUSH', 'x'],
    ['FUNCTION', 'FLUSH', 'SYNC', 'x'],
    ['FUNCTION', 'FLUSH', 'sync'],
    ['FUNCTION', 'FLUSH', 'ASYNC'],
    ['FUNCTION', 'STATS'],
    ['FUNCTION', 'KILL'],
    ['FUNCTION', 'KILL', 'x'],
    ['FUNCTION', 'NOSUCH'],
    ['FUNCTION'],
    ['FUNCTION', 'DUMP', 'x'],
    ['FUNCTION', 'RESTORE', 'x'],
    ['FUNCTION', 'RESTORE', 'x', 'y'],
    ['FUNCTION', 'RESTORE', 'x', 'FLUSH', 'y'],
    ['FUNCTION', 'RESTORE'],
  ],
  FCALL: [
    ...calls({
      count: 'return {#keys, #args, keys, args}',
      set: "return redis.call('SET', keys[1] or 'x', args[1] or 'y')",
      boom: "error('boom')",
      boom_table: "error({err = 'MY oops'})",
      reply: "return redis.error_reply('MY oops')",
      table: "return {err = 'MY oops'}",
      global: 'x = 1',
      missing: 'return x',
      keys: 'return KEYS[1]',
      register: "redis.register_function('zz', function() end)",
      pcall: "return redis.pcall('LPUSH', 'k', 1)",
      call: "return redis.call('LPUSH', 'k', 1)",
      names: 'local x = {} for n in pairs(_G) do x[#x + 1] = n end table.sort(x) return x',
      redis_names: 'local x = {} for n in pairs(redis) do x[#x + 1] = n end table.sort(x) return x',
      resp: 'redis.setresp(3) return {true, false, {double = 1.5}, {map = {a = 1}}, {set = {a = true}}}',
      resp_after: 'return true',
      replicate: 'return redis.replicate_commands()',
      breakpoint: 'return redis.breakpoint()',
      repl: 'return redis.set_repl(redis.REPL_ALL)',
      acl: "return redis.acl_check_cmd('GET', 'x')",
      eval: "return redis.call('EVAL', 'return 1', 0)",
      fcall: "return redis.call('FCALL', 'count', 0)",
      list: "return redis.call('FUNCTION', 'LIST')",
      change: 'redis.x = 1',
      meta: 'setmetatable(_G, {})',
      raw: "rawset(_G, 'a', 1)",
      compile: "return loadstring('return 1 + 1')()",
      compiled: "return loadstring('return redis')().sha1hex('')",
      random: 'return math.random(1000)',
      upvalue: 'return count',
      nothing: '',
    }),
    ['FCALL', 'count', '2', 'a'],
    ['FCALL', 'count', '-1'],
    ['FCALL', 'count', 'x'],
    ['FCALL', 'nosuch', '0'],
    ['FCALL', 'nosuch', 'x'],
    ['FCALL', 'count'],
    ['FCALL_RO', 'count', '0'],
    ['EVAL', "return redis.call('FCALL', 'count', 0)", '0'],
    ['EVAL', 'return redis.register_function', '0'],
    ['MULTI'],
    ['FCALL', 'count', '0'],
    load(
      "#!lua name=q\nlocal n = 0 redis.register_function('q', function() n = n + 1 return n end)",
    ),
    ['FCALL', 'q', '0'],
    ['FCALL', 'q', '0'],
    ['EXEC'],
    ['FCALL', 'q', '0'],
    ['COMMAND', 'GETKEYS', 'FCALL', 'count', '2', 'a', 'b', 'c'],
  ],
  'flags of functions': [
    load(
      '#!lua name=flags\nlocal function run(keys, args) return redis.call(unpack(args)) end\n' +
        "redis.register_function('rw', run)\n" +
        "redis.register_function{function_name = 'ro', callback = run, flags = {'no-writes'}}\n" +
        "redis.register_function{function_name = 'no', callback = run, flags = {'no-cluster', 'allow-stale'}}\n",
    ),
    ...['FCALL', 'FCALL_RO'].flatMap(call =>
      ['rw', 'ro', 'no'].flatMap(name => [
        [call, name, '0', 'GET', 'k'],
        [call, name, '0', 'SET', 'k', 'v'],
        [call, name, '0', 'nosuch'],
        [call, name, '0', 'GET'],
        [call, name, '0', 'LPUSH', 'k', 'x'],
        [call, name, '0'],
      ]),
    ),
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['FCALL', 'rw', '0', 'GET', 'k'],
    ['FCALL', 'ro', '0', 'GET', 'k'],
    load(`#!lua name=full\n${REGISTER}`),
    ['CONFIG', 'SET', 'maxmemory', '0'],
  ],
}
