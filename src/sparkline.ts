// sparkline.ts — A row of numbers as a small drawing in text, as LATENCY GRAPH shows it.

const ROWS = 4
/** From low to high within one row. */
const GLYPHS = ['_', 'o', '#']

/** Draws the values, at most 80 of them, the last ones; one column each. */
export function drawSparkline(values: readonly number[], columnsMax = 80): string {
  const shown = values.slice(-columnsMax)
  const low = Math.min(...shown)
  const range = Math.max(...shown) - low
  const steps = ROWS * GLYPHS.length
  const heights = shown.map(value =>
    range === 0 ? 0 : Math.round(((value - low) / range) * (steps - 1)),
  )
  const lines: string[] = []
  for (let row = ROWS - 1; row >= 0; row--) {
    const base = row * GLYPHS.length
    const line = heights.map(height => {
      if (height < base) return ' '
      return height >= base + GLYPHS.length ? '|' : GLYPHS[height - base]!
    })
    lines.push(line.join('').trimEnd())
  }
  return `${lines.filter(line => line !== '').join('\n')}\n`
}
