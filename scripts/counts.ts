import { writeFileSync } from 'node:fs'

/** Outcome of a run, in the form that `.ci/run` adds up. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** Writes the counts as JSON when the verb was called with `--report FILE`. */
export function reportCounts(file: string | undefined, counts: Counts): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(counts)}\n`)
}
