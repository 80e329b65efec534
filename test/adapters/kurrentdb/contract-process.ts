/** The contract for one client in a process that has loaded nothing of the other: `node --import tsx contract-process.ts eventstore|kurrentdb`. */
import { after as afterAll, before as beforeAll, describe, it } from 'node:test'
import { contractInProcess } from './in-process-contract.ts'
import type { ClientUnderTest } from './test-client.ts'

const client: ClientUnderTest =
  process.argv[2] === 'eventstore'
    ? (await import('./eventstore-client.ts')).eventStoreClient
    : (await import('./kurrentdb-client.ts')).kurrentDBClient

contractInProcess({ describe, it, beforeAll, afterAll }, client)
