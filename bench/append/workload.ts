import { randomUUID } from 'node:crypto'
import { accountEvents, paymentOf } from '../workload/account.ts'

/** How much of an append row one run does: streams of its own for each of those in flight, appended to one after another. */
export interface AppendLoad {
  readonly inFlight: number
  /** Of each of those in flight. */
  readonly appends: number
  readonly eventsPerAppend: number
}

/** Metadata as a command gives it. */
export function anyMetadata(): Readonly<Record<string, string>> {
  const correlationId = randomUUID()
  return { correlationId, causationId: correlationId, userId: 'teller-7' }
}

/** Of two types by turns, as streams hold events of several. */
export function payment(number: number) {
  const make = isDeposit(number) ? accountEvents.MoneyDeposited : accountEvents.MoneyWithdrawn
  return make(paymentOf(number), { metadata: anyMetadata() })
}

export const typeOf = (number: number): string =>
  isDeposit(number) ? 'MoneyDeposited' : 'MoneyWithdrawn'

const isDeposit = (number: number): boolean => number % 2 === 0

/** Appends `load.appends` times to each of `load.inFlight` streams; gives the time that each took, in milliseconds. */
export async function appendAll(
  { inFlight, appends, eventsPerAppend }: AppendLoad,
  append: (stream: string, version: number, first: number) => Promise<number>,
): Promise<readonly number[]> {
  const times: number[] = []
  const writer = async (): Promise<void> => {
    const stream = `account-${randomUUID()}`
    let version = 0
    for (let turn = 0; turn < appends; turn++) {
      const since = performance.now()
      version = await append(stream, version, turn * eventsPerAppend)
      times.push(performance.now() - since)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, writer))
  return times
}
