import { Client } from '@elastic/elasticsearch'
import { createClient } from 'redis'
import { project, type GlobalPosition, type ReadModel, type Registration } from '../../src/index.ts'
import { ElasticsearchReadModel } from '../../src/adapters/elasticsearch/index.ts'
import { RedisReadModel } from '../../src/adapters/redis/index.ts'
import { accountBalances, type Balance } from './account-balances.ts'
import { accountTransactions, type AccountTransaction } from './account-transactions.ts'

/** Other servers that hold the balances, too. */
export interface SinkPlaces {
  /** URL of a Redis server. */
  readonly redisUrl?: string | undefined
  /** URL of an Elasticsearch server. */
  readonly elasticsearchUrl?: string | undefined
}

/** A read model of the balances beside the one of the bank. */
export interface Sink {
  readonly balances: ReadModel<Balance>
  readonly registrations: readonly Registration[]
  /** What only this kind of sink can tell. */
  readonly leaderboard?: (count: number) => Promise<readonly Balance[]>
  readonly search?: (query: TransactionQuery) => Promise<readonly AccountTransaction[]>
}

export interface TransactionQuery {
  readonly accountId: string
  /** 1 to 12, of any year. */
  readonly month: number
  readonly moreThanCents: number
  /** How far the log must be in the answer. */
  readonly through: GlobalPosition | undefined
}

/** Sinks by their names. */
export type Sinks = Readonly<Record<string, Sink & AsyncDisposable>>

/** What the names of all keys and indices begin with. */
export const PREFIX = 'bank-account'

const CONNECTING_MS = 10_000

/** Opens the read models on the servers that are given. */
export async function openSinks(
  { redisUrl, elasticsearchUrl }: SinkPlaces,
  lanes: number,
): Promise<Sinks> {
  return {
    ...(redisUrl !== undefined && { redis: await openRedis(redisUrl, lanes) }),
    ...(elasticsearchUrl !== undefined && {
      elasticsearch: openElasticsearch(elasticsearchUrl, lanes),
    }),
  }
}

async function openRedis(url: string, lanes: number): Promise<Sink & AsyncDisposable> {
  const client = createClient({ url, disableOfflineQueue: true, pingInterval: 2000 })
  // A connection that breaks is no reason to end: the client connects again, and the runner tries again.
  client.on('error', () => undefined)
  await connectWithin(CONNECTING_MS, client)
  const balances = new RedisReadModel<Balance, 'byBalance'>({
    client,
    prefix: PREFIX,
    sortedSets: { byBalance: ({ cents }) => cents },
  })
  return {
    balances,
    registrations: [project(accountBalances).into(balances, { lanes })],
    leaderboard: async (count) =>
      (await balances.top('byBalance', count)).map(({ document }) => document),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

/** It would try for ever: whoever gave a wrong URL wants to know. */
async function connectWithin(
  ms: number,
  client: { connect(): Promise<unknown>; destroy(): void },
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      client.destroy()
      reject(new SinkError(`No Redis answers at --redis within ${ms / 1000} s.`))
    }, ms)
  })
  try {
    await Promise.race([client.connect(), late])
  } finally {
    clearTimeout(timer)
  }
}

function openElasticsearch(node: string, lanes: number): Sink & AsyncDisposable {
  const client = new Client({ node })
  const balances = new ElasticsearchReadModel<Balance>({
    client,
    index: `${PREFIX}-balances`,
    mappings: { properties: { owner: { type: 'keyword' }, cents: { type: 'long' } } },
  })
  const index = `${PREFIX}-transactions`
  const transactions = new ElasticsearchReadModel<AccountTransaction>({
    client,
    index,
    mappings: {
      properties: {
        accountId: { type: 'keyword' },
        kind: { type: 'keyword' },
        cents: { type: 'long' },
        day: { type: 'date' },
        month: { type: 'byte' },
      },
    },
  })
  return {
    balances,
    registrations: [
      project(accountBalances).into(balances, { lanes }),
      project(accountTransactions).into(transactions, { lanes }),
    ],
    search: async ({ accountId, month, moreThanCents, through }) => {
      const filter = [
        { term: { accountId } },
        { term: { kind: 'withdrawal' } },
        { term: { month } },
        { range: { cents: { gt: moreThanCents } } },
      ]
      await transactions.waitFor(through, { visibility: 'search' })
      const { hits } = await client.search<AccountTransaction>({
        index,
        query: { bool: { filter } },
        sort: [{ day: 'asc' }],
        size: 100,
      })
      return hits.hits.flatMap(({ _source }) => (_source === undefined ? [] : [_source]))
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

/** A sink cannot be used. */
export class SinkError extends Error {
  override readonly name = 'SinkError'
}
