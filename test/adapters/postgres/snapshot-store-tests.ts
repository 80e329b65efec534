import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import {
  migrationSql,
  postgresEventStore,
  postgresSnapshotStore,
  type Database,
} from '../../../src/adapters/postgres/index.ts'
import { everyEvents, globalPosition, Repository, streamId } from '../../../src/index.ts'
import { account, accountEvents } from '../../domain/account.ts'

/** What snapshots in any Postgres do beyond the contract. */
export function snapshotStoreTests(place: {
  readonly database: Database
  readonly anySchema: () => string
}): void {
  const repositoryIn = (schema: string): Repository => {
    const { database } = place
    return new Repository({
      store: postgresEventStore({ database, schema, catalogs: [accountEvents] }),
      snapshots: postgresSnapshotStore({ database, schema }),
      snapshotPolicy: everyEvents(2),
    })
  }

  test('stand beside the events, in one schema, and shorten loads', async () => {
    const schema = place.anySchema()
    const writer = repositoryIn(schema)
    await writer.execute(account, '42', { type: 'Open', owner: 'Ada', cents: 5 })
    await writer.idle()
    await writer.execute(account, '42', { type: 'Deposit', cents: 7 })
    await writer.idle()
    const reader = repositoryIn(schema)

    const loaded = await reader.load(account, '42')

    expect(loaded).toEqual({ state: { isClosed: false, cents: 12 }, version: 3, position: 3n })
    expect(writer.snapshotCounts).toMatchObject({ taken: 1, failed: 0 })
    expect(reader.snapshotCounts).toMatchObject({ used: 1, ignored: 0 })
  })

  test('can be read in SQL', async () => {
    const schema = place.anySchema()
    const repository = repositoryIn(schema)
    await repository.execute(account, '42', { type: 'Open', owner: 'Ada', cents: 5 })
    await repository.idle()

    const rows = await place.database.query({
      text: `SELECT stream_id, version, state->>'cents' FROM ${schema}.snapshots`,
    })

    expect(rows).toEqual([['account-42', '2', '5']])
  })

  test('are left alone until somebody has migrated, where migrations are manual', async () => {
    const schema = place.anySchema()
    const { database } = place
    const snapshots = postgresSnapshotStore({ database, schema, migrations: 'manual' })
    const stream = streamId('account', randomUUID())
    const find = () => snapshots.find(stream, { fingerprint: 'f' })

    await expect(find()).rejects.toMatchObject({ code: 'SCHEMA_VERSION', found: 0, known: 1 })
    await expect(find()).rejects.toThrow("migrationSql({ of: 'snapshots', schema, from: 0 })")
    await database.script(migrationSql({ of: 'snapshots', schema }))

    await expect(find()).resolves.toBeUndefined()
  })

  test('refuse a state that Postgres does not keep, and what is no JSON', async () => {
    const schema = place.anySchema()
    const snapshots = postgresSnapshotStore({ database: place.database, schema })
    const save = (state: string) =>
      snapshots.save(
        {
          ...{ streamId: streamId('account', '1'), version: 1, position: globalPosition(1) },
          ...{ eventId: randomUUID(), state, fingerprint: 'f', recordedAtMs: 0, occurredAtMs: 0 },
        },
        { keep: 3 },
      )

    await expect(save('"\ud800"')).rejects.toThrow(TypeError)
    await expect(save('{"cents":')).rejects.toMatchObject({ code: 'DATABASE_ERROR' })
    await expect(save('{"cents":1}')).resolves.toBeUndefined()
  })
}
