import { randomUUID } from 'node:crypto'
import { jsonEvent } from '@eventstore/db-client'
import { kurrentdbEventStore } from '../../src/adapters/kurrentdb/index.ts'
import { parseStreamId } from '../../src/index.ts'
import { appendAll, anyMetadata, payment, typeOf, type AppendLoad } from '../append/workload.ts'
import type { Append } from '../append/append-side.ts'
import type { Side } from '../benchmark.ts'
import { accountEvents, paymentOf } from '../workload/account.ts'
import { kurrent } from './kurrent-server.ts'

type Receipts = 'complete' | 'brief'

/** `store.append`, with the version of each stream. */
export async function storeAppendSide(load: AppendLoad, receipts: Receipts): Promise<Side> {
  const { client } = await kurrent()
  const store = kurrentdbEventStore({ client, catalogs: [accountEvents], receipts })
  return side(load, async (stream, expectedVersion, first) => {
    const { version } = await store.append(parseStreamId(stream), [payment(first)], {
      expectedVersion,
    })
    return version
  })
}

/**
 * The bare client doing the same. It sends the same metadata: whoever uses it by hand has to keep the schema version somewhere, too, and correlation and causation under the names
 * that the server's projections read. For complete receipts it has to read back what it wrote.
 */
export async function clientAppendSide(load: AppendLoad, receipts: Receipts): Promise<Side> {
  const { client } = await kurrent()
  return side(load, async (stream, version, first) => {
    const metadata = envelopeOf(anyMetadata())
    const event = { id: randomUUID(), type: typeOf(first), data: { ...paymentOf(first) }, metadata }
    const expectedRevision = version === 0 ? 'no_stream' : BigInt(version - 1)
    const written = await client.appendToStream(stream, [jsonEvent(event)], { expectedRevision })
    if (receipts === 'complete') {
      const options = { fromRevision: written.nextExpectedRevision, maxCount: 1 }
      for await (const read of client.readStream(stream, options))
        if (read.event?.position === undefined) throw new Error('It has no position.')
    }
    return Number(written.nextExpectedRevision) + 1
  })
}

const envelopeOf = (metadata: Readonly<Record<string, string>>) => ({
  ...metadata,
  $correlationId: metadata['correlationId'],
  $causationId: metadata['causationId'],
  everfold: { schemaVersion: 1 },
})

function side(load: AppendLoad, append: Append): Side {
  return {
    prepare: async () => {
      const server = await kurrent()
      await server.empty()
      let times: readonly number[] = []
      return {
        work: async () => {
          times = await appendAll(load, append)
        },
        p50Ms: () => times.toSorted((one, other) => one - other)[times.length >> 1] ?? NaN,
        finish: () => server.tally(),
      }
    },
  }
}
