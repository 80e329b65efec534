import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import type { ServerLog } from '../workload/server-log.ts'
import { balancesIn } from './balances-in.ts'
import { newSchema, readModelIn } from './new-read-model.ts'

const PROGRAM = fileURLToPath(new URL('runner-process.ts', import.meta.url))

/** Builds a read model from nothing with runners in processes of their own. They find each other, and share the lanes, while the time runs. */
export function processesSide(
  { schema: log }: ServerLog,
  { processes, lanes }: { readonly processes: number; readonly lanes: number },
): Side {
  return {
    prepare: async () => {
      const { schema, drop } = await newSchema()
      const readModel = readModelIn(schema, { shape: 'typed' })
      await readModel.get('account-0') // makes the records
      const children = await Promise.all(
        Array.from({ length: processes }, () => start([log, schema, lanes])),
      )
      return {
        work: async () => {
          await Promise.all(
            children.map(async (child) => {
              child.send('go')
              await once(child, 'message')
            }),
          )
        },
        finish: async () => {
          await Promise.all(
            children.map(async (child) => {
              child.disconnect()
              await once(child, 'exit')
            }),
          )
          const builds = await readModel.storage.readBuilds()
          const records = builds ? await readModel.storage.readLanes(builds.live) : []
          const places = records.slice(0, lanes).map(({ checkpoint }) => checkpoint?.position)
          const position = places.every((place) => place === places[0]) ? places[0] : undefined
          const result = balancesResult(await balancesIn(readModel), position)
          await drop()
          return result
        },
      }
    },
  }
}

async function start(argv: readonly unknown[]): Promise<ChildProcess> {
  const child = fork(PROGRAM, argv.map(String), { execArgv: ['--import', 'tsx'] })
  await once(child, 'message')
  return child
}
