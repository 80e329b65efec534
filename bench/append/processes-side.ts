import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Side } from '../benchmark.ts'
import { newServerStore, server } from '../postgres/server.ts'

const PROGRAM = fileURLToPath(new URL('append-process.ts', import.meta.url))

interface ProcessesLoad {
  readonly processes: number
  readonly inFlight: number
  /** Of each of those in flight. */
  readonly appends: number
}

/** Processes that append, and follow the log. Unordered: no locks are taken and none looked for, so that followers miss events. */
export async function processesSide(
  { processes, inFlight, appends }: ProcessesLoad,
  { isOrdered }: { readonly isOrdered: boolean },
): Promise<Side> {
  const { schema } = await newServerStore()
  const { ours: pool } = server()
  if (!isOrdered) await removeOrder(schema)
  return {
    prepare: async () => {
      const children = await Promise.all(
        Array.from({ length: processes }, () => start([schema, inFlight, appends])),
      )
      return {
        work: async () => {
          await Promise.all(
            children.map(async (child) => {
              child.send('go')
              await once(child, 'message')
            }),
          )
        },
        finish: async () => {
          await Promise.all(
            children.map(async (child) => {
              child.disconnect()
              await once(child, 'exit')
            }),
          )
          const { rows } = await pool.query<Record<string, string>>(
            `SELECT count(*), count(DISTINCT stream_id) AS streams, sum(version) FROM ${schema}.events`,
          )
          await pool.query(`TRUNCATE ${schema}.events`)
          return rows
        },
      }
    },
  }
}

async function start(argv: readonly unknown[]): Promise<ChildProcess> {
  const child = fork(PROGRAM, argv.map(String), { execArgv: ['--import', 'tsx'] })
  await once(child, 'message')
  return child
}

/** Takes out of the functions what makes the order: what is left is what is paid for all else. */
async function removeOrder(schema: string): Promise<void> {
  const { ours: pool } = server()
  const { rows } = await pool.query<{ source: string }>(
    `SELECT pg_get_functiondef(p.oid) AS source FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = $1 AND p.proname IN ('append_event', 'announce_append')`,
    [schema],
  )
  for (const { source } of rows) {
    const unlocked = source.replace(
      /pg_advisory_xact_lock_shared\([\s\S]*?\)::integer\s*\)/,
      "''::text",
    )
    if (unlocked === source) throw new Error(`Nothing to take out of ${source}`)
    await pool.query(unlocked)
  }
  await pool.query(
    `CREATE OR REPLACE FUNCTION ${schema}.safe_position() RETURNS bigint LANGUAGE sql VOLATILE
     AS $$ SELECT coalesce(pg_sequence_last_value('${schema}.events_position_seq'::regclass), 0) $$`,
  )
}
