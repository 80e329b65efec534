import plot from 'simple-ascii-chart'
import type { Repository } from '../../src/index.ts'
import { account } from './account.ts'
import { dayOf } from './day.ts'
import { formatCents } from './money.ts'

const CHART = { width: 72, height: 12 }

/** The life of an account as text: an event per line, then a chart of its balance; empty: it has none. */
export async function describeAccountHistory(
  repository: Repository,
  id: string,
): Promise<readonly string[]> {
  const lines: string[] = []
  const balances: number[] = []
  let before = 0
  for await (const { state, event } of repository.history(account, id)) {
    const change = state.balance - before
    lines.push(
      [
        String(event.version).padStart(7),
        dayOf(event.occurredAt),
        event.type.padEnd(16),
        (change === 0 ? '' : formatCents(change)).padStart(14),
        formatCents(state.balance).padStart(14),
      ].join('  '),
    )
    balances.push(state.balance)
    before = state.balance
  }
  if (lines.length === 0) return []
  return [`Account ${id}`, HEADING, ...lines, ...chartOf(balances)]
}

const HEADING = [
  'version',
  'day'.padEnd(10),
  'event'.padEnd(16),
  'amount'.padStart(14),
  'balance'.padStart(14),
].join('  ')

function chartOf(balances: readonly number[]): readonly string[] {
  const chart = plot(
    balances.map((cents, index) => [index + 1, cents / 100]),
    { ...CHART, title: 'Balance after each event' },
  )
  return chart.split('\n').map((line) => line.trimEnd())
}
