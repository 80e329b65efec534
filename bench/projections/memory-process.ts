/**
 * `memory-process.ts LOG_SCHEMA SCHEMA CACHE_MB`: builds a read model from nothing in a process of its own, and prints the peak of its memory in megabytes and
 * the seconds that it took.
 */
import { project, ProjectionRunner } from '../../src/index.ts'
import { server, storeOf } from '../postgres/server.ts'
import { accountBalances } from '../workload/account.ts'
import { readModelIn } from './new-read-model.ts'

const [log = '', schema = '', cacheMb] = process.argv.slice(2)
const store = storeOf(server().ours, log)
const placed = project(accountBalances).into(readModelIn(schema, { shape: 'typed' }))
const cacheBytes = Number(cacheMb) * 2 ** 20
const runner = new ProjectionRunner({ store, projections: [placed], cacheBytes })
const head = await store.head()
const start = performance.now()
let peakBytes = 0
// By looking: what the system tells as the peak holds that of the process which started this one, too.
const timer = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
}, 10)
await runner.runUntilCaughtUp()
clearInterval(timer)
const seconds = (performance.now() - start) / 1000
const [status] = await runner.status()
if (status?.position !== head?.position) throw new Error('It has not caught up.')
await server().ours.end()
await server().floor.end()
console.log(JSON.stringify({ peakMb: Math.round(peakBytes / 1e6), seconds }))
