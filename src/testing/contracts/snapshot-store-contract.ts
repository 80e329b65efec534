import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { globalPosition, streamId, type Snapshot, type SnapshotStore } from '../../index.ts'
import { contract, type ContractSubject, type Rule, type TestRunner } from './contract.ts'

/**
 * What every `SnapshotStore` must do. Call it from the adapter's own test file.
 *
 * ```ts
 * snapshotStoreContract(jest, { name: 'memorySnapshotStore', open: () => memorySnapshotStore() })
 * ```
 */
export function snapshotStoreContract(
  runner: TestRunner,
  subject: ContractSubject<SnapshotStore>,
): void {
  contract(runner, 'SnapshotStore', subject, (rule) => {
    addFindRules(rule)
    addSaveRules(rule)
    addDeleteRules(rule)
  })
}

function addFindRules(rule: Rule<SnapshotStore>): void {
  rule('finds nothing of a stream that has no snapshots', async (store) => {
    assert.equal(await store.find(anyStream(), OURS), undefined)
  })

  rule('gives back what it was given', async (store) => {
    const state = JSON.stringify({
      text: 'é \u0000 \ud83d\ude00 "\\',
      list: [1.5, null, -1e-7],
      big: 'x'.repeat(2e6),
    })
    const snapshot: Snapshot = {
      ...snapshotAt(7),
      position: globalPosition(2n ** 63n - 1n),
      state,
      recordedAtMs: Date.UTC(2026, 1, 29, 23, 59, 59, 999),
      occurredAtMs: Date.UTC(-4712, 0, 1),
    }
    await store.save(snapshot, { keep: 3 })

    assert.deepEqual(await store.find(snapshot.streamId, OURS), snapshot)
  })

  rule('finds the newest snapshot of the stream, and of no other one', async (store) => {
    const stream = anyStream()
    await saveAll(store, stream, [3, 20, 100])
    await store.save(
      { ...snapshotAt(500), streamId: streamId('account', `${stream}-1`) },
      { keep: 3 },
    )

    assert.equal(await versionFound(store, stream), 100)
  })

  rule('keeps to all bounds, which are inclusive', async (store) => {
    const stream = anyStream()
    const times = [
      [10, 1000, 5000],
      [20, 2000, 4000],
      [30, 3000, 6000],
    ] as const
    for (const [version, recordedAtMs, occurredAtMs] of times)
      await store.save(
        { ...snapshotAt(version), streamId: stream, recordedAtMs, occurredAtMs },
        { keep: 3 },
      )
    const found = (bounds: Partial<Parameters<SnapshotStore['find']>[1]>) =>
      versionFound(store, stream, bounds)

    assert.equal(await found({ maxVersion: 30 }), 30)
    assert.equal(await found({ maxVersion: 29 }), 20)
    assert.equal(await found({ maxVersion: 9 }), undefined)
    assert.equal(await found({ maxVersion: 0 }), undefined)
    assert.equal(await found({ maxRecordedAtMs: 2000 }), 20)
    assert.equal(await found({ maxRecordedAtMs: 1999 }), 10)
    assert.equal(await found({ maxRecordedAtMs: -8.64e15 }), undefined)
    assert.equal(await found({ maxOccurredAtMs: 5999 }), 20)
    assert.equal(await found({ maxOccurredAtMs: 3999 }), undefined)
    assert.equal(await found({ maxOccurredAtMs: 8.64e15 }), 30)
    assert.equal(await found({ maxRecordedAtMs: 1500, maxOccurredAtMs: 4500 }), undefined)
    assert.equal(await found({ maxVersion: 15, maxOccurredAtMs: 9999 }), 10)
  })

  rule('prefers older snapshots with the fingerprint to newer ones with another', async (store) => {
    const stream = anyStream()
    await saveAll(store, stream, [10, 20])
    await store.save({ ...snapshotAt(30), streamId: stream, fingerprint: 'theirs' }, { keep: 3 })

    assert.equal(await versionFound(store, stream), 20)
    assert.equal(await versionFound(store, stream, { fingerprint: 'theirs' }), 30)
    assert.equal(await versionFound(store, stream, { fingerprint: 'of nobody' }), 30)
    assert.equal(await versionFound(store, stream, { fingerprint: 'theirs', maxVersion: 15 }), 10)
  })
}

function addSaveRules(rule: Rule<SnapshotStore>): void {
  rule('never lets an older snapshot take the place of a newer one', async (store) => {
    const stream = anyStream()
    await saveAll(store, stream, [20, 10])

    assert.equal(await versionFound(store, stream), 20)
    assert.equal(await versionFound(store, stream, { maxVersion: 19 }), 10)
  })

  rule('keeps as many as it is told, those of the greatest versions', async (store) => {
    const stream = anyStream()
    await saveAll(store, stream, [2, 10, 1, 9, 100])

    assert.deepEqual(await versionsKept(store, stream), [100, 10, 9])
    await store.save({ ...snapshotAt(101), streamId: stream }, { keep: 1 })
    assert.deepEqual(await versionsKept(store, stream), [101])
    await store.save({ ...snapshotAt(50), streamId: stream }, { keep: 1 })
    assert.deepEqual(await versionsKept(store, stream), [101])
  })

  rule('replaces the snapshot of the same version', async (store) => {
    const stream = anyStream()
    await saveAll(store, stream, [5, 10])
    const other = { ...snapshotAt(10), streamId: stream, state: '{"cents":7}', occurredAtMs: 1 }
    await store.save({ ...other, fingerprint: 'theirs' }, { keep: 2 })

    assert.deepEqual(await store.find(stream, { fingerprint: 'theirs' }), {
      ...other,
      fingerprint: 'theirs',
    })
    assert.deepEqual(await versionsKept(store, stream, 'theirs'), [10, 5])
  })

  rule('finds the newest of many that are saved at the same moment', async (store) => {
    const stream = anyStream()
    const versions = Array.from({ length: 20 }, (_, index) => index + 1)
    const shuffled = versions.toSorted((one, other) => ((one * 7) % 20) - ((other * 7) % 20))

    await Promise.all(
      shuffled.map((version) =>
        store.save({ ...snapshotAt(version), streamId: stream }, { keep: 3 }),
      ),
    )
    await store.save({ ...snapshotAt(21), streamId: stream }, { keep: 3 })

    assert.deepEqual(await versionsKept(store, stream), [21, 20, 19])
  })
}

function addDeleteRules(rule: Rule<SnapshotStore>): void {
  rule('removes one snapshot, and leaves the others', async (store) => {
    const stream = anyStream()
    await saveAll(store, stream, [10, 20, 30])

    await store.delete(stream, 20)
    await store.delete(stream, 25)

    assert.deepEqual(await versionsKept(store, stream), [30, 10])
  })

  rule('removes all snapshots of a stream, and of no other one', async (store) => {
    const [stream, other] = [anyStream(), anyStream()]
    await saveAll(store, stream, [10, 20])
    await saveAll(store, other, [10])

    await store.delete(stream)
    await store.delete(anyStream())

    assert.deepEqual(await versionsKept(store, stream), [])
    assert.deepEqual(await versionsKept(store, other), [10])
  })
}

const OURS = { fingerprint: 'ours' } as const

const anyStream = () => streamId('account', randomUUID())

const snapshotAt = (version: number): Snapshot => ({
  streamId: anyStream(),
  version,
  position: globalPosition(version * 10),
  eventId: randomUUID(),
  state: JSON.stringify({ cents: version }),
  fingerprint: 'ours',
  recordedAtMs: version * 1000,
  occurredAtMs: version * 1000,
})

async function saveAll(
  store: SnapshotStore,
  stream: Snapshot['streamId'],
  versions: readonly number[],
): Promise<void> {
  for (const version of versions)
    await store.save({ ...snapshotAt(version), streamId: stream }, { keep: 3 })
}

async function versionFound(
  store: SnapshotStore,
  stream: Snapshot['streamId'],
  bounds: Partial<Parameters<SnapshotStore['find']>[1]> = {},
): Promise<number | undefined> {
  return (await store.find(stream, { ...OURS, ...bounds }))?.version
}

/** Newest first. */
async function versionsKept(
  store: SnapshotStore,
  stream: Snapshot['streamId'],
  fingerprint = 'of nobody',
): Promise<readonly number[]> {
  const versions: number[] = []
  let maxVersion: number | undefined
  for (;;) {
    const found = await store.find(stream, { fingerprint, maxVersion })
    if (found === undefined) return versions
    versions.push(found.version)
    maxVersion = found.version - 1
  }
}
