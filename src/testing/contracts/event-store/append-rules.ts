import assert from 'node:assert/strict'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, deposited, deposits, noted, opened } from './contract-events.ts'
import { eventsOf, range, versionsOf } from './reading.ts'

/** Numbering, expected versions, and all or nothing. */
export function addAppendRules(rule: EventStoreRule): void {
  rule('numbers the first event of a stream 1', async ({ store }) => {
    const { version } = await store.append(anyAccount(), [opened('Ada')], {
      expectedVersion: 'no-stream',
    })

    assert.equal(version, 1)
  })

  rule('numbers the events of a stream without gaps, append after append', async ({ store }) => {
    const account = anyAccount()

    await store.append(account, [opened('Ada'), deposited(1)], { expectedVersion: 'no-stream' })
    const { version } = await store.append(account, deposits(3), { expectedVersion: 2 })

    assert.equal(version, 5)
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(account))), range(1, 5))
  })

  rule(
    'answers with a rising position for each event and the last one again',
    async ({ store }) => {
      const account = anyAccount()

      const first = await store.append(account, deposits(3), { expectedVersion: 'no-stream' })
      const second = await store.append(account, deposits(1), { expectedVersion: 3 })

      const positions = [...first.positions, ...second.positions]
      const events = await eventsOf(store.readStream(account))
      assert.deepEqual(
        positions,
        events.map(({ position }) => position),
      )
      assert.deepEqual(positions, positions.toSorted(ascending))
      assert.equal(new Set(positions).size, 4)
      assert.equal(first.position, first.positions[2])
      assert.equal(second.position, second.positions[0])
    },
  )

  rule('writes appends to one stream in the order of their calls', async ({ store }) => {
    const account = anyAccount()
    const options = { expectedVersion: 'any' } as const

    await Promise.all(
      range(1, 40).flatMap((cents) => [
        store.append(account, [deposited(cents)], options),
        store.append(anyAccount(), [deposited(cents)], options),
      ]),
    )

    const events = await eventsOf(store.readStream(account))
    assert.deepEqual(
      events.map(({ data }) => data),
      range(1, 40).map((cents) => ({ cents })),
    )
  })

  rule(
    'gives the reason of a signal that aborted before, and writes nothing',
    async ({ store }) => {
      const account = anyAccount()
      const signal = AbortSignal.abort(new Error('Enough.'))

      const append = store.append(account, [opened('Ada')], { expectedVersion: 'any', signal })

      await assert.rejects(append, { message: 'Enough.' })
      assert.deepEqual(await eventsOf(store.readStream(account)), [])
    },
  )

  rule('takes 0 as the version of an unwritten stream', async ({ store }) => {
    const { version } = await store.append(anyAccount(), [opened('Ada')], { expectedVersion: 0 })

    assert.equal(version, 1)
  })

  rule('refuses expected version 0 on a written stream', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada')], { expectedVersion: 'no-stream' })

    const append = store.append(account, [deposited(1)], { expectedVersion: 0 })

    await assert.rejects(append, { code: 'WRONG_EXPECTED_VERSION', expected: 0, actual: 1 })
  })

  rule('refuses an append whose expected version is stale', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada'), deposited(100)], { expectedVersion: 'no-stream' })

    const stale = store.append(account, [deposited(1)], { expectedVersion: 1 })

    await assert.rejects(stale, {
      code: 'WRONG_EXPECTED_VERSION',
      streamId: account,
      expected: 1,
      actual: 2,
    })
  })

  rule('refuses an append whose expected version is ahead of the stream', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada')], { expectedVersion: 'no-stream' })

    const ahead = store.append(account, [deposited(1)], { expectedVersion: 2 })

    await assert.rejects(ahead, { code: 'WRONG_EXPECTED_VERSION', expected: 2, actual: 1 })
  })

  rule('refuses the greatest version there is, like any other ahead', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada')], { expectedVersion: 'no-stream' })
    const expectedVersion = 2 ** 31 - 1

    const ahead = store.append(account, [deposited(1)], { expectedVersion })
    const several = store.append(account, deposits(2), { expectedVersion })

    const facts = { code: 'WRONG_EXPECTED_VERSION', expected: expectedVersion, actual: 1 }
    await Promise.all([assert.rejects(ahead, facts), assert.rejects(several, facts)])
  })

  rule('refuses a version on an unwritten stream', async ({ store }) => {
    const ahead = store.append(anyAccount(), [deposited(1)], { expectedVersion: 1 })

    await assert.rejects(ahead, { code: 'WRONG_EXPECTED_VERSION', expected: 1, actual: 0 })
  })

  rule("refuses 'no-stream' on a written stream", async ({ store }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada')], { expectedVersion: 'no-stream' })

    const append = store.append(account, [opened('Bob')], { expectedVersion: 'no-stream' })

    await assert.rejects(append, {
      code: 'WRONG_EXPECTED_VERSION',
      expected: 'no-stream',
      actual: 1,
    })
  })

  rule("accepts 'stream-exists' on a written stream at any version", async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(3), { expectedVersion: 'no-stream' })

    const { version } = await store.append(account, [deposited(1)], {
      expectedVersion: 'stream-exists',
    })

    assert.equal(version, 4)
  })

  rule("refuses 'stream-exists' on an unwritten stream", async ({ store }) => {
    const append = store.append(anyAccount(), [deposited(1)], { expectedVersion: 'stream-exists' })

    await assert.rejects(append, {
      code: 'WRONG_EXPECTED_VERSION',
      expected: 'stream-exists',
      actual: 0,
    })
  })

  rule("accepts 'any' on a written and on an unwritten stream", async ({ store }) => {
    const account = anyAccount()

    const first = await store.append(account, [deposited(1)], { expectedVersion: 'any' })
    const second = await store.append(account, [deposited(1)], { expectedVersion: 'any' })

    assert.deepEqual([first.version, second.version], [1, 2])
  })

  rule('writes nothing of a refused append', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada')], { expectedVersion: 'no-stream' })
    const before = await store.head()

    const stale = store.append(account, deposits(3), { expectedVersion: 7 })

    await assert.rejects(stale, { code: 'WRONG_EXPECTED_VERSION' })
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(account))), [1])
    assert.deepEqual(await store.head(), before)
  })

  rule('writes nothing of a batch that holds a bad event', async ({ store }) => {
    const account = anyAccount()
    const before = await store.head()
    const batch = [opened('Ada'), deposited(1), noted(10n)]

    const append = store.append(account, batch, { expectedVersion: 'no-stream' })

    await assert.rejects(append, { code: 'NOT_JSON' })
    assert.deepEqual(await eventsOf(store.readStream(account)), [])
    assert.deepEqual(await store.head(), before)
  })

  rule('goes on after a refused append as if it had never been tried', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada')], { expectedVersion: 'no-stream' })
    const stale = store.append(account, [deposited(1)], { expectedVersion: 0 })
    await assert.rejects(stale, { code: 'WRONG_EXPECTED_VERSION' })

    const { version } = await store.append(account, [deposited(1)], { expectedVersion: 1 })

    assert.equal(version, 2)
  })

  rule('answers an append of no events with the version of the stream', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(2), { expectedVersion: 'no-stream' })
    const before = await store.head()

    const result = await store.append(account, [], { expectedVersion: 2 })

    assert.deepEqual(result, {
      version: 2,
      position: undefined,
      positions: [],
      recordedAt: undefined,
    })
    assert.deepEqual(await store.head(), before)
  })

  rule('checks the expected version of an append of no events', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(2), { expectedVersion: 'no-stream' })

    const stale = store.append(account, [], { expectedVersion: 1 })

    await assert.rejects(stale, { code: 'WRONG_EXPECTED_VERSION', expected: 1, actual: 2 })
  })

  rule(
    "refuses an append of no events under 'no-stream' on a written stream",
    async ({ store }) => {
      const account = anyAccount()
      await store.append(account, deposits(2), { expectedVersion: 'no-stream' })

      const append = store.append(account, [], { expectedVersion: 'no-stream' })

      await assert.rejects(append, { code: 'WRONG_EXPECTED_VERSION', actual: 2 })
    },
  )

  rule('keeps streams apart whose ids differ in case, accents or spaces', async ({ store }) => {
    const account = anyAccount()
    const similar = ['A', 'a', 'á', 'a ', 'a\u0301'].map((end) => `${account}${end}` as const)

    const results = await Promise.all(
      similar.map((id) =>
        store.append(id as typeof account, [opened(id)], { expectedVersion: 'no-stream' }),
      ),
    )

    assert.deepEqual(
      results.map(({ version }) => version),
      [1, 1, 1, 1, 1],
    )
  })
}

const ascending = (one: bigint, other: bigint): number => (one < other ? -1 : 1)
