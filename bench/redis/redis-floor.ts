import { randomUUID } from 'node:crypto'
import { COMMIT } from '../../src/adapters/redis/scripts/commit.ts'
import type { Build, Checkpoint, DocumentWrite } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { balancesIn } from '../projections/balances-in.ts'
import { accountBalances, balanceAfter, type Balance } from '../workload/account.ts'
import type { ServerLog } from '../workload/server-log.ts'
import { commandOf } from './commit-command.ts'
import { newReadModel } from './redis-client.ts'

const PAGE_SIZE = 1000

/** As many commits as are out at once. */
const IN_FLIGHT = 2

const BUILD: Build = {
  number: 1,
  projection: accountBalances.name,
  version: 1,
  fingerprint: 'floor',
  lanes: 1,
}

/** Sends the same documents by the same script, prepared beforehand: without a log, a fold or JSON to be made. */
export function redisFloor(log: ServerLog): Side {
  let reading: Promise<readonly Page[]> | undefined
  return {
    prepare: async () => {
      const pages = await (reading ??= pagesOf(log))
      const { client, prefix, readModel, drop } = await newReadModel()
      const { storage } = readModel
      const rest = { building: undefined, previous: undefined, dropping: [], rolledBack: [] }
      const record = { revision: randomUUID(), newest: 1, live: BUILD, isPaused: false, ...rest }
      await storage.writeBuilds(undefined, record)
      await storage.prepare(BUILD)
      await client.sendCommand(['SCRIPT', 'LOAD', COMMIT.text])
      let lane = await storage.readLane(BUILD, 0)
      const commands = pages.map(({ checkpoint, documents }) => {
        const previous = lane
        lane = { ...previous, revision: randomUUID(), checkpoint }
        return commandOf({ prefix, build: BUILD }, { number: 0, previous, next: lane }, documents)
      })
      return {
        work: async () => {
          const flying: Promise<unknown>[] = []
          for (const command of commands) {
            if (flying.length === IN_FLIGHT) await flying.shift()
            flying.push(client.sendCommand(command))
          }
          await Promise.all(flying)
        },
        finish: async () => {
          const result = balancesResult(await balancesIn(readModel), lane.checkpoint?.position)
          await drop()
          return result
        },
      }
    },
  }
}

interface Page {
  readonly checkpoint: Checkpoint
  readonly documents: readonly DocumentWrite<Balance>[]
}

/** What a fold of the log writes, page by page. */
async function pagesOf({ store }: ServerLog): Promise<readonly Page[]> {
  const pages: Page[] = []
  const balances = new Map<string, Balance>()
  for await (const { events, through } of store.readAll({ pageSize: PAGE_SIZE })) {
    const documents = new Map<string, DocumentWrite<Balance>>()
    for (const { streamId: key, type, data, position } of events) {
      const document = balanceAfter(balances.get(key), type, JSON.stringify(data))
      balances.set(key, document)
      documents.set(key, { key, document, position })
    }
    pages.push({ checkpoint: through, documents: [...documents.values()] })
  }
  return pages
}
