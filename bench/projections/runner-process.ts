/**
 * `runner-process.ts LOG_SCHEMA SCHEMA LANES`: a process that runs a projection into a read model. Says 'ready', starts when it is told to, says 'done' when all
 * lanes are where the log ends, and stops when its parent goes.
 */
import { project, ProjectionRunner } from '../../src/index.ts'
import { server, storeOf } from '../postgres/server.ts'
import { accountBalances } from '../workload/account.ts'
import { readModelIn } from './new-read-model.ts'

const [log = '', schema = '', lanes] = process.argv.slice(2)
const store = storeOf(server().ours, log)
const readModel = readModelIn(schema, { shape: 'typed' })
const placed = project(accountBalances).into(readModel, { lanes: Number(lanes) })
const runner = new ProjectionRunner({ store, projections: [placed] })
const head = await store.head()

async function run(): Promise<void> {
  await runner.start()
  await readModel.waitFor(head?.position, { timeoutMs: 600_000 })
  process.send?.('done')
}

async function end(): Promise<void> {
  await runner.stop()
  process.exit()
}

process.on('message', () => void run())
process.on('disconnect', () => void end())
process.send?.('ready')
