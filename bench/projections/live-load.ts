import { setTimeout as sleep } from 'node:timers/promises'
import { streamId, type EventStore, type GlobalPosition } from '../../src/index.ts'
import type { Run } from '../benchmark.ts'
import { accountEvents, paymentOf, type Balance } from '../workload/account.ts'

export const LIVE = { events: 1000, perSecond: 200, accounts: 100 }

/** Waits until an event shows in the document under a key. */
export type Show = (key: string, position: GlobalPosition) => Promise<Balance | undefined>

/** Appends events at a steady rate, whatever they wait for, and measures how long each takes from its append until its document shows it. */
export function liveRun(
  store: EventStore,
  show: Show,
): Required<Pick<Run, 'work' | 'p50Ms'>> & { readonly p99Ms: () => number } {
  const times: number[] = []
  const one = async (number: number): Promise<void> => {
    const since = performance.now()
    const { accounts } = LIVE
    const stream = streamId('account', String(number % accounts))
    const payment = paymentOf(number)
    const event =
      number < accounts
        ? accountEvents.AccountOpened({ owner: `Owner ${number}` })
        : accountEvents.MoneyDeposited(payment)
    const { position } = await store.append(stream, [event], { expectedVersion: 'any' })
    const balance = position && (await show(stream, position))
    if ((balance?.payments ?? -1) < Math.floor(number / accounts))
      throw new Error(`Event ${number} does not show in ${JSON.stringify(balance)}.`)
    times.push(performance.now() - since)
  }
  const share = (part: number): number =>
    times.toSorted((a, b) => a - b)[Math.floor(times.length * part)] ?? NaN
  return {
    work: async () => {
      const begun = performance.now()
      const all: Promise<void>[] = []
      for (let number = 0; number < LIVE.events; number++) {
        const dueMs = begun + (number * 1000) / LIVE.perSecond - performance.now()
        if (dueMs > 0) await sleep(dueMs)
        all.push(one(number))
      }
      await Promise.all(all)
    },
    p50Ms: () => share(0.5),
    p99Ms: () => share(0.99),
  }
}
