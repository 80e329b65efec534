import { defineEvents, event } from '../../src/index.ts'

/** What happens to an account. Amounts are whole cents. */
export const accountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string; overdraftLimit: number }>(),
  // The first version of this event counted in whole units of money, with decimals.
  MoneyDeposited: event<{ cents: number }, [{ amount: number }]>({
    upcast: { 1: ({ amount }) => ({ cents: Math.round(amount * 100) }) },
  }),
  MoneyWithdrawn: event<{ cents: number }>(),
  TransferReceived: event<{ cents: number }>(),
  TransferSent: event<{ cents: number }>(),
  InterestCredited: event<{ cents: number }>(),
  AccountClosed: event<Record<string, never>>(),
})
