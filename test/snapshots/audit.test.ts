import { expect, test } from '@jest/globals'
import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import { defineAggregate, Repository, streamId } from '../../src/index.ts'
import { add, counter, counterEvents, open } from './counter.ts'

/** Forgets to add sevens. */
const broken = defineAggregate({
  ...counter,
  evolve: {
    ...counter.evolve,
    Added: (state, event) => (event.data.amount === 7 ? state : counter.evolve.Added(state, event)),
  },
})

test('an audit finds nothing where snapshots are what their events give', async () => {
  const { repository } = open()
  await add(repository, 'a', 1, 2, 3, 4, 5)
  await add(repository, 'b', 1, 2)
  await add(repository, 'c', 1)

  expect(await repository.audit(counter)).toEqual({
    ...{ streams: 3, snapshots: 3, ignored: 0 },
    drifts: [],
  })
  expect(await repository.audit(counter, 'a')).toMatchObject({ streams: 1, snapshots: 2 })
})

test('an audit tells of a reducer that changed: where, and since which version', async () => {
  const { repository } = open()
  await add(repository, 'a', 1, 2, 3, 7, 5, 6)
  await add(repository, 'b', 1, 2)

  const { drifts } = await repository.audit(broken)

  expect(drifts).toEqual([
    { streamId: 'counter-a', version: 4, path: 'total', kept: 13, folded: 6 },
  ])
})

test('an audit tells of a snapshot that somebody changed', async () => {
  const { repository, snapshots } = open()
  await add(repository, 'a', 1, 2)
  const stream = streamId('counter', 'a')
  const snapshot = await snapshots.find(stream, { fingerprint: 'any' })
  if (snapshot !== undefined)
    await snapshots.save({ ...snapshot, state: '{"total":3,"last":[1,9]}' }, { keep: 3 })

  const audit = await repository.audit(counter, 'a')

  expect(audit.drifts).toMatchObject([{ version: 2, path: 'last[1]', kept: 9, folded: 2 }])
})

test('an audit tells of broken snapshots, and of those of another history', async () => {
  const { repository, snapshots, store } = open()
  await add(repository, 'a', 1, 2)
  await add(repository, 'b', 1, 2)
  const stream = streamId('counter', 'a')
  const snapshot = await snapshots.find(stream, { fingerprint: 'any' })
  if (snapshot !== undefined) await snapshots.save({ ...snapshot, state: '{' }, { keep: 3 })
  const elsewhere = memoryEventStore({ catalogs: [counterEvents] })
  const append = (amount: number, expectedVersion: number) =>
    elsewhere.append(streamId('counter', 'b'), [counterEvents.Added({ amount })], {
      expectedVersion,
    })
  await append(1, 0)
  const setBack = new Repository({ store: elsewhere, snapshots })

  const here = await new Repository({ store, snapshots }).audit(counter)
  const newer = await setBack.audit(counter)
  await append(5, 1)
  const other = await setBack.audit(counter)

  expect(here.drifts).toMatchObject([{ streamId: 'counter-a', version: 2, problem: 'broken' }])
  expect(newer.drifts).toMatchObject([{ streamId: 'counter-b', problem: 'another-history' }])
  expect(other.drifts).toMatchObject([{ streamId: 'counter-b', problem: 'another-history' }])
})

test('an audit leaves out snapshots of other code, and counts them', async () => {
  const { repository } = open()
  await add(repository, 'a', 1, 2)

  const audit = await repository.audit(defineAggregate({ ...broken, stateVersion: 2 }))

  expect(audit).toEqual({ streams: 1, snapshots: 0, ignored: 1, drifts: [] })
})

test('an audit looks at all of many streams', async () => {
  const { repository } = open()
  for (let id = 0; id < 30; id++) await add(repository, String(id), 1, 7)

  const { streams, snapshots, drifts } = await repository.audit(broken)

  expect([streams, snapshots, drifts.length]).toEqual([30, 30, 30])
})

test('an audit of a repository without snapshots is refused', async () => {
  const { full } = open()

  await expect(full.audit(counter)).rejects.toThrow('This repository keeps no snapshots')
})
