import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { Report } from '../../../examples/bank-account/report.ts'
import { PREFIX } from '../../../examples/bank-account/sinks.ts'
import {
  ElasticsearchServer,
  skipped as skippedElasticsearch,
} from '../../adapters/elasticsearch/elasticsearch-server.ts'
import {
  PostgresServer,
  skipped as skippedPostgres,
} from '../../adapters/postgres/postgres-server.ts'
import {
  connect,
  redisUrl,
  removeKeys,
  skipped as skippedRedis,
} from '../../adapters/redis/redis-server.ts'
import { runExample, type ExampleRun } from './example-process.ts'
import { HEADER, historyFiles } from './history-file.ts'
import { statedBalances } from './stated-balances.ts'

jest.setTimeout(180_000)

const historyFile = historyFiles()
const skipped = skippedPostgres ?? skippedRedis ?? skippedElasticsearch
const suite = skipped === undefined ? describe : describe.skip
const reportOf = ({ stdout }: ExampleRun): Report => JSON.parse(stdout) as Report

suite(
  `npm run example -- --postgres URL --redis URL --elasticsearch URL${skipped ? ` (skipped: ${skipped})` : ''}`,
  () => {
    const server = new PostgresServer()
    const elasticsearch = new ElasticsearchServer()
    let sinks: readonly string[]

    beforeAll(async () => {
      sinks = ['--redis', redisUrl(), '--elasticsearch', elasticsearch.url]
      await forget()
    })
    afterAll(async () => {
      await forget()
      await elasticsearch.close()
      await server.close()
    })

    /** What the example keeps has the same names in each run. */
    async function forget(): Promise<void> {
      const client = await connect(redisUrl())
      await removeKeys(client, PREFIX)
      await client.close()
      await elasticsearch.remove(`${PREFIX}-balances`)
      await elasticsearch.remove(`${PREFIX}-transactions`)
    }

    test('comes to the stated balances in all three, with processes that share them', async () => {
      const stated = await statedBalances()
      const place = ['--json', '--postgres', await server.anyDatabase(), ...sinks]

      const run = await runExample(...place, '--runners', '2')

      expect(run).toMatchObject({ status: 0 })
      expect(reportOf(run)).toMatchObject({
        mismatches: 0,
        balances: stated,
        sinks: { postgres: stated, redis: stated, elasticsearch: stated },
        rebuild: { identical: true },
        processes: { started: 2, killed: 1 },
      })
      expect(run.stderr).toContain('In redis: 0 mismatches with the file.')
      expect(run.stderr).toContain('In elasticsearch: 0 mismatches with the file.')
    })

    test('prints the leaderboard of Redis, and what a search in Elasticsearch finds', async () => {
      await forget()
      const file = await historyFile(
        HEADER,
        '2024-04-30,576,1,credit,transfer-in,9000000,9000000',
        '2024-04-30,576,2,debit,cash-withdrawal,1000001,7999999',
        '2024-05-02,576,3,debit,cash-withdrawal,1000000,6999999',
        '2024-05-03,576,4,debit,card-withdrawal,1000001,5999998',
        '2024-05-04,576,5,debit,transfer-out,1000001,4999997',
        '2024-05-05,8,6,credit,transfer-in,9000000,9000000',
        '2024-05-06,8,7,debit,cash-withdrawal,2000000,7000000',
        '2025-05-31,576,8,debit,cash-withdrawal,2000000,2999997',
      )
      const place = ['--postgres', await server.anyDatabase(), ...sinks]

      const { status, stdout } = await runExample(...place, '--transactions', file)

      expect(status).toBe(0)
      const lines = stdout.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, '  '))
      const from = lines.indexOf('The highest balances, by Redis:')
      expect(lines.slice(from + 1, from + 6)).toEqual([
        'Owner of account 8  70,000.00',
        'Owner of account 576  29,999.97',
        'Withdrawals over 10,000.00 by account 576 in May, by Elasticsearch: 2',
        '2024-05-03  10,000.01',
        '2025-05-31  20,000.00',
      ])
    })

    test('says that no Redis answers', async () => {
      const place = ['--postgres', await server.anyDatabase(), '--redis', 'redis://127.0.0.1:1']

      const run = await runExample(...place)

      expect(run).toMatchObject({ status: 1 })
      expect(run.stderr).toContain('No Redis answers at --redis within 10 s.')
    })
  },
)
