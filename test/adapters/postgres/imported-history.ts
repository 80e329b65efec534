import { createHash } from 'node:crypto'
import { EventImporter } from '../../../src/adapters/postgres/import/event-importer.ts'
import { EventSchema } from '../../../src/adapters/postgres/schema/event-schema.ts'
import {
  postgresEventStore,
  type Database,
  type PostgresEventStore,
} from '../../../src/adapters/postgres/index.ts'
import { EventEncoder } from '../../../src/event-store/event-encoder.ts'
import type { ImportedEvent } from '../../../src/event-store/imported-event.ts'
import { streamId, type EventStore, type RecordedEvent } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'

type Catalog = typeof accountEvents

/** An importer of account events into a schema. */
export function importerInto(
  database: Database,
  {
    schema,
    catalog = accountEvents,
    deadlineMs,
  }: {
    readonly schema: string
    readonly catalog?: Pick<Catalog, 'category'>
    readonly deadlineMs?: number
  },
): Pick<PostgresEventStore, 'import'> {
  if (deadlineMs === undefined)
    return postgresEventStore({ database, schema, catalogs: [catalog as Catalog] })
  const encoder = new EventEncoder(new Map([['account', catalog as Catalog]]), () => '')
  return new EventImporter(new EventSchema(database, schema), encoder, { deadlineMs })
}

/** An event of the history of account `id`, the same whenever it is made. */
export function deposit(
  id: string,
  version: number,
  options: Partial<ImportedEvent> = {},
): ImportedEvent {
  return {
    streamId: streamId('account', id),
    version,
    id: uuid(`${id} ${version}`),
    type: 'MoneyDeposited',
    data: { cents: version },
    ...options,
  }
}

/** Deposits to some accounts by turns. */
export function* deposits(
  count: number,
  { accounts, name = '' }: { readonly accounts: number; readonly name?: string },
): Generator<ImportedEvent> {
  for (let index = 0; index < count; index++)
    yield deposit(`${name}${index % accounts}`, 1 + Math.floor(index / accounts))
}

/** The UUID that a name always has. */
export function uuid(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join('-')
}

export async function logOf(store: Pick<EventStore, 'readAll'>): Promise<readonly RecordedEvent[]> {
  const log: RecordedEvent[] = []
  for await (const { events } of store.readAll()) log.push(...events)
  return log
}

/** Events whose version does not follow the one before in their stream. */
export function outOfOrder(log: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const versions = new Map<string, number>()
  return log.filter(({ streamId: stream, version }) => {
    const previous = versions.get(stream) ?? 0
    versions.set(stream, version)
    return version !== previous + 1
  })
}
