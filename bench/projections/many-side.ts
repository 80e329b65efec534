import { project, ProjectionRunner, streamId } from '../../src/index.ts'
import {
  postgres,
  postgresEventStore,
  type Database,
  type DatabaseSession,
} from '../../src/adapters/postgres/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { newServerStore, server } from '../postgres/server.ts'
import { accountBalances, accountEvents, paymentOf } from '../workload/account.ts'
import { balancesIn } from './balances-in.ts'
import { newSchema, readModelIn } from './new-read-model.ts'

/** What the statement that reads a page of the log holds, and no other. */
const READS_LOG = 'asked AS MATERIALIZED'

export const MANY = { events: 10_000, perAppend: 20, accounts: 500 }

/** Follows a log that grows with some projections in one runner, and tells by how many statements they read it. */
export function manySide(projections: number): Side {
  return {
    prepare: async () => {
      const { store, schema: log } = await newServerStore()
      const { schema, drop } = await newSchema()
      let statements = 0
      const plain = postgres(server().ours)
      const counted = (session: DatabaseSession): DatabaseSession => ({
        script: (sql) => session.script(sql),
        query: (statement, parameters) => {
          if (statement.text.includes(READS_LOG)) statements++
          return session.query(statement, parameters)
        },
      })
      const counting: Database = {
        ...plain,
        ...counted(plain),
        session: (work) => plain.session((session) => work(counted(session))),
      }
      const catalogs = [accountEvents]
      const reading = postgresEventStore({ database: counting, schema: log, catalogs })
      const readModels = Array.from({ length: projections }, (_, number) =>
        readModelIn(schema, { shape: 'typed', table: `balances_${number}` }),
      )
      const placed = readModels.map((readModel, number) =>
        project({ ...accountBalances, name: `balances-${number}` }).into(readModel),
      )
      const runner = new ProjectionRunner({ store: reading, projections: placed })
      await runner.start()
      statements = 0
      return {
        work: async () => {
          const { events, perAppend, accounts } = MANY
          for (let first = 0; first < events; first += perAppend) {
            const { position } = await store.append(
              streamId('account', String((first / perAppend) % accounts)),
              Array.from({ length: perAppend }, (_, index) =>
                accountEvents.MoneyDeposited(paymentOf(first + index)),
              ),
              { expectedVersion: 'any' },
            )
            if (first + perAppend >= events)
              await Promise.all(
                readModels.map((readModel) => readModel.waitFor(position, { timeoutMs: 60_000 })),
              )
          }
        },
        finish: async () => {
          console.error(
            `  ${projections} projections: the log was read by ${statements} statements`,
          )
          await runner.stop()
          const results = new Set<string>()
          for (const [number, status] of (await runner.status()).entries()) {
            const readModel = readModels[number] as (typeof readModels)[number]
            results.add(balancesResult(await balancesIn(readModel), status.position))
          }
          await drop()
          return [...results]
        },
      }
    },
  }
}
