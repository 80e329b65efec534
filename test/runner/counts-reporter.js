import { writeFileSync } from 'node:fs'

/**
 * Writes `{ passed, failed, skipped }` to the file that EVERFOLD_TEST_COUNTS names, if it names one.
 * A test file that could not run, or left something open, counts as one failure.
 *
 * @implements {Pick<import('@jest/reporters').Reporter, 'onRunComplete'>}
 */
export default class CountsReporter {
  /**
   * @param {unknown} _contexts
   * @param {import('@jest/reporters').AggregatedResult} results
   */
  onRunComplete(_contexts, results) {
    const file = process.env['EVERFOLD_TEST_COUNTS']
    if (file === undefined) return
    const counts = {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    }
    writeFileSync(file, `${JSON.stringify(counts)}\n`)
  }
}
