const REASON = /\((?:skipped|unsupported): .*\)/

/**
 * Prints at the end of a run why tests were skipped: the reasons that stand in the names of skipped
 * groups and rules, each once with the number of its tests.
 *
 * @implements {Pick<import('@jest/reporters').Reporter, 'onRunComplete'>}
 */
export default class SkipReasonsReporter {
  /**
   * @param {unknown} _contexts
   * @param {import('@jest/reporters').AggregatedResult} results
   */
  onRunComplete(_contexts, results) {
    /** @type {Map<string, number>} */
    const reasons = new Map()
    for (const file of results.testResults)
      for (const test of file.testResults)
        if (test.status === 'pending' || test.status === 'todo')
          for (const reason of reasonsOf(test)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)

    if (reasons.size === 0) return
    const lines = [...reasons].map(([reason, tests]) => `  ${String(tests).padStart(4)}  ${reason}`)
    process.stderr.write(`\nSkipped tests and why:\n${lines.join('\n')}\n`)
  }
}

/** @param {import('@jest/reporters').AggregatedResult['testResults'][number]['testResults'][number]} test */
function reasonsOf({ ancestorTitles, title }) {
  const group = ancestorTitles.find((name) => REASON.test(name))
  if (group !== undefined) return [group]
  return REASON.test(title) ? [[...ancestorTitles, title].join(' > ')] : []
}
