// Scripts that try the libraries of scripts, each function with values of all kinds.
//
// What they return is shown as text that depends on nothing but the values; see SHOW.

import type { Step } from './conversations.ts'

/** Shows a value: strings in hex, tables with their keys in order. */
const SHOW = `
local function show(v)
  if type(v) == 'string' then return (v:gsub('.', function(c) return ('%02x'):format(c:byte()) end)) end
  if type(v) == 'number' then return ('%.17g'):format(v) end
  if type(v) ~= 'table' then return tostring(v) end
  local parts = {}
  for k, each in pairs(v) do parts[#parts + 1] = show(k) .. '=' .. show(each) end
  table.sort(parts)
  return '{' .. table.concat(parts, ',') .. '}'
end
local function all(...)
  local shown = {}
  for i = 1, select('#', ...) do shown[i] = show((select(i, ...))) end
  return shown
end
`

function shown(expression: string): string {
  return `${SHOW} return all(${expression})`
}

/** Every function of these with every list of arguments. */
function each(functions: readonly string[], argumentLists: readonly string[]): Step[] {
  return functions.flatMap(name => argumentLists.map(list => shown(`${name}(${list})`)))
}

const VALUES = [
  ...['', 'nil', 'true', 'false', '0', '-0', '1', '-1', '127', '128', '255', '256', '-32', '-33'],
  ...['-128', '-129', '32767', '32768', '-32769', '65535', '65536', '2^31-1', '2^31', '-2^31'],
  ...['-2^31-1', '2^32-1', '2^32', '2^53', '2^63', '-2^63', '2^64', '1.5', '-1.25', '0.1', '1/3'],
  ...['1e100', '1e-7', '123456789012345', '1e14', '1e15', '1/0', '-1/0', '0/0', '"2"', '" 3 "'],
  ...['""', '"text"', '"\\0\\1\\127\\128\\255"', '"\\"\\\\/\\b\\f\\n\\r\\t"', '("x"):rep(31)'],
  ...['("x"):rep(32)', '("x"):rep(255)', '("x"):rep(256)', '("x"):rep(70000):sub(1,65536)', '{}'],
  ...['{1}', '{1,2,3}', '{1,nil,3}', '{[1]=1,[2]=2,[4]=4}', '{[0]=1}', '{[1.5]=1}', '{[-1]=1}'],
  ...['{a=1}', '{a={b={c={}}}}', '{1,a=2}', '{[true]=1}', '{[{}]=1}', '{{},{},{{}}}', '{"a",{1}}'],
  ...['{[20]=1}', '{1,2,[9]=1}', '{[2^40]=1}', 'cjson.null', '{cjson.null}', 'function() end'],
  ...['print', 'coroutine.create(function() end)', 'setmetatable({}, {__index={1}})'],
].filter(value => value !== 'print')

const NESTED = 'local t = {} for i = 1, DEPTH do t = {t} end'

const JSON_TEXTS = [
  ...['', ' ', 'null', 'true', 'false', 'nul', 'True', '0', '-0', '1', '-1', '01', '1.', '.5'],
  ...['1.5e3', '1E+2', '1e-2', '1e400', '-', '+1', '0x10', '0x1p3', 'inf', 'Infinity', '-Infinity'],
  ...['nan', 'NaN', '-nan', 'infinite', '12345678901234567890', '""', '"a"', '"a', '"\\\\u0041"'],
  ...['"\\\\u00e9\\\\u20ac"', '"\\\\ud83d\\\\ude00"', '"\\\\ud83d"', '"\\\\ud83dx"', '"\\\\ude00"'],
  ...[
    '"\\\\u00"',
    '"\\\\uzzzz"',
    '"\\\\x"',
    '"\\\\n\\\\t\\\\/\\\\b\\\\f\\\\r\\\\\\\\"',
    '"\\n"',
    '"\\1"',
  ],
  ...['[]', '[1]', '[1,2]', '[1,]', '[,1]', '[1 2]', '[1', ']', '{}', '{"a":1}', '{"a":1,}'],
  ...['{"a" 1}', '{a:1}', '{1:2}', '{"a":1,"a":2}', '{"a":{"b":[1,{"c":null}]}}', '{"a":', '{'],
  ...[
    '[null,null]',
    ' [ 1 , 2 ] ',
    '1 2',
    '[]]',
    '// x',
    '\\0',
    '\\0[1]',
    '[\\0]',
    '"a\\0b"',
    '\\255',
  ],
]

const FORMATS = [
  ...[
    'b',
    'B',
    'h',
    'H',
    'l',
    'L',
    'T',
    'i',
    'I',
    'i1',
    'i2',
    'I3',
    'i8',
    'I8',
    'i9',
    'i16',
    'I32',
  ],
  ...['i33', 'i0', 'f', 'd', 's', 'c0', 'c1', 'c5', 'x', 'xx', '>h', '<h', '>I4', '>d', '>f', '!i'],
  ...[
    '!4bi',
    '!bi',
    '!8bd',
    '!3b',
    '!16b',
    'bi',
    'bbh',
    'sb',
    'z',
    'c',
    'i99999999999',
    ' b ',
    '>i<i',
  ],
]

const PACKED = [
  ...[
    '',
    '\\1',
    '\\255',
    '\\0\\0',
    '\\1\\2\\3\\4',
    '\\255\\254\\253\\252\\251\\250\\249\\248',
    'abc\\0def',
  ],
  ...['\\0\\0\\0\\0\\0\\0\\240\\63', '\\0\\0\\128\\63', '\\3abc', '\\5abc', '\\200'],
]

const MESSAGES = [
  ...['', 'c0', 'c1', 'c2', 'c3', '00', '7f', 'ff', 'e0', 'cc80', 'cd0100', 'ce00010000', 'cc'],
  ...[
    'cf0000000100000000',
    'cfffffffffffffffff',
    'd080',
    'd18000',
    'd280000000',
    'd38000000000000000',
  ],
  ...['ca3fc00000', 'cb3ff8000000000000', 'ca', 'cb00', 'a0', 'a161', 'a261', 'd90161', 'da000161'],
  ...[
    'db0000000161',
    'dbffffffff',
    'c40161',
    'c5000161',
    'c60000000161',
    'c403',
    '90',
    '9101',
    '9201',
  ],
  ...[
    'dc000101',
    'dd0000000101',
    'ddffffffff',
    '80',
    '810102',
    '8101',
    'de00010102',
    'df000000010102',
  ],
  ...['81c001', '8191c0', 'c7', 'd4', 'd40101', 'c70101', '0102', '01c1', '929192'],
]

const BITS = [
  '',
  '0',
  '1',
  '-1',
  '2^31',
  '2^32',
  '-2^31',
  '2^40+5',
  '1.5',
  '2.5',
  '-0.5',
  '"7"',
  '"x"',
]
const PAIRS = BITS.flatMap(a => ['0', '1', '31', '32', '-1', '0xff'].map(b => `${a || 'nil'},${b}`))

export const libraries: Readonly<Record<string, readonly Step[]>> = {
  'cjson.encode': [
    ...each(['cjson.encode'], [...VALUES, '1,2']),
    `${NESTED.replace('DEPTH', '999')} return #cjson.encode(t)`,
    `${NESTED.replace('DEPTH', '1000')} return #cjson.encode(t)`,
    `${NESTED.replace('DEPTH', '1001')} return #cjson.encode(t)`,
    'local t = {} t[1] = t return cjson.encode(t)',
  ],
  'cjson.decode': [
    ...each(
      ['cjson.decode'],
      [...JSON_TEXTS.map(text => `'${text}'`), '', 'nil', '1', '{}', "'1','2'"],
    ),
    'return #cjson.decode(("["):rep(1000)..("]"):rep(1000))',
    'return #cjson.decode(("["):rep(1001)..("]"):rep(1001))',
  ],
  'options of cjson': [
    ...each(
      ['cjson.encode_keep_buffer', 'cjson.encode_invalid_numbers', 'cjson.decode_invalid_numbers'],
      ['', 'true', 'false', '"on"', '"off"', '"null"', '"x"', 'nil', '1', 'true,1'],
    ),
    ...each(
      ['cjson.encode_max_depth', 'cjson.decode_max_depth', 'cjson.encode_number_precision'],
      ['', '0', '1', '3', '14', '15', '16', '17', '-1', '2^31', '1.5', '"4"', '"x"', '1,2'],
    ),
    ...each(
      ['cjson.encode_sparse_array'],
      ['', 'true', 'true,1', 'true,1,1', 'true,1,1,1', 'false,-1', 'nil,nil,5', '"on"', '1'],
    ),
    shown('cjson.encode_max_depth(2), pcall(cjson.encode, {{{}}})'),
    shown('cjson.encode_number_precision(3), cjson.encode(1/3), cjson.encode(123456)'),
    shown('cjson.encode_invalid_numbers("null"), cjson.encode({1/0})'),
    shown('cjson.encode_invalid_numbers(true), cjson.encode({1/0,-1/0})'),
    shown('cjson.encode_sparse_array(true), cjson.encode({[100]=1})'),
    shown('cjson.decode_invalid_numbers(false), pcall(cjson.decode, "[nan]")'),
    shown('cjson.encode_number_precision(), cjson.encode_max_depth(), cjson.encode_sparse_array()'),
    shown('type(cjson.new), cjson._NAME, cjson._VERSION, tostring(cjson.null)'),
  ],
  cmsgpack: [
    ...each(['cmsgpack.pack'], [...VALUES, '1,2,"x"', 'nil,nil']),
    ...each(['cmsgpack.unpack'], [...MESSAGES.map(bytes), '1', '{}', 'nil', ' ']),
    ...each(
      ['cmsgpack.unpack_one'],
      ['"\\1\\2\\3"', '"\\1\\2\\3",1', '"\\1\\2\\3",3', '"\\1",-1', '"\\1",9'],
    ),
    ...each(
      ['cmsgpack.unpack_limit'],
      ['"\\1\\2\\3",2', '"\\1\\2\\3",0', '"\\1\\2\\3",1,1', '"\\1\\2",9', '"\\1",1,-1'],
    ),
    `${NESTED.replace('DEPTH', '20')} ${SHOW} return all(cmsgpack.pack(t))`,
    'local t = {} t[1] = t return #cmsgpack.pack(t)',
    shown('cmsgpack._NAME, cmsgpack._VERSION, cmsgpack._COPYRIGHT, cmsgpack._DESCRIPTION'),
  ],
  bit: [
    ...each(['bit.tobit', 'bit.bnot', 'bit.bswap', 'bit.tohex'], BITS),
    ...each(['bit.band', 'bit.bor', 'bit.bxor'], [...BITS, '255,15', '1,2,4', '1,nil', '2^32,-1']),
    ...each(['bit.lshift', 'bit.rshift', 'bit.arshift', 'bit.rol', 'bit.ror', 'bit.tohex'], PAIRS),
  ],
  struct: [
    ...FORMATS.flatMap(format => [
      ...each(
        ['struct.pack'],
        ['1', '-1', '255.7', '2^40', '-2^63', '2^64', '"abc"', '""', '1,2', ''].map(values =>
          values === '' ? `'${format}'` : `'${format}',${values}`,
        ),
      ),
      ...each(
        ['struct.unpack'],
        PACKED.map(text => `'${format}','${text}'`),
      ),
      shown(`struct.size('${format}')`),
    ]),
    ...each(
      ['struct.unpack'],
      [
        '"b","\\1\\2\\3",2',
        '"b","\\1",0',
        '"b","\\1",2',
        '"b","\\1",9',
        '"bc0","\\3abcd"',
        '"b"',
        '',
      ],
    ),
    ...each(['struct.pack', 'struct.size'], ['', 'nil', '1', '{}', '"i\\0b",1']),
  ],
}

function bytes(hex: string): string {
  return `"${hex.replace(/../g, pair => `\\${String(Number.parseInt(pair, 16)).padStart(3, '0')}`)}"`
}
