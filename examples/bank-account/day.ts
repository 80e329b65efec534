const DAY_MS = 24 * 60 * 60 * 1000

/** Midnight, UTC, of a calendar day written YYYY-MM-DD; undefined: there is no such day. */
export function startOfDay(day: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined
  const start = new Date(`${day}T00:00:00.000Z`)
  // February 30th parses as a day in March.
  return !Number.isNaN(start.getTime()) && dayOf(start) === day ? start : undefined
}

/** The last millisecond of the day that begins at `start`. */
export function endOfDay(start: Date): Date {
  return new Date(start.getTime() + DAY_MS - 1)
}

/** The calendar day of a moment, UTC, as YYYY-MM-DD. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}
