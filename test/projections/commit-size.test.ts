import { expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { defineProjection, project, ProjectionRunner, type EventStore } from '../../src/index.ts'
import { accountEvents } from '../domain/account.ts'
import { altered, append, deposited, openStore, silent } from './runner-fixture.ts'

interface Letter {
  readonly text: string
}

/** A thousand characters for each cent; amounts above 100 are too much, until they are not. */
const letters = (isStrict: boolean) =>
  defineProjection({
    name: 'letters',
    version: 1,
    events: accountEvents,
    initialDocument: (): Letter => ({ text: '' }),
    on: {
      MoneyDeposited: ({ text }, { data }) => {
        if (isStrict && data.cents > 100) throw new RangeError('too much')
        return { text: text.slice(0, 10) + 'x'.repeat(1000 * data.cents) }
      },
    },
  })

/** A sink that holds few characters in a commit, and what was committed to it. */
function small(commitCharacters: number) {
  const memory = new MemoryReadModel<Letter>()
  const sizes: number[] = []
  const model = altered(memory, (inner) => ({
    commitCharacters,
    commit: (build, step, changes) => {
      sizes.push(
        changes.writes.reduce((sum, { document }) => sum + (document?.text.length ?? 0), 0),
      )
      return inner.commit(build, step, changes)
    },
  }))
  return { memory, model, sizes }
}

/** Counts the events of each page by the documents of its commit. */
function counted(fillPageSize?: number) {
  const sizes: number[] = []
  const model = altered(new MemoryReadModel<Letter>(), (inner) => ({
    fillPageSize,
    commit: (build, step, changes) => {
      sizes.push(changes.writes.length)
      return inner.commit(build, step, changes)
    },
  }))
  return { model, sizes }
}

async function run(
  store: EventStore,
  model: ReturnType<typeof small>['model'],
  isStrict = false,
): Promise<ProjectionRunner> {
  const placement = { onFailure: 'park' } as const
  const runner = new ProjectionRunner({
    store,
    projections: [project(letters(isStrict)).into(model, placement)],
    logger: silent,
  })
  await runner.runUntilCaughtUp()
  return runner
}

test('commits hold no more than their sink wants, and all documents in the end', async () => {
  const store = openStore()
  for (let id = 0; id < 40; id++) await append(store, `${id}`, deposited(2))
  const { model, memory, sizes } = small(10_000)

  const runner = await run(store, model)

  expect(Math.max(...sizes)).toBeLessThanOrEqual(10_000)
  expect(sizes.length).toBeGreaterThan(8)
  expect((await memory.get('account-39'))?.text).toHaveLength(2000)
  expect(await runner.verify('letters')).toMatchObject([{ isIdentical: true }])
})

test('pages of a build that is filled are as large as its sink wants, unless the runner was told', async () => {
  const store = openStore()
  for (let id = 0; id < 20; id++) await append(store, `${id}`, deposited(1))
  const asWanted = counted(8)
  const asTold = counted(8)

  await run(store, asWanted.model)
  const told = new ProjectionRunner({
    store,
    projections: [project(letters(false)).into(asTold.model)],
    pageSize: 5,
  })
  await told.runUntilCaughtUp()

  expect(asWanted.sizes).toEqual([8, 8, 4])
  expect(asTold.sizes).toEqual([5, 5, 5, 5])
})

test('one document that is larger than that is committed by itself', async () => {
  const store = openStore()
  for (const cents of [1, 50, 1]) await append(store, `of ${cents}`, deposited(cents))
  const { model, sizes } = small(10_000)

  await run(store, model)

  expect(sizes.toSorted((one, other) => one - other).at(-1)).toBeGreaterThanOrEqual(50_000)
  expect(sizes.length).toBeGreaterThan(1)
})

test('an event that fails later in the page parks nothing before it', async () => {
  const store = openStore()
  await append(store, 'a', deposited(3))
  for (let id = 0; id < 20; id++) await append(store, `${id}`, deposited(2))
  await append(store, 'a', deposited(4), deposited(101), deposited(1))
  const { model, memory } = small(10_000)

  const runner = await run(store, model, true)

  const parked = []
  for await (const entry of runner.parked('letters')) parked.push(entry)
  expect((await memory.get('account-a'))?.text).toHaveLength(4010)
  expect(parked.map(({ version }) => version)).toEqual([3, 4])
})
