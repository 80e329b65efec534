import { PGlite } from '@electric-sql/pglite'
import { pglite, type PGliteDatabase } from '../../src/adapters/pglite/index.ts'
import { Wire } from './wire.ts'

/** Two embedded databases in memory, one per side: opening one takes seconds, so all rows share them. */
export interface Databases {
  readonly ours: PGliteDatabase
  readonly floor: Wire
}

let opening: Promise<Databases & { close(): Promise<void> }> | undefined
let names = 0

export function databases(): Promise<Databases> {
  return (opening ??= open())
}

export async function closeDatabases(): Promise<void> {
  await (await opening)?.close()
}

/** A name for a schema, table or prepared statement that nothing has had before. */
export function unusedName(): string {
  return `bench_${++names}`
}

async function open() {
  const [ours, client] = [await pglite(), await PGlite.create()]
  const close = async (): Promise<void> => {
    await ours.close()
    await client.close()
  }
  return { ours, floor: new Wire(client), close }
}
