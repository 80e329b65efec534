import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import * as jest from '@jest/globals'
import {
  integer,
  postgres,
  postgresEventStore,
  PostgresReadModel,
  text,
  type Database,
} from '../../../src/adapters/postgres/index.ts'
import { globalPosition } from '../../../src/event-store/global-position.ts'
import {
  changesOf,
  documentOf,
  put,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import {
  anyBuild,
  ContractModel,
  recordOf,
} from '../../../src/testing/contracts/read-model/contract-model.ts'
import { readModelContract } from '../../../src/testing/contracts/read-model-contract.ts'
import { describeOnServer, PostgresServer, skipped } from './postgres-server.ts'
import { contractColumns } from './read-model-columns.ts'
import { postgresIndexTests } from './read-model-index-tests.ts'
import { postgresReadModelTests } from './read-model-tests.ts'

const server = new PostgresServer()
const schema = server.anySchema()
const anyTable = (): string => `documents_${randomBytes(6).toString('hex')}`
let shared: Database | undefined
const place = {
  schema,
  get database(): Database {
    return (shared ??= postgres(server.pool()))
  },
}

jest.beforeAll(async () => {
  if (skipped === undefined) await place.database.script(`CREATE SCHEMA ${schema}`)
})
jest.afterAll(() => server.close())

readModelContract(jest, {
  name: 'PostgresReadModel with typed columns',
  open: () => openModel(place.database, anyTable()).model,
  skipped,
})

readModelContract(jest, {
  name: 'PostgresReadModel with JSON documents',
  open: () => new PostgresReadModel({ ...place, recordsSchema: schema, table: anyTable() }),
  skipped,
})

describeOnServer('PostgresReadModel on a server', () => {
  postgresReadModelTests(place)
  postgresIndexTests(place)

  jest.it('makes its records once when many connections begin at once', async () => {
    const records = server.anySchema()
    const models = Array.from({ length: 8 }, () => openAnyModel(records))

    await Promise.all(models.map((model) => model.get('a')))

    const versions = `SELECT count(*), max(version) FROM ${records}.read_model_migrations`
    assert.deepEqual(await place.database.query({ text: versions }), [['1', '1']])
  })

  jest.it('makes its records beside an event store that makes its own', async () => {
    const records = server.anySchema()
    const models = Array.from({ length: 4 }, () => openAnyModel(records))
    const stores = Array.from({ length: 4 }, () =>
      postgresEventStore({
        database: postgres(server.pool({ max: 1 })),
        catalogs: [],
        schema: records,
      }),
    )

    const begun = await Promise.all([
      ...models.map((model) => model.get('a')),
      ...stores.map((store) => store.head()),
    ])

    assert.deepEqual(begun, Array(8).fill(undefined))
  })

  jest.it('refuses records that newer code has migrated', async () => {
    const records = server.anySchema()
    const options = { database: place.database, schema, recordsSchema: records, table: anyTable() }
    await new PostgresReadModel(options).get('a')
    await place.database.script(
      `INSERT INTO ${records}.read_model_migrations (version, name) VALUES (999, 'later')`,
    )

    const older = new PostgresReadModel(options).get('a')

    await assert.rejects(older, { code: 'SCHEMA_VERSION', schema: records, found: 999 })
  })

  jest.it('prepares and publishes a build once from many connections', async () => {
    const table = anyTable()
    const models = Array.from({ length: 8 }, () =>
      openModel(postgres(server.pool({ max: 1 })), table),
    )
    const build = anyBuild({ lanes: 3 })
    await models[0]?.storage.writeBuilds(undefined, recordOf(build))

    await Promise.all(
      models.map(async ({ storage }) => {
        await storage.prepare(build)
        await storage.publish(build)
      }),
    )

    const revisions = await Promise.all(
      models.map(async ({ storage }) => (await storage.readLane(build, 2)).revision),
    )
    assert.equal(new Set(revisions).size, 1)
  })

  jest.it('drops a build while its lane commits, and neither waits for the other', async () => {
    const table = anyTable()
    const writer = openModel(postgres(server.pool({ max: 1 })), table)
    const dropper = openModel(postgres(server.pool({ max: 1 })), table)
    await writer.build()
    const building = await writer.buildBeside()
    const writing = commitUntilDropped(writer, building)

    await dropper.storage.drop(building)

    const error = await writing
    assert.match(error.message, /Build 2 .* does not exist/)
  })

  jest.it('never shows readers a missing view while builds are switched', async () => {
    const table = anyTable()
    const cents = { ...place, recordsSchema: schema, table, columns: { cents: integer } }
    const named = { ...cents, columns: { owner: text } }
    const first = new ContractModel(new PostgresReadModel(cents) as never, documentOf())
    const second = new ContractModel(new PostgresReadModel(named) as never, documentOf())
    const old = await first.build()
    await first.show(old)
    await first.write(old, [row({ cents: 1 })])
    const next = await second.buildBeside()
    await second.write(next, [row({ owner: 'Ada' })])
    const stop = new AbortController()
    const reading = readUntil(stop.signal, `SELECT count(*) FROM ${schema}.${table}`)

    for (let round = 0; round < 20; round++) {
      await second.show(next)
      await first.show(old)
    }
    stop.abort()

    assert.deepEqual(await reading, new Set(['1']))
  })
})

function openAnyModel(recordsSchema: string): PostgresReadModel<object> {
  const database = postgres(server.pool({ max: 1 }))
  return new PostgresReadModel({ database, schema, recordsSchema, table: anyTable() })
}

function openModel(database: Database, table: string): ContractModel {
  const model = new PostgresReadModel({
    database,
    schema,
    recordsSchema: schema,
    table,
    columns: contractColumns,
  })
  return new ContractModel(model, documentOf())
}

const row = (document: object) => ({
  key: 'a',
  document: document as ReturnType<typeof documentOf>,
  position: globalPosition(1),
})

/** Commits to a build until that fails; gives the failure. */
async function commitUntilDropped(
  writer: ContractModel,
  build: ReturnType<typeof anyBuild>,
): Promise<Error> {
  try {
    for (let count = 0; ; count++)
      await writer.storage.commit(build, await writer.step(build), changesOf([put('a', { count })]))
  } catch (error) {
    return error as Error
  }
}

/** The answers of a query that is asked again and again. */
async function readUntil(signal: AbortSignal, sql: string): Promise<ReadonlySet<unknown>> {
  const answers = new Set<unknown>()
  while (!signal.aborted)
    for (const [answer] of await place.database.query({ text: sql })) answers.add(answer)
  return answers
}
