/** A process that runs an SQL projection, and ends, or halts, in the middle of applying a batch. */
import pg from 'pg'
import { postgres } from '../../src/adapters/postgres/index.ts'
import { runnerOf, Statements } from '../adapters/postgres/sql-projection-fixture.ts'
import { openStore } from './open-store.ts'

export interface SqlWorkerTask {
  readonly url: string
  readonly schema: string
  /** Of the statements. */
  readonly id: string
  readonly lanes: number
  readonly leaseMs: number
  readonly pageSize: number
  readonly isRebuilt: boolean
  readonly end: SqlWorkerEnd
}

export interface SqlWorkerEnd {
  readonly signal: 'SIGKILL' | 'SIGSTOP'
  /** Number of the batch, from 1. */
  readonly batch: number
  /** Before its statements, after them, or so many milliseconds after them: about when it commits. */
  readonly moment: 'before' | 'after' | number
}

async function work(task: SqlWorkerTask): Promise<void> {
  const { url, schema, id, lanes, leaseMs, pageSize, end } = task
  const pool = new pg.Pool({ connectionString: url, application_name: schema })
  pool.on('error', () => undefined)
  const statements = new Statements({ database: postgres(pool), schema }, id)
  let batch = 0
  const finish = (): void => {
    process.kill(process.pid, end.signal)
  }
  const tables = statements.declare({
    lanes,
    before: () => {
      batch++
      if (batch === end.batch && end.moment === 'before') finish()
    },
    after: () => {
      if (batch !== end.batch || end.moment === 'before') return
      if (end.moment === 'after') finish()
      else setTimeout(finish, end.moment)
    },
  })
  const runner = runnerOf(openStore(pool, schema), tables, { leaseMs, pageSize })
  await runner.start()
  if (task.isRebuilt) await runner.rebuild(statements.name).catch(() => undefined) // two may want it
}

process.on('message', (task: SqlWorkerTask) => void work(task))
process.on('disconnect', () => process.exit())
