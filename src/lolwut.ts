// lolwut.ts — LOLWUT: a key, cut by chance.
//
// The same `random` cuts the same key. Plain ASCII of at most 80 columns, because terminals of every
// kind read it.

const CUTS = 11
/** Columns along the blade that one cut takes. */
const CUT_COLUMNS = 5
/** Rows that the longest tooth hangs below the blade. */
const TOOTH_ROWS_MAX = 4

/** The bow, one line for each row of the drawing; the blade starts in the second. */
const BOW = [
  '      .------.   ',
  "    .'  .--.  '._",
  '    |  (    )  | ',
  "    |   '--'   |_",
  "    '.        .' ",
  "      '------'   ",
]
const MARGIN = ' '.repeat(BOW[0]!.length)

/** The drawing, the cuts and the version line. `random` is uniform in [0, 1). */
export function lolwut(random: () => number, version: string): string {
  const teeth: number[] = []
  for (let cut = 0; cut < CUTS; cut++) teeth.push(Math.floor(random() * (TOOTH_ROWS_MAX + 1)))
  const columns = CUTS * CUT_COLUMNS
  const blade = ['', '_'.repeat(columns), `${'-'.repeat(columns)}\\`, `${outline(teeth, 0)}/`]
  const lastRow = Math.max(BOW.length - blade.length, ...teeth)
  for (let row = 1; row <= lastRow; row++) blade.push(outline(teeth, row))
  const lines = blade.map((line, row) => ((BOW[row] ?? MARGIN) + line).trimEnd())
  lines.push('', `Your key is cut ${teeth.join('-')}. Mind the latch.`, '')
  lines.push(`Latchkey ver. ${version}`, '')
  return lines.join('\n')
}

/** One row of the blade's lower edge: the ends of teeth as long as `row`, the sides of longer ones. */
function outline(teeth: readonly number[], row: number): string {
  let line = ''
  let before = 0
  for (const tooth of teeth) {
    const side = Math.min(tooth, before) < row && row <= Math.max(tooth, before)
    const end = tooth === row ? '_' : ' '
    line += (side ? '|' : end) + end.repeat(CUT_COLUMNS - 1)
    before = tooth
  }
  return row > 0 && row <= before ? `${line}|` : line
}
