/** Reads a log or a stream in a process of its own, whose memory can be limited, and prints what it saw as a `Reading`. */
import pg from 'pg'
import { postgres, postgresEventStore } from '../../../src/adapters/postgres/index.ts'
import { parseStreamId, type RecordedEvent } from '../../../src/index.ts'

export interface ReaderSettings {
  readonly url: string
  readonly schema: string
  /** None: the log. */
  readonly stream?: string
  readonly direction?: 'forwards' | 'backwards'
}

export interface Reading {
  readonly events: number
  readonly firstVersion: number | undefined
  readonly lastVersion: number | undefined
  /** Every event stood beside the one before it, and its data were those of its version. */
  readonly isInOrder: boolean
  readonly largestPage: number
  readonly peakMegabytes: number
}

const { url, schema, stream, direction } = JSON.parse(process.argv[2] ?? '') as ReaderSettings
const pool = new pg.Pool({ connectionString: url })
const store = postgresEventStore({ database: postgres(pool), catalogs: [], schema })
const pages =
  stream === undefined
    ? store.readAll()
    : store.readStream(parseStreamId(stream), direction === undefined ? {} : { direction })

const step = direction === 'backwards' ? -1 : 1
let events = 0
let firstVersion: number | undefined
let lastVersion: number | undefined
let isInOrder = true
let largestPage = 0
let peakBytes = 0 // what the system tells as the peak holds that of the process which started this one, too
for await (const page of pages) {
  largestPage = Math.max(largestPage, page.events.length)
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  for (const { version, data } of page.events as readonly RecordedEvent<string, { n: number }>[]) {
    events++
    firstVersion ??= version
    isInOrder &&= data.n === version
    if (lastVersion !== undefined) isInOrder &&= version === lastVersion + step
    lastVersion = version
  }
}
await pool.end()
const peakMegabytes = peakBytes / 1e6
console.log(
  JSON.stringify({
    events,
    firstVersion,
    lastVersion,
    isInOrder,
    largestPage,
    peakMegabytes,
  } satisfies Reading),
)
