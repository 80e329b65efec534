import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { defineEvents, event, streamId, type StreamId } from '../../src/index.ts'

/** The catalog of these tests; `NoteAdded` holds any JSON, `InterestPaid` has a validator. */
export const accountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string }>(),
  MoneyDeposited: event<{ cents: number }, [{ amount: number }]>({
    upcast: { 1: (old) => ({ cents: Math.round(old.amount * 100) }) },
  }),
  InterestPaid: event({
    schema: z.object({ cents: z.number().int().positive(), rates: z.array(z.number()) }),
  }),
  NoteAdded: event<unknown>(),
})

export const anyAccount = (): StreamId => streamId('account', randomUUID())
