import type { Row } from './benchmark.ts'

/** Rows for people to read. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ name, ours, floor, ratio, unit, rounds, p50Ms, peakMemory }) => [
    name,
    ours.toLocaleString('en'),
    floor.toLocaleString('en'),
    ratio.toFixed(2),
    unit,
    String(rounds),
    pair(p50Ms),
    pair(peakMemory),
  ])
  const lines = [['', 'ours', 'floor', 'ratio', 'unit', 'rounds', 'p50 ms', 'peak MB'], ...cells]
  const widths = [0, 1, 2, 3, 4, 5, 6, 7].map((column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  return lines
    .map((line) => line.map((cell, column) => pad(cell, { column, widths })).join('  '))
    .join('\n')
}

function pair(sides: { readonly ours: number; readonly floor: number } | undefined): string {
  return sides === undefined ? '' : `${sides.ours} / ${sides.floor}`
}

/** Texts stand left, numbers right. */
function pad(
  cell: string,
  { column, widths }: { readonly column: number; readonly widths: readonly number[] },
): string {
  const width = widths[column] ?? 0
  return column === 0 || column === 4 ? cell.padEnd(width) : cell.padStart(width)
}
