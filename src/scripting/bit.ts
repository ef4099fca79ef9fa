// bit.ts — The library `bit`: operations on 32-bit integers, which Lua 5.1 lacks.
//
// A number is taken modulo 2^32, rounded to the nearest even integer first; results are signed.

import type { LuaFunction, LuaThread } from './interpreter.ts'
import type { Library } from './library.ts'
import type { Lua } from './lua.ts'

/** Added to a double it leaves the number's lowest 32 bits in the low word. */
const TO_LOW_WORD = 2 ** 52 + 2 ** 51
const HEX_DIGITS = 8
const SHIFT_MASK = 31

const doubles = new Float64Array(1)
const lowWord = new Int32Array(doubles.buffer)

function toBits(value: number): number {
  doubles[0] = value + TO_LOW_WORD
  return lowWord[0]!
}

function rotateLeft(bits: number, by: number): number {
  return (bits << by) | (bits >>> ((32 - by) & SHIFT_MASK))
}

function swapBytes(bits: number): number {
  return (bits << 24) | ((bits & 0xff00) << 8) | ((bits >>> 8) & 0xff00) | (bits >>> 24)
}

export function bitLibrary(lua: Lua): Library {
  const { api } = lua
  const bitsAt = (thread: LuaThread, argument: number) =>
    toBits(api.luaL_checknumber(thread, argument))
  const result = (thread: LuaThread, bits: number) => {
    api.lua_pushnumber(thread, bits | 0)
    return 1
  }
  const unary =
    (operate: (bits: number) => number): LuaFunction =>
    thread =>
      result(thread, operate(bitsAt(thread, 1)))
  const shift =
    (operate: (bits: number, by: number) => number): LuaFunction =>
    thread =>
      result(thread, operate(bitsAt(thread, 1), bitsAt(thread, 2) & SHIFT_MASK))
  const fold =
    (operate: (a: number, b: number) => number): LuaFunction =>
    thread => {
      let bits = bitsAt(thread, 1)
      for (let i = api.lua_gettop(thread); i > 1; i--) bits = operate(bits, bitsAt(thread, i))
      return result(thread, bits)
    }
  return {
    name: 'bit',
    functions: {
      tobit: unary(bits => bits),
      bnot: unary(bits => ~bits),
      bswap: unary(swapBytes),
      band: fold((a, b) => a & b),
      bor: fold((a, b) => a | b),
      bxor: fold((a, b) => a ^ b),
      lshift: shift((bits, by) => bits << by),
      rshift: shift((bits, by) => bits >>> by),
      arshift: shift((bits, by) => bits >> by),
      rol: shift(rotateLeft),
      ror: shift((bits, by) => rotateLeft(bits, (32 - by) & SHIFT_MASK)),
      // A negative count of digits asks for capitals.
      tohex: thread => {
        const bits = bitsAt(thread, 1)
        const asked = lua.has(thread, 2) ? bitsAt(thread, 2) : HEX_DIGITS
        const count = Math.min(Math.abs(asked), HEX_DIGITS)
        const digits = (bits >>> 0).toString(16).padStart(HEX_DIGITS, '0')
        const text = digits.slice(HEX_DIGITS - count)
        lua.push(thread, asked < 0 ? text.toUpperCase() : text)
        return 1
      },
    },
  }
}
