/**
 * Waits for the next turn of the event loop. What was asked for before is on its way then: drivers send at the end of a turn, and whoever decodes a page
 * of events at once keeps it from ending for milliseconds, while the database has nothing to do.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
