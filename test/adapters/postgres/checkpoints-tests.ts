import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import {
  PostgresCheckpoints,
  PostgresReadModel,
  postgresEventStore,
  type Database,
} from '../../../src/adapters/postgres/index.ts'
import { defineReaction, project, ProjectionRunner, react } from '../../../src/index.ts'
import { accountBalances, accountEvents, type Balance } from '../../domain/account.ts'
import { append, deposited, silent } from '../../projections/runner-fixture.ts'

/** What checkpoints in any Postgres do beyond the contract. */
export function checkpointsTests(place: {
  readonly database: Database
  readonly schema: string
}): void {
  const anyReaction = (runs: number[], failing: ReadonlySet<number> = new Set()) =>
    defineReaction({
      name: randomUUID(),
      events: accountEvents,
      startAt: 'end',
      on: {
        MoneyDeposited: ({ data }) => {
          runs.push(data.cents)
          if (failing.has(data.cents)) throw new Error(`No ${data.cents} cents.`)
        },
      },
    })
  const open = async () => {
    const { database, schema } = place
    const store = postgresEventStore({ database, catalogs: [accountEvents], schema })
    await append(store, 'before', deposited(0))
    return { store, checkpoints: new PostgresCheckpoints({ database, recordsSchema: schema }) }
  }

  test('keeps how far reactions are, and what they have parked', async () => {
    const { store, checkpoints } = await open()
    const runs: number[] = []
    const failing = new Set([1])
    const reaction = anyReaction(runs, failing)
    const registration = react(reaction).with(checkpoints, { lanes: 2, onFailure: 'park' })
    const runner = new ProjectionRunner({ store, projections: [registration], logger: silent })
    const id = randomUUID()
    await runner.runUntilCaughtUp()

    await append(store, id, deposited(1), deposited(2))
    await runner.runUntilCaughtUp()
    await append(store, randomUUID(), deposited(3))
    await runner.runUntilCaughtUp()
    failing.clear()
    await runner.retryParked(reaction.name, `account-${id}`)
    await runner.runUntilCaughtUp()

    expect(runs).toEqual([1, 3, 1, 2])
  })

  test('keeps them apart from a read model of the same name', async () => {
    const { store, checkpoints } = await open()
    const { database, schema } = place
    const runs: number[] = []
    const reaction = anyReaction(runs)
    const table = reaction.name
    const model = new PostgresReadModel<Balance>({ database, table, schema, recordsSchema: schema })
    const id = randomUUID()
    const projections = [project(accountBalances).into(model), react(reaction).with(checkpoints)]
    const runner = () => new ProjectionRunner({ store, projections, logger: silent })
    await runner().runUntilCaughtUp()

    await append(store, id, deposited(1))
    await runner().runUntilCaughtUp()

    expect(runs).toEqual([1])
    expect(await model.get(`account-${id}`)).toEqual({ owner: '', cents: 1, events: 1 })
  })

  test('refuses a name that no text can hold', () => {
    const { database } = place

    expect(() => new PostgresCheckpoints({ database }).storageOf('a\u0000')).toThrow(TypeError)
  })
}
