// webassembly.d.ts — What we use of WebAssembly, whose types TypeScript keeps with those of browsers.

declare namespace WebAssembly {
  type ImportValue = (...args: never[]) => unknown
  type Imports = Record<string, Record<string, ImportValue>>

  class Module {
    constructor(bytes: Uint8Array)
    static imports(module: Module): { readonly module: string; readonly name: string }[]
  }

  class Instance {
    constructor(module: Module, imports: Imports)
    readonly exports: Readonly<Record<string, unknown>>
  }

  class Memory {
    readonly buffer: ArrayBuffer
    /** By pages of 64 KiB. */
    grow(pages: number): number
  }

  class Table {
    get(index: number): unknown
    grow(count: number): number
    set(index: number, value: unknown): void
  }

  /** A trap: the code did what it must not, or its stack is full. */
  class RuntimeError extends Error {}
}
