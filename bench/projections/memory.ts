/**
 * `npm run bench:memory [-- EVENTS...]`: the peak of the memory of a runner that builds a read model of 100,000 documents in a process of its own, over logs of so many
 * events (250,000, 500,000 and 1,000,000), with caches of several sizes. It is to depend on the cache alone.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fillServer } from '../postgres/fill-server.ts'
import { closeServer, newServerStore, server, serverUrl } from '../postgres/server.ts'
import { newSchema, readModelIn } from './new-read-model.ts'

const DOCUMENTS = 100_000
const CACHES_MB = [1, 16, 64]
const PROGRAM = fileURLToPath(new URL('memory-process.ts', import.meta.url))

const given = process.argv.slice(2).map(Number)
const sizes = given.length > 0 ? given : [250_000, 500_000, 1_000_000]
console.log('events | cache MB | peak MB | seconds')
for (const events of sizes) {
  const { store, schema: log } = await newServerStore()
  await fillServer({ store, pool: server().floor, schema: log }, { events, streams: DOCUMENTS })
  for (const cacheMb of CACHES_MB) {
    const { peakMb, seconds } = await peakOf(log, cacheMb)
    console.log([events, cacheMb, peakMb, seconds.toFixed(1)].join(' | '))
  }
}
await closeServer()

async function peakOf(
  log: string,
  cacheMb: number,
): Promise<{ readonly peakMb: number; readonly seconds: number }> {
  const { schema, drop } = await newSchema()
  await readModelIn(schema, { shape: 'typed' }).get('account-0') // makes the records
  const args = [...process.execArgv, PROGRAM, log, schema, String(cacheMb)]
  const env = { ...process.env, POSTGRES_URL: serverUrl() }
  const { stdout } = await promisify(execFile)(process.execPath, args, { env })
  await drop()
  return JSON.parse(stdout) as { readonly peakMb: number; readonly seconds: number }
}
