// What must compile, and (@ts-expect-error) what must not. Checked by tsc, never run.
import { defineEvents, defineReaction, event, react, type ReadModel } from '../../src/index.ts'
import { MemoryCheckpoints } from '../../src/adapters/memory/index.ts'

declare const balances: ReadModel<{ cents: number }>
declare function mail(owner: string, options: { key: string; signal: AbortSignal }): Promise<void>

const accountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string }>(),
  MoneyDeposited: event<{ cents: number }>(),
})

export const welcome = defineReaction({
  name: 'welcome',
  events: accountEvents,
  startAt: 'end',
  key: ({ streamId }) => streamId,
  on: {
    AccountOpened: async ({ data }, { idempotencyKey, attempt, signal }) => {
      if (attempt < 10) await mail(data.owner, { key: idempotencyKey, signal })
    },
    MoneyDeposited: ({ data }) => {
      data.cents.toFixed()
    },
  },
})
react(welcome).with(new MemoryCheckpoints(), { lanes: 2, onFailure: 'park' })

// @ts-expect-error a read model keeps documents, not checkpoints
react(welcome).with(balances)
// @ts-expect-error a reaction is not built beside a live one
react(welcome).with(new MemoryCheckpoints(), { switch: 'manual' })

defineReaction({
  name: 'several keys',
  events: accountEvents,
  startAt: 'end',
  // @ts-expect-error an event has one key: it would run for each
  key: ({ streamId }) => [streamId],
  on: { AccountOpened: () => undefined },
})

// @ts-expect-error where it begins is to be said
defineReaction({
  name: 'somewhere',
  events: accountEvents,
  on: { AccountOpened: () => undefined },
})

defineReaction({
  name: 'wrong data',
  events: accountEvents,
  startAt: 'beginning',
  on: {
    MoneyDeposited: ({ data }) => {
      // @ts-expect-error its data have no such member
      String(data.owner)
    },
  },
})
