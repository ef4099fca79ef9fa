// A Markdown table whose columns line up, so that it reads as well in a terminal as in a document.

/** Columns named with a trailing colon, as in Markdown's rule, are set flush right. */
export function formatTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const titles = columns.map(column => column.replace(/:$/, ''))
  const widths = titles.map((title, i) =>
    Math.max(title.length, 3, ...rows.map(row => row[i]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells
      .map((cell, i) =>
        columns[i]!.endsWith(':') ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!),
      )
      .join(' | ')} |`
  const rule = columns.map((column, i) =>
    column.endsWith(':') ? `${'-'.repeat(widths[i]! - 1)}:` : '-'.repeat(widths[i]!),
  )
  return [line(titles), line(rule), ...rows.map(line)].join('\n')
}
