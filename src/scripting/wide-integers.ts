// wide-integers.ts — string.format and tonumber where an integer has up to 64 bits, as Redis's have.
//
// The interpreter was compiled for a machine with 32-bit integers. Its numbers are doubles all the
// same; only these two functions pass by way of an integer with values that scripts do have: a time in
// milliseconds needs 41 bits. What fits 32 bits is left to the interpreter.

import type { LuaFunction, LuaThread } from './interpreter.ts'
import type { Lua } from './lua.ts'
import { toBits64 } from './number-format.ts'

const INT32_MAX = 2 ** 31 - 1
const BITS = 64
const UINT64_MAX = 2n ** 64n - 1n

/** One conversion of a format, its parts, and the two percent signs that stand for one. */
const CONVERSION = /%(?:%|([-+ #0]*)(\d*)(?:\.(\d*))?([^%]?))/gs
/** Beyond these the interpreter refuses a format. */
const FLAGS_MAX = 5
const DIGITS_MAX = 2

const RADIX: Readonly<Record<string, number>> = { d: 10, i: 10, u: 10, o: 8, x: 16, X: 16 }

export function wideFormat(lua: Lua, original: LuaFunction): LuaFunction {
  return thread => {
    if (hasWide(lua, thread)) writeWide(lua, thread)
    return original(thread)
  }
}

/** Whether an argument, taken as an integer, might not fit. */
function hasWide(lua: Lua, thread: LuaThread): boolean {
  const { api } = lua
  for (let i = api.lua_gettop(thread); i > 1; i--) {
    if (isWide(api.lua_tonumber(thread, i))) return true
  }
  return false
}

function isWide(value: number): boolean {
  return !(value >= 0 && value <= INT32_MAX)
}

/** Replaces integer conversions by %s, and their arguments by what they would have printed. */
function writeWide(lua: Lua, thread: LuaThread): void {
  const { api } = lua
  if (api.lua_isstring(thread, 1) === 0) return
  const format = lua.text(thread, 1)
  let argument = 1
  const rewritten = format.replace(
    CONVERSION,
    (text: string, flags?: string, width?: string, precision?: string, kind?: string) => {
      if (text === '%%') return text
      argument++
      const radix = Object.hasOwn(RADIX, kind!) ? RADIX[kind!] : undefined
      if (radix === undefined || api.lua_isnumber(thread, argument) === 0) return text
      if (flags!.length > FLAGS_MAX || width!.length > DIGITS_MAX) return text
      if ((precision?.length ?? 0) > DIGITS_MAX) return text
      const value = api.lua_tonumber(thread, argument)
      if (!isWide(value)) return text
      const shape = { flags: new Set(flags), width: Number(width), precision }
      lua.push(thread, integerText(value, kind!, radix, shape))
      api.lua_replace(thread, argument)
      return '%s'
    },
  )
  lua.push(thread, rewritten)
  api.lua_replace(thread, 1)
}

interface Shape {
  readonly flags: ReadonlySet<string>
  readonly width: number
  readonly precision: string | undefined
}

/** What printf of C makes of it. */
function integerText(
  value: number,
  kind: string,
  radix: number,
  { flags, width, precision }: Shape,
): string {
  const isSigned = kind === 'd' || kind === 'i'
  // Beyond 64 bits a machine's conversion to a signed integer gives the least one.
  const bits = isSigned && value >= 2 ** 63 ? 2n ** 63n : toBits64(value)
  const integer = isSigned ? BigInt.asIntN(BITS, bits) : bits
  let digits = (integer < 0n ? -integer : integer).toString(radix)
  let sign = ''
  if (integer < 0n) sign = '-'
  else if (isSigned && flags.has('+')) sign = '+'
  else if (isSigned && flags.has(' ')) sign = ' '
  if (precision !== undefined) digits = digits.padStart(Number(precision), '0')
  if (flags.has('#') && integer !== 0n) {
    if (radix === 16) sign = '0x'
    if (radix === 8) digits = `0${digits}`
  }
  if (flags.has('-')) return capitals(kind, (sign + digits).padEnd(width))
  if (flags.has('0') && precision === undefined) {
    digits = digits.padStart(width - sign.length, '0')
  }
  return capitals(kind, (sign + digits).padStart(width))
}

function capitals(kind: string, text: string): string {
  return kind === 'X' ? text.toUpperCase() : text
}

/** `tonumber`, whose form with a base reads 64 bits. */
export function wideToNumber(lua: Lua, original: LuaFunction): LuaFunction {
  const { api } = lua
  return thread => {
    if (!lua.isGiven(thread, 2)) return original(thread)
    const base = Math.trunc(api.luaL_checknumber(thread, 2))
    if (base === 10) return original(thread)
    const text = lua.checkText(thread, 1)
    if (base < 2 || base > 36) lua.raiseArgument(thread, 2, 'base out of range')
    const value = parseUnsigned(text, base)
    if (value === undefined) api.lua_pushnil(thread)
    else api.lua_pushnumber(thread, Number(value))
    return 1
  }
}

/** As strtoul of C: what is too large is the largest, and what is negative wraps around. */
function parseUnsigned(text: string, base: number): bigint | undefined {
  const prefix = base === 16 ? '(?:0x)?' : ''
  const shape = new RegExp(`^[\\t-\\r ]*([+-]?)${prefix}([0-9a-z]+)[\\t-\\r ]*(?:\\0|$)`, 'i')
  const [, sign, digits] = shape.exec(text) ?? []
  if (digits === undefined) return undefined
  let value = 0n
  for (const digit of digits) {
    const worth = Number.parseInt(digit, 36)
    if (worth >= base) return undefined
    value = value * BigInt(base) + BigInt(worth)
    if (value > UINT64_MAX) value = UINT64_MAX + 1n
  }
  if (value > UINT64_MAX) return UINT64_MAX
  return sign === '-' ? BigInt.asUintN(BITS, -value) : value
}
