// interpreter-file.ts — The compiled interpreter on disk: PUC Lua 5.1 as WebAssembly.
//
// Only the binary is taken from its package. What loads it is ours (`interpreter.ts`), so that it is
// there without waiting, its memory is bounded, and it is given neither files nor sockets nor clocks.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const BINARY = 'wasmoon-lua5.1/dist/liblua5.1.wasm'

let compiled: WebAssembly.Module | undefined

/** Compiled when the first script comes; it takes some 10 ms. */
export function interpreterModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(createRequire(import.meta.url).resolve(BINARY)))
  return compiled
}
