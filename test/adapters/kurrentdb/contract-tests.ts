import * as jest from '@jest/globals'
import { kurrentdbEventStore } from '../../../src/adapters/kurrentdb/index.ts'
import { eventStoreContract } from '../../../src/testing/contracts/event-store-contract.ts'
import { contractInProcess, unsupportedBy } from './in-process-contract.ts'
import { leaveRealServer, realUrl, skipped, takeRealServer } from './real-server.ts'
import type { ClientUnderTest, TestClient } from './test-client.ts'

/** The contract, against the in-process server, and against a real one when there is one. */
export function testContract(under: ClientUnderTest): void {
  contractInProcess(jest, under)
  testReal(under)
}

function testReal({ clientPackage, open }: ClientUnderTest): void {
  let client: TestClient | undefined
  if (skipped === undefined) {
    jest.beforeAll(takeRealServer, 600_000)
    jest.afterAll(async () => {
      await client?.dispose()
      await leaveRealServer()
    })
  }
  eventStoreContract(jest, {
    name: `kurrentdbEventStore with ${clientPackage}, real server`,
    open: (catalogs) => {
      if (realUrl === undefined) throw new Error('EVENTSTORE_URL is not set.')
      client ??= open(realUrl)
      return kurrentdbEventStore({ client, catalogs })
    },
    unsupported: unsupportedBy[clientPackage],
    skipped,
  })
}
