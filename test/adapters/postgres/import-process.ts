/**
 * A process that imports a history that is made as it goes, until it is done or killed, and tells how far it came: `import-process.ts URL SCHEMA COUNT
 * ACCOUNTS CHUNK_SIZE [endless]`. An endless history has no event after COUNT, and does not end either.
 */
import pg from 'pg'
import { postgres, type ImportedEvent } from '../../../src/adapters/postgres/index.ts'
import { deposits, importerInto } from './imported-history.ts'

export interface ImportedSoFar {
  readonly read: number
  /** Memory outside of the heap. */
  readonly buffersMb: number
}

const [connectionString, schema = '', count, accounts, chunkSize, endless] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString })
const importer = importerInto(postgres(pool), { schema })

async function* history(): AsyncGenerator<ImportedEvent> {
  for (const event of deposits(Number(count), { accounts: Number(accounts) }))
    yield { ...event, metadata: { note: 'x'.repeat(300) } }
  if (endless !== undefined) await new Promise(() => undefined)
}

await importer.import(history(), {
  chunkSize: Number(chunkSize),
  onProgress: ({ read }) => {
    const buffersMb = process.memoryUsage().arrayBuffers / 1e6
    process.send?.({ read, buffersMb } satisfies ImportedSoFar)
  },
})
await pool.end()
process.disconnect()
