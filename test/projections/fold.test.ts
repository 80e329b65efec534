import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  globalPosition,
  parseStreamId,
  type DomainEvent,
  type RecordedEvent,
} from '../../src/index.ts'
import { foldEvents, keyEvents } from '../../src/projections/folding/fold.ts'
import type { DocumentAt } from '../../src/projections/read-model-storage.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'

type Documents = ReadonlyMap<string, DocumentAt<Balance>>

/** Events of the log at positions 1, 2, 3 and so on. */
function recorded(
  events: readonly (readonly [stream: string, event: DomainEvent])[],
): readonly RecordedEvent[] {
  return events.map(([stream, { type, data }], index) => ({
    ...{
      streamId: parseStreamId(stream),
      version: 1,
      position: globalPosition(index + 1),
      id: '',
      type,
      data,
    },
    ...{ schemaVersion: 1, metadata: {}, occurredAt: new Date(0), recordedAt: new Date(0) },
  }))
}

function fold(events: readonly RecordedEvent[], found: Documents = new Map()): Documents {
  const keyed = keyEvents(accountBalances, events as never)
  const { documents: folded } = foldEvents(accountBalances, keyed, found)
  return new Map([...folded].map(([key, { document, position }]) => [key, { document, position }]))
}

describe('foldEvents', () => {
  test('skips events that the document as found contains', () => {
    const events = recorded([
      ['account-1', accountEvents.MoneyDeposited({ cents: 1 })],
      ['account-1', accountEvents.MoneyDeposited({ cents: 2 })],
    ])
    const found = new Map([
      [
        'account-1',
        { document: { owner: 'Ada', cents: 1, events: 1 }, position: globalPosition(1) },
      ],
    ])

    const folded = fold(events, found)

    expect(folded).toEqual(
      new Map([['account-1', { document: { owner: 'Ada', cents: 3, events: 2 }, position: 2n }]]),
    )
  })

  test('skips events before a deletion that was found', () => {
    const events = recorded([['account-1', accountEvents.MoneyDeposited({ cents: 1 })]])
    const found = new Map([['account-1', { document: undefined, position: globalPosition(1) }]])

    expect(fold(events, found)).toEqual(new Map())
  })

  test('ends a key that was created and deleted in one page as a deletion', () => {
    const events = recorded([
      ['account-1', accountEvents.MoneyDeposited({ cents: 1 })],
      ['account-1', accountEvents.AccountClosed({})],
    ])

    expect(fold(events)).toEqual(new Map([['account-1', { document: undefined, position: 2n }]]))
  })

  test('begins anew after a deletion', () => {
    const events = recorded([
      ['account-1', accountEvents.MoneyDeposited({ cents: 1 })],
      ['account-1', accountEvents.AccountClosed({})],
      ['account-1', accountEvents.MoneyDeposited({ cents: 5 })],
    ])

    expect(fold(events)).toEqual(
      new Map([['account-1', { document: { owner: '', cents: 5, events: 1 }, position: 3n }]]),
    )
  })

  test('of a log equals the fold of any split of it, also when pages are folded twice', () => {
    const event = fc.tuple(
      fc.constantFrom('account-1', 'account-2', 'account-3'),
      fc.oneof(
        fc.constant(accountEvents.AccountOpened({ owner: 'Ada' })),
        fc.integer({ min: 1, max: 99 }).map((cents) => accountEvents.MoneyDeposited({ cents })),
        fc.constant(accountEvents.AccountClosed({})),
      ),
    )
    const cuts = fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.boolean()), {
      minLength: 40,
      maxLength: 40,
    })

    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), cuts, (log, pages) => {
        const events = recorded(log)
        let documents: Documents = new Map()
        let from = 0
        for (const [size, isRepeated] of pages) {
          const page = events.slice(from, (from += size))
          documents = new Map([...documents, ...fold(page, documents)])
          if (isRepeated) documents = new Map([...documents, ...fold(page, documents)])
        }

        expect(documents).toEqual(fold(events))
      }),
    )
  })
})
