/**
 * A process that imports a history that is made as it goes, until it is done or killed, and tells how far it came: `import-process.ts URL SCHEMA COUNT
 * ACCOUNTS CHUNK_SIZE`.
 */
import pg from 'pg'
import { postgres, type ImportedEvent } from '../../../src/adapters/postgres/index.ts'
import { deposits, importerInto } from './imported-history.ts'

export interface ImportedSoFar {
  readonly read: number
  /** Memory outside of the heap. */
  readonly buffersMb: number
}

const [connectionString, schema = '', count, accounts, chunkSize] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString })
const importer = importerInto(postgres(pool), { schema })

function* history(): Generator<ImportedEvent> {
  for (const event of deposits(Number(count), { accounts: Number(accounts) }))
    yield { ...event, metadata: { note: 'x'.repeat(300) } }
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
