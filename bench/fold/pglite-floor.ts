import type { Side } from '../benchmark.ts'
import { arrayOf } from '../pglite/array.ts'
import { databases, unusedName } from '../pglite/databases.ts'
import type { Wire } from '../pglite/wire.ts'
import { balanceAfter, type Balance } from '../workload/account.ts'
import { balancesResult } from './balances-result.ts'

const PAGE_SIZE = 5000

/**
 * Reads a page, folds it into a map, and writes the balances that changed together with the checkpoint in one statement: a plain INSERT
 * while all of them are new.
 *
 * Tried, in us of CPU an event: this 5.4, always an upsert 5.8, rows as JSON instead of arrays 6.0, full pages of the table instead of half
 * ones 6.6, pages of 1000 or 2000 events 7.6, and a fold by SQL inside the server 8.1 (pages of 5000; 9.5 with 1000).
 */
export function pgliteFoldFloor(events: string): Side {
  return {
    prepare: async () => {
      const { floor: wire } = await databases()
      const table = unusedName()
      await prepareFold(wire, { events, table })
      return {
        work: async () => {
          const balances = new Map<string, Balance>()
          for (let [after, size] = ['0', PAGE_SIZE]; size === PAGE_SIZE;) {
            const page = await wire.rows(`read_${table}`, [after, String(PAGE_SIZE)])
            const changed = new Set<string>()
            const known = balances.size
            for (const [position = '', streamId = '', type = '', data = ''] of page) {
              balances.set(streamId, balanceAfter(balances.get(streamId), type, data))
              changed.add(streamId)
              after = position
            }
            size = page.length
            const isNew = balances.size - known === changed.size
            const statement = `${isNew ? 'insert' : 'upsert'}_${table}`
            if (size > 0) await write(wire, statement, { after, balances, changed: [...changed] })
          }
        },
        finish: async () => {
          await wire.prepare(`checkpoint_${table}`, `SELECT position FROM ${table}_checkpoint`)
          await wire.prepare(
            `all_${table}`,
            `SELECT key, owner, cents, payments, last_reference FROM ${table}`,
          )
          const [[position] = []] = await wire.rows(`checkpoint_${table}`, [])
          const rows = await wire.rows(`all_${table}`, [])
          await wire.script(`DROP TABLE ${table}, ${table}_checkpoint`)
          return balancesResult(new Map(rows.map(balanceOf)), BigInt(position ?? 0))
        },
      }
    },
  }
}

async function prepareFold(
  wire: Wire,
  { events, table }: { readonly events: string; readonly table: string },
): Promise<void> {
  await wire.script(`
CREATE TABLE ${table} (
  key text COLLATE "C" PRIMARY KEY,
  position bigint NOT NULL,
  owner text NOT NULL,
  cents bigint NOT NULL,
  payments integer NOT NULL,
  last_reference text NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE ${table}_checkpoint (position bigint NOT NULL);
INSERT INTO ${table}_checkpoint VALUES (0)`)
  await wire.prepare(
    `read_${table}`,
    `SELECT position, stream_id, type, data FROM ${events} WHERE position > $1 ORDER BY position LIMIT $2`,
  )
  const insert = `
WITH checkpoint AS (UPDATE ${table}_checkpoint SET position = $1::bigint)
INSERT INTO ${table} SELECT k, $1::bigint, o, c, p, r
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::integer[], $6::text[]) AS w (k, o, c, p, r)`
  await wire.prepare(`insert_${table}`, insert)
  await wire.prepare(
    `upsert_${table}`,
    `${insert}
ON CONFLICT (key) DO UPDATE SET position = excluded.position, owner = excluded.owner, cents = excluded.cents,
  payments = excluded.payments, last_reference = excluded.last_reference`,
  )
}

async function write(
  wire: Wire,
  statement: string,
  page: {
    readonly after: string
    readonly balances: ReadonlyMap<string, Balance>
    readonly changed: readonly string[]
  },
): Promise<void> {
  const documents = page.changed.map((key) => page.balances.get(key) as Balance)
  await wire.rows(statement, [
    page.after,
    arrayOf(page.changed),
    arrayOf(documents.map(({ owner }) => owner)),
    `{${documents.map(({ cents }) => cents).join(',')}}`,
    `{${documents.map(({ payments }) => payments).join(',')}}`,
    arrayOf(documents.map(({ lastReference }) => lastReference)),
  ])
}

function balanceOf(row: readonly string[]): [string, Balance] {
  const [key = '', owner = '', cents, payments, lastReference = ''] = row
  return [key, { owner, cents: Number(cents), payments: Number(payments), lastReference }]
}
