/** Reads a log once, as one side does, and prints the peak of this process's memory in megabytes. */
import { server, storeOf } from '../postgres/server.ts'
import { serverReadFloor } from './server-floor.ts'
import { storeReadSide } from './store-side.ts'

const [side, schema = ''] = process.argv.slice(2)
const { ours, floor } = server()
const reading =
  side === 'ours'
    ? storeReadSide(storeOf(ours, schema))
    : serverReadFloor(floor, `${schema}.events`)
const run = await reading.prepare()
let peakBytes = 0
// By looking: what the system tells as the peak holds that of the process which started this one, too.
const timer = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
}, 10)
await run.work()
clearInterval(timer)
await run.finish()
await ours.end()
await floor.end()
console.log(Math.round(peakBytes / 1e6))
