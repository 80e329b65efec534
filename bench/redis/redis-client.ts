import { randomBytes } from 'node:crypto'
import { RedisReadModel } from '../../src/adapters/redis/index.ts'
import { RowRefused } from '../row-refused.ts'
import type { Balance } from '../workload/account.ts'

type Client = Awaited<ReturnType<typeof newClient>>

const clients: Client[] = []

/** A connection of its own for each side of each run. @throws {RowRefused} REDIS_URL is not set. */
export async function connect(): Promise<Client> {
  const url = process.env['REDIS_URL']
  if (url === undefined)
    throw new RowRefused(
      'set REDIS_URL to a server, e.g. scripts/servers start redis && eval "$(scripts/servers env)"',
    )
  const client = await newClient(url)
  clients.push(client)
  await client.connect()
  return client
}

/** The package is loaded when it is needed: what it takes in memory costs other rows. */
async function newClient(url: string) {
  const { createClient } = await import('redis')
  return createClient({ url, disableOfflineQueue: true })
}

/** An empty read model, and how it is removed with its connection. */
export async function newReadModel(): Promise<{
  readonly client: Client
  readonly prefix: string
  readonly readModel: RedisReadModel<Balance>
  readonly drop: () => Promise<void>
}> {
  const client = await connect()
  const prefix = `everfold-bench-${randomBytes(6).toString('hex')}`
  const readModel = new RedisReadModel<Balance>({ client, prefix, dropGraceMs: 0 })
  const drop = async (): Promise<void> => {
    const builds = await readModel.storage.readBuilds()
    if (builds !== undefined) await readModel.storage.drop(builds.live)
    await client.unlink([`${prefix}:builds`, `${prefix}:members`])
    await client.close()
    clients.splice(clients.indexOf(client), 1)
  }
  return { client, prefix, readModel, drop }
}

/** Connections of runs that did not end. */
export async function closeRedis(): Promise<void> {
  await Promise.all(clients.splice(0).map((client) => client.close()))
}
