import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import { Repository, type AggregateMoment } from '../../src/index.ts'
import { accountEvents } from './account-events.ts'
import { account, type AccountCommand } from './account.ts'
import { endOfDay, startOfDay } from './day.ts'
import { formatCents } from './money.ts'

/** A command, and the day on which the bank records it. */
type Booking = readonly [recordedOn: string, command: AccountCommand]

const ID = '1'

const BOOKED_IN_TIME: readonly Booking[] = [
  ['2024-03-01', { type: 'Open', owner: 'Ada', occurredAt: startOfDay('2024-03-01') }],
  ['2024-03-01', { type: 'Deposit', cents: 100_000, occurredAt: startOfDay('2024-03-01') }],
  ['2024-03-10', { type: 'Withdraw', cents: 20_000, occurredAt: startOfDay('2024-03-10') }],
]

/** A payment by card that nobody booked when it happened. */
const CORRECTION: Booking = [
  '2024-03-20',
  { type: 'Withdraw', cents: 30_000, occurredAt: startOfDay('2024-03-05') },
]

/** What is asked: the same day by both clocks. */
const ASKED_DAY = '2024-03-12'

/** Balances in cents, before the correction and after it. */
export interface Answers {
  readonly before: number
  readonly after: number
}

export interface CorrectionReport {
  /** By `recordedAt`: what the books said on the day. No correction changes it. */
  readonly known: Answers
  /** By `occurredAt`: what was true on the day, as known now. The correction makes it known better. */
  readonly true: Answers
}

/** Books the life of an account in memory, asks both questions about a past day, corrects the account, and asks again. */
export async function correct(): Promise<CorrectionReport> {
  let today = ''
  const now = (): Date => startOfDay(today) as Date
  const store = memoryEventStore({ catalogs: [accountEvents], now })
  const repository = new Repository({ store })
  const book = async ([recordedOn, command]: Booking): Promise<void> => {
    today = recordedOn
    await repository.execute(account, ID, command)
  }
  const day = endOfDay(startOfDay(ASKED_DAY) as Date)
  const balanceAt = async (moment: AggregateMoment): Promise<number> =>
    (await repository.load(account, ID, moment)).state.balance

  for (const booking of BOOKED_IN_TIME) await book(booking)
  const knownBefore = await balanceAt({ recordedAt: day })
  const trueBefore = await balanceAt({ occurredAt: day })
  await book(CORRECTION)
  return {
    known: { before: knownBefore, after: await balanceAt({ recordedAt: day }) },
    true: { before: trueBefore, after: await balanceAt({ occurredAt: day }) },
  }
}

/** The two questions and their answers as text. */
export async function describeCorrection(): Promise<readonly string[]> {
  const report = await correct()
  return [
    `On 2024-03-20 the bank finds a payment of 300.00 of 2024-03-05 that nobody booked. Asked about ${ASKED_DAY}:`,
    `${''.padEnd(44)}${'before'.padStart(12)}${'corrected'.padStart(12)}`,
    line('What did we know then? (recordedAt)', report.known),
    line('What was true then, as known now? (occurredAt)', report.true),
  ]
}

function line(question: string, { before, after }: Answers): string {
  return `${question.padEnd(46)}${formatCents(before).padStart(10)}${formatCents(after).padStart(12)}`
}
