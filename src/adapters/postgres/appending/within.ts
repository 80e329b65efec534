import {
  createEventWriter,
  type EventStoreOptions,
} from '../../../event-store/create-event-store.ts'
import type { EventWriter } from '../../../event-store/event-writer.ts'
import type { DatabaseSession } from '../database/database.ts'
import type { PostgresEventStorage } from '../postgres-event-storage.ts'
import type { PostgresClient } from '../database/postgres-pool.ts'
import { PostgresSession } from '../database/postgres-session.ts'
import { insideTransaction } from '../database/transaction.ts'

/** What is used of a `pg` client in whose transaction events are appended. */
export interface TransactionClient {
  query: PostgresClient['query']
  /** `'I'`: no transaction is open. */
  getTransactionStatus?(): string | null
}

/** Makes a writer into the open transaction of a client or a session. Nothing is repeated: only its owner can run a transaction again. */
export function writerWithin(
  storage: PostgresEventStorage,
  client: TransactionClient | DatabaseSession,
  options: EventStoreOptions,
): EventWriter {
  checkIsOneConnection(client)
  const session = insideTransaction(sessionOf(client))
  return createEventWriter(
    {
      capabilities: storage.capabilities,
      append: (appends) => {
        checkIsOpen(client)
        return storage.appendWithin(session, appends)
      },
    },
    { ...options, appendDeadlineMs: 0 },
  )
}

function sessionOf(client: TransactionClient | DatabaseSession): DatabaseSession {
  if ('script' in client) return client
  return new PostgresSession(client, { preparedStatements: false, queryTimeoutMs: 0 })
}

/** A pool, or a database, takes a connection for each statement: each would commit by itself. */
function checkIsOneConnection(client: object): void {
  const isOne = 'query' in client && !('transaction' in client) && !('totalCount' in client)
  if (isOne) return
  throw new TypeError(
    'store.within() takes what a transaction is open on: a client of the pool, or the session that Database.transaction gives; not a pool or a database.',
  )
}

function checkIsOpen(client: TransactionClient | DatabaseSession): void {
  if ('getTransactionStatus' in client && client.getTransactionStatus() === 'I')
    throw new TypeError(
      "store.within(client) appends into the client's open transaction, and it has none. Run BEGIN on it first.",
    )
}
