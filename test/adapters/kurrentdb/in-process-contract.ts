import { kurrentdbEventStore } from '../../../src/adapters/kurrentdb/index.ts'
import type { TestRunner } from '../../../src/testing/contracts/contract.ts'
import { eventStoreContract } from '../../../src/testing/contracts/event-store-contract.ts'
import type { ClientPackage } from './server/generated-code.ts'
import { KurrentServer } from './server/kurrent-server.ts'
import type { ClientUnderTest, TestClient } from './test-client.ts'

/** The contract against the in-process server, in any runner. */
export function contractInProcess(
  runner: TestRunner,
  { clientPackage, open }: ClientUnderTest,
): void {
  const server = new KurrentServer({ clientPackage })
  let client: TestClient | undefined

  runner.beforeAll(() => server.start())
  runner.afterAll(async () => {
    await client?.dispose()
    await server.stop()
  })

  eventStoreContract(runner, {
    name: `kurrentdbEventStore with ${clientPackage}, in-process server`,
    open: (catalogs) => {
      client ??= open(server.url)
      return kurrentdbEventStore({ client, catalogs })
    },
    unsupported: unsupportedBy[clientPackage],
  })
}

const ONE_STREAM = '@eventstore/db-client appends to one stream at a time'

/** What the server cannot do, or does in its own way. */
const OF_THE_SERVER = {
  "writes a repeated append under 'any' a second time":
    'the server remembers recent event ids, and answers with the first outcome',
}

export const unsupportedBy: Readonly<Record<ClientPackage, Readonly<Record<string, string>>>> = {
  '@kurrent/kurrentdb-client': OF_THE_SERVER,
  '@eventstore/db-client': {
    ...OF_THE_SERVER,
    'appends to several streams at once, with results in their order': ONE_STREAM,
    'writes nothing of several appends when one of them conflicts': ONE_STREAM,
    'writes nothing of several appends when one repeats a command': ONE_STREAM,
    'answers repeated appends to several streams with the first outcome': ONE_STREAM,
    'checks the version of a stream that gets no events beside others': ONE_STREAM,
    'takes appends to the same streams in any order without a deadlock': ONE_STREAM,
    'appends nothing of an empty list': ONE_STREAM,
  },
}
