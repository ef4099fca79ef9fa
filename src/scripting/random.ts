// random.ts — math.random and math.randomseed: the numbers of Redis's scripts, in their order.
//
// It is the 48-bit linear congruential generator of drand48. Scripts and functions share one sequence,
// which begins the same way in every process and goes on from script to script, unless one sets a seed.
// What a script wrote is in the effect log, so copies need not draw the same numbers.

import type { LuaFunction } from './interpreter.ts'
import type { Lua } from './lua.ts'

const MULTIPLIER = 0x5deece66dn
const INCREMENT = 0xbn
const MASK = (1n << 48n) - 1n
const FIRST_STATE = 0x1234abcd330en
/** The lower bits that a seed leaves alone. */
const SEED_LOW = 0x330en
const INT32_MAX = 2 ** 31 - 1
const INT64_LIMIT = 2 ** 63

export class ScriptRandom {
  #state = FIRST_STATE

  seed(seed: number): void {
    this.#state = (BigInt(seed >>> 0) << 16n) | SEED_LOW
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state * MULTIPLIER + INCREMENT) & MASK
    return (Number(this.#state >> 17n) % INT32_MAX) / INT32_MAX
  }
}

export function mathRandom(lua: Lua, random: ScriptRandom): LuaFunction {
  const { api } = lua
  return thread => {
    const r = random.next()
    const count = api.lua_gettop(thread)
    if (count > 2) lua.raise(thread, 'wrong number of arguments')
    if (count === 0) {
      api.lua_pushnumber(thread, r)
      return 1
    }
    const first = toInt32(api.luaL_checknumber(thread, 1))
    const low = count === 1 ? 1 : first
    const high = count === 1 ? first : toInt32(api.luaL_checknumber(thread, 2))
    if (low > high) lua.raiseArgument(thread, count, 'interval is empty')
    api.lua_pushnumber(thread, Math.floor(r * (high - low + 1)) + low)
    return 1
  }
}

export function mathRandomSeed(lua: Lua, random: ScriptRandom): LuaFunction {
  return thread => {
    random.seed(toInt32(lua.api.luaL_checknumber(thread, 1)))
    return 0
  }
}

/** As C converts by way of 64 bits. */
function toInt32(value: number): number {
  return Math.abs(value) < INT64_LIMIT ? value | 0 : 0
}
