// arena.ts — The memory in which all entries live, outside the JavaScript heap.
//
// An arena is a list of pages. A page holds records of one size class, like a slab; records never
// move, so an address stays good until the record is freed. Allocation and release are O(1), and a
// page whose last record goes is given back. A record too large for a page has a page to itself.
//
// Why not objects: four million keys as strings, entries and Map slots are some twenty million
// things that the garbage collector marks; its pauses end above ten milliseconds. Here the
// collector sees a few thousand pages, and a key with its value costs about what it costs in C.
//
// An address counts in units of 16 bytes: page × 16384 + offset / 16. Address 0 is never given out.

/** Bytes of a page. A record that fits in a quarter of it shares it with others. */
export const PAGE_BYTES = 1 << 18
const UNIT_SHIFT = 4
/** Units of 16 bytes in a page, as a shift. */
export const PAGE_SHIFT = 18 - UNIT_SHIFT
export const UNIT_MASK = (1 << PAGE_SHIFT) - 1
/** Addresses are unsigned 32-bit numbers, of which 18 bits are the page's. */
const PAGES_MAX = 1 << (32 - PAGE_SHIFT)
const SHARED_BYTES_MAX = PAGE_BYTES / 4
const JUMBO = 255
/** Pages kept for the next allocation instead of being given back and asked for again. */
const SPARE_PAGES_MAX = 8

/** Sizes of the classes, ascending; at most an eighth of a record is waste. */
const classBytes: number[] = []
for (let size = 32; size < 1024; size += 16) classBytes.push(size)
for (let size = 1024; size < 4096; size += size < 2048 ? 128 : 256) classBytes.push(size)
for (let records = 64; records >= 4; records--) {
  const size = Math.floor(PAGE_BYTES / records / 16) * 16
  if (size > classBytes[classBytes.length - 1]!) classBytes.push(size)
}

/** Class of a size, indexed by the size in units, rounded up. */
const classOfUnits = new Uint8Array((SHARED_BYTES_MAX >> UNIT_SHIFT) + 1)
for (let units = 0, index = 0; units < classOfUnits.length; units++) {
  while (classBytes[index]! < units << UNIT_SHIFT) index++
  classOfUnits[units] = index
}

export class Arena {
  /** Bytes of each page; index 0 is not used, so that address 0 can mean "none". */
  readonly bytes: Buffer[] = [Buffer.alloc(0)]
  /** The same memory as 32-bit words. */
  readonly words: Uint32Array[] = [new Uint32Array(0)]
  /** Bytes in live records, waste within their class included. */
  liveBytes = 0
  /** Bytes in pages. */
  pageBytes = 0

  readonly #classOfPage: number[] = [JUMBO]
  readonly #live: number[] = [0]
  /** Unit of the first freed record of a page, plus one; 0 for none. Its first word is the next. */
  readonly #free: number[] = [0]
  /** Offset in units of the part of a page that was never used. */
  readonly #fresh: number[] = [0]
  /** Pages of each class that have room, as a doubly linked list; 0 ends it. */
  readonly #roomy: number[] = classBytes.map(() => 0)
  readonly #next: number[] = [0]
  readonly #previous: number[] = [0]
  readonly #unusedPages: number[] = []
  readonly #spares: { readonly bytes: Buffer; readonly words: Uint32Array }[] = []

  /** Whether a record at `address` can hold `size` bytes as it is, without more waste than a new one. */
  fits(address: number, size: number): boolean {
    const held = this.#classOfPage[address >>> PAGE_SHIFT]!
    if (held === JUMBO) {
      const capacity = this.bytes[address >>> PAGE_SHIFT]!.length
      return size <= capacity && size > SHARED_BYTES_MAX && size >= capacity >>> 1
    }
    return size <= SHARED_BYTES_MAX && classOfUnits[(size + 15) >>> UNIT_SHIFT] === held
  }

  /** Bytes that the record at `address` occupies. */
  sizeAt(address: number): number {
    const page = address >>> PAGE_SHIFT
    const held = this.#classOfPage[page]!
    return held === JUMBO ? this.bytes[page]!.length : classBytes[held]!
  }

  /** A record of at least `size` bytes; its content is whatever was there before. */
  allocate(size: number): number {
    if (size > SHARED_BYTES_MAX) return this.#allocateJumbo(size)
    const wanted = classOfUnits[(size + 15) >>> UNIT_SHIFT]!
    const bytes = classBytes[wanted]!
    let page = this.#roomy[wanted]!
    if (page === 0) page = this.#openPage(wanted)
    this.liveBytes += bytes
    this.#live[page]!++
    let unit = this.#free[page]! - 1
    if (unit >= 0) {
      this.#free[page] = this.words[page]![unit << 2]!
    } else {
      unit = this.#fresh[page]!
      this.#fresh[page] = unit + (bytes >>> UNIT_SHIFT)
    }
    if (this.#free[page] === 0 && this.#isSpent(page, bytes)) this.#unlink(page, wanted)
    return ((page << PAGE_SHIFT) | unit) >>> 0
  }

  free(address: number): void {
    const page = address >>> PAGE_SHIFT
    const held = this.#classOfPage[page]!
    if (held === JUMBO) {
      const size = this.bytes[page]!.length
      this.liveBytes -= size
      this.#closePage(page)
      return
    }
    const size = classBytes[held]!
    this.liveBytes -= size
    const wasFull = this.#free[page] === 0 && this.#isSpent(page, size)
    if (--this.#live[page]! === 0) {
      if (!wasFull) this.#unlink(page, held)
      this.#closePage(page)
      return
    }
    const unit = address & UNIT_MASK
    this.words[page]![unit << 2] = this.#free[page]!
    this.#free[page] = unit + 1
    if (wasFull) this.#link(page, held)
  }

  /** Gives back the empty pages that were kept. */
  dropSpares(): void {
    this.#spares.length = 0
  }

  #isSpent(page: number, size: number): boolean {
    return (this.#fresh[page]! << UNIT_SHIFT) + size > PAGE_BYTES
  }

  #allocateJumbo(size: number): number {
    const page = this.#newPage(Buffer.allocUnsafeSlow((size + 15) & ~15), JUMBO)
    this.liveBytes += this.bytes[page]!.length
    return (page << PAGE_SHIFT) >>> 0
  }

  #openPage(held: number): number {
    const spare = this.#spares.pop()
    const page = spare
      ? this.#newPage(spare.bytes, held, spare.words)
      : this.#newPage(Buffer.allocUnsafeSlow(PAGE_BYTES), held)
    this.#link(page, held)
    return page
  }

  #newPage(bytes: Buffer, held: number, words?: Uint32Array): number {
    const page = this.#unusedPages.pop() ?? this.bytes.length
    if (page >= PAGES_MAX) throw new RangeError('the arena has run out of page numbers')
    this.bytes[page] = bytes
    this.words[page] = words ?? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
    this.#classOfPage[page] = held
    this.#live[page] = 0
    this.#free[page] = 0
    this.#fresh[page] = 0
    this.#next[page] = 0
    this.#previous[page] = 0
    this.pageBytes += bytes.length
    return page
  }

  #closePage(page: number): void {
    const bytes = this.bytes[page]!
    this.pageBytes -= bytes.length
    if (this.#classOfPage[page] !== JUMBO && this.#spares.length < SPARE_PAGES_MAX) {
      this.#spares.push({ bytes, words: this.words[page]! })
    }
    this.bytes[page] = this.bytes[0]!
    this.words[page] = this.words[0]!
    this.#unusedPages.push(page)
  }

  #link(page: number, held: number): void {
    const head = this.#roomy[held]!
    this.#next[page] = head
    this.#previous[page] = 0
    if (head !== 0) this.#previous[head] = page
    this.#roomy[held] = page
  }

  #unlink(page: number, held: number): void {
    const next = this.#next[page]!
    const previous = this.#previous[page]!
    if (next !== 0) this.#previous[next] = previous
    if (previous !== 0) this.#next[previous] = next
    else this.#roomy[held] = next
  }
}
