import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { openStore } from './open-store.ts'
import { outOfOrder, readLog, torn, wronglyTold } from './attempt.ts'
import { seeds } from './seeded-random.ts'
import { WriterProcesses } from './writer-processes.ts'

const STREAMS = 50

const server = new PostgresServer()

jest.afterAll(() => server.close())

describeOnServer('twenty writers in four processes that create one stream', () => {
  for (const seed of seeds(1))
    server.test(
      `have one winner, each of ${STREAMS} times, seed ${seed}`,
      async () => {
        const schema = server.anySchema()
        await using processes = await WriterProcesses.start(4, {
          url: server.url,
          schema,
          connections: 5,
        })
        const winners: number[] = []
        for (let stream = 1; stream <= STREAMS; stream++) {
          const attempts = await processes.run({
            kind: 'create',
            stream: String(stream),
            writers: 5,
            seed: seed * STREAMS + stream,
          })
          winners.push(attempts.filter(({ outcome }) => outcome === 'done').length)
        }
        const log = await readLog(openStore(server.pool(), schema))

        expect(winners).toEqual(Array(STREAMS).fill(1))
        expect(wronglyTold(processes.attempts, log)).toEqual([])
        expect(torn(log)).toEqual([])
        expect(outOfOrder(log)).toEqual([])
      },
      60_000,
    )
})
