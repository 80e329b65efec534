import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import type { Side } from '../benchmark.ts'
import { server } from '../postgres/server.ts'
import { history } from './history.ts'
import { newLog } from './new-log.ts'

const PART_LENGTH = 1 << 16

/** One COPY of the same events by `pg-copy-streams`: no checks, no commits in between, nothing to go on from. */
export const copyFloor: Side = {
  prepare: async () => {
    const events = history()
    const log = await newLog()
    return {
      work: async () => {
        const client = await server().floor.connect()
        const columns =
          'stream_id, version, id, type, schema_version, data, metadata, occurred_at, recorded_at'
        const copy = client.query(from(`COPY ${log.table} (${columns}) FROM STDIN`))
        await pipeline(Readable.from(parts(events)), copy)
        client.release()
      },
      finish: async () => {
        const digest = await log.digest()
        await log.drop()
        return digest
      },
    }
  },
}

function* parts(events: ReturnType<typeof history>): Generator<string> {
  const now = new Date().toISOString()
  let part = ''
  for (const { streamId, version, id, type, data, metadata, occurredAt } of events) {
    part += `${streamId}\t${version}\t${id}\t${type}\t1\t${json(data)}\t${json(metadata)}\t${occurredAt?.toISOString() ?? now}\t${now}\n`
    if (part.length < PART_LENGTH) continue
    yield part
    part = ''
  }
  yield part
}

function json(value: unknown): string {
  const text = JSON.stringify(value)
  return text.includes('\\') ? text.replaceAll('\\', '\\\\') : text
}
