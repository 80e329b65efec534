import { defineProjection, idOf, type RecordedEvent } from '../../src/index.ts'
import { accountEvents } from './account-events.ts'
import { dayOf } from './day.ts'

type Kind = 'deposit' | 'withdrawal' | 'transfer-in' | 'transfer-out' | 'interest'

/** One movement of money, as it can be searched for. */
export interface AccountTransaction {
  readonly accountId: string
  readonly kind: Kind
  /** Above 0. */
  readonly cents: number
  /** The day on which it happened, YYYY-MM-DD. */
  readonly day: string
  /** The month of that day, 1 to 12. */
  readonly month: number
}

const row =
  (kind: Kind) =>
  (
    _: AccountTransaction,
    event: RecordedEvent<string, { readonly cents: number }>,
  ): AccountTransaction => {
    const { streamId, occurredAt, data } = event
    const day = dayOf(occurredAt)
    return {
      accountId: idOf(streamId),
      kind,
      cents: data.cents,
      day,
      month: Number(day.slice(5, 7)),
    }
  }

/** A document for each movement of money. */
export const accountTransactions = defineProjection({
  name: 'account-transactions',
  version: 1,
  events: accountEvents,
  key: ({ streamId, version }) => `${streamId}-${version}`,
  initialDocument: (): AccountTransaction => ({
    accountId: '',
    kind: 'deposit',
    cents: 0,
    day: '',
    month: 0,
  }),
  on: {
    MoneyDeposited: row('deposit'),
    MoneyWithdrawn: row('withdrawal'),
    TransferReceived: row('transfer-in'),
    TransferSent: row('transfer-out'),
    InterestCredited: row('interest'),
  },
})
