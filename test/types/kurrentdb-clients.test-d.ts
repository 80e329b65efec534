// What must compile, and (@ts-expect-error) what must not. Checked by tsc, never run.
import type { EventStoreDBClient } from '@eventstore/db-client'
import type { KurrentDBClient } from '@kurrent/kurrentdb-client'
import type { KurrentClient } from '../../src/adapters/kurrentdb/client/kurrent-client.ts'

declare const eventStoreClient: EventStoreDBClient
declare const kurrentClient: KurrentDBClient

const takes = (client: KurrentClient): KurrentClient => client

takes(eventStoreClient)
takes(kurrentClient)

// @ts-expect-error -- no client: a URL
takes('esdb://localhost:2113')
