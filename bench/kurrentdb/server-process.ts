/** The tests' server in a process of its own: what it costs is not to stand in the time of whoever calls it. */
import { KurrentServer } from '../../test/adapters/kurrentdb/server/kurrent-server.ts'

/** What the server is told, one after the other. */
export type Request = 'empty' | 'tally'

/** What came of a run. */
export interface LogSum {
  readonly events: number
  /** Of data and metadata. */
  readonly bytes: number
  readonly revisions: number
}

/** The answer to each request; first, the connection string. */
export type Reply = string | LogSum | undefined

const server = new KurrentServer({ clientPackage: '@eventstore/db-client' })

function tally(): LogSum {
  const { events } = server.log
  const sum = (numberOf: (event: (typeof events)[number]) => number): number =>
    events.reduce((total, event) => total + numberOf(event), 0)
  return {
    events: events.length,
    bytes: sum(({ data, metadata }) => data.length + metadata.length),
    revisions: sum(({ revision }) => Number(revision)),
  }
}

const reply = (answer: Reply): void => {
  process.send?.({ answer })
}

process.on('message', (request: Request) => {
  if (request === 'empty') server.log.setBack(0n)
  reply(request === 'tally' ? tally() : undefined)
})
process.on('disconnect', () => {
  void server.stop()
})
await server.start()
reply(server.url)
