/**
 * `append-process.ts SCHEMA IN_FLIGHT APPENDS`: a process that appends and follows the log meanwhile. Says 'ready', appends when it is told to,
 * says 'done', and ends when its parent goes.
 */
import pg from 'pg'
import { serverUrl, storeOf } from '../postgres/server.ts'
import { parseStreamId } from '../../src/index.ts'
import { appendAll, payment } from './workload.ts'

const [schema = '', inFlight, appends] = process.argv.slice(2)
const store = storeOf(new pg.Pool({ connectionString: serverUrl() }), schema)
const after = await store.head()

const log: number[] = []
const follow = async (): Promise<void> => {
  for await (const page of store.subscribe({ after })) log.push(page.events.length)
}
void follow()

process.on('message', () => {
  void appendAll(
    { inFlight: Number(inFlight), appends: Number(appends), eventsPerAppend: 1 },
    async (stream, expectedVersion, first) =>
      (await store.append(parseStreamId(stream), [payment(first)], { expectedVersion })).version,
  ).then(() => process.send?.('done'))
})
process.on('disconnect', () => {
  process.exit()
})
process.send?.('ready')
