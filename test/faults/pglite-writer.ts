/** A process that appends to the database in a folder until it is killed, and tells what was acknowledged: `pglite-writer.ts FOLDER RUN`. */
import { randomUUID } from 'node:crypto'
import { pglite } from '../../src/adapters/pglite/index.ts'
import { postgresEventStore } from '../../src/adapters/postgres/index.ts'
import { streamId } from '../../src/index.ts'
import { accountEvents } from '../domain/account.ts'

export interface Acknowledged {
  readonly streamId: string
  readonly position: string
  readonly ids: readonly string[]
}

const [folder = '', run = ''] = process.argv.slice(2)
const store = postgresEventStore({ database: await pglite(folder), catalogs: [accountEvents] })

for (let turn = 0; ; turn++) {
  const account = streamId('account', `${run}-${turn % 7}`)
  const ids = Array.from({ length: 1 + (turn % 3) }, () => randomUUID())
  const events = ids.map((id) => accountEvents.MoneyDeposited({ cents: turn }, { id }))
  const { position } = await store.append(account, events, { expectedVersion: 'any' })
  process.send?.({ streamId: account, position: String(position), ids } satisfies Acknowledged)
}
