import type { Aggregate } from '../aggregates/aggregate.ts'
import type { EventDefinitions, EventsOf } from '../event-store/event-catalog.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import type { Projection } from '../projections/projection.ts'
import { aggregateScenario, type AggregateScenario } from './aggregate-scenario.ts'
import {
  projectionScenario,
  type ProjectionScenario,
  type StreamEvents,
} from './projection-scenario.ts'

/**
 * Begins a test of an aggregate or of a projection, with what happened before. Asserts by `node:assert`, so it works in every test runner.
 *
 * ```ts
 * given(account, accountEvents.MoneyDeposited({ cents: 5 })).when({ type: 'Withdraw', cents: 9 }).thenThrows(InsufficientFundsError)
 * given(accountBalances, inStream('account-42', accountEvents.MoneyDeposited({ cents: 5 }))).then({ 'account-42': { cents: 5 } })
 * ```
 */
export function given<State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
  ...events: readonly EventsOf<NoInfer<D>>[]
): AggregateScenario<Commands, D>
export function given<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  ...streams: readonly StreamEvents[]
): ProjectionScenario<Document>
export function given(
  subject:
    | Aggregate<unknown, Record<string, unknown>, EventDefinitions>
    | Projection<unknown, RecordedEvent>,
  ...before: readonly unknown[]
): unknown {
  return 'evolve' in subject
    ? aggregateScenario(subject, before as readonly EventsOf<EventDefinitions>[])
    : projectionScenario(subject, [before as readonly StreamEvents[]])
}
