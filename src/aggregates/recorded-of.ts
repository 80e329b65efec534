import type { DomainEvent } from '../event-store/domain-event.ts'
import {
  declaredEvents,
  type EventDefinitions,
  type RecordedOf,
} from '../event-store/event-catalog.ts'
import { DecodedEvent, type RecordedEvent } from '../event-store/recorded-event.ts'
import type { Aggregate } from './aggregate.ts'

/** An event as the store has recorded it. */
export function recordedOf<State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
  event: DomainEvent & { readonly id: string },
  place: Pick<RecordedEvent, 'streamId' | 'version' | 'position' | 'recordedAt'>,
): RecordedOf<D> {
  const { recordedAt, ...at } = place
  const { id, type, data, metadata = {}, occurredAt = recordedAt } = event
  return new DecodedEvent({
    ...at,
    ...{
      id: id.toLowerCase(),
      type,
      data: JSON.stringify(data),
      metadata: JSON.stringify(metadata),
    },
    schemaVersion: declaredEvents(aggregate.events).get(type)?.chain.version ?? 1,
    ...{ occurredAtMs: occurredAt.getTime(), recordedAtMs: recordedAt.getTime() },
  }) as unknown as RecordedOf<D>
}
