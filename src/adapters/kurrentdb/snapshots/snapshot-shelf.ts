import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StreamId } from '../../../event-store/stream-id.ts'
import type { SnapshotBounds } from '../../../snapshots/snapshot-store.ts'
import type { Snapshot } from '../../../snapshots/snapshot.ts'
import { sendEvents } from '../appending/send-append.ts'
import type { KurrentReader } from '../reading/kurrent-reader.ts'
import { recordData, recordOf, type Kept, type SnapshotRecord } from './snapshot-record.ts'

/**
 * The snapshots of one stream, in a stream of their own. Its last record tells which are kept: they are the last records. A newer snapshot is one record more; where that
 * would not bring the kept ones to the end in their order, all are written again, in one append. Each append expects the stream to be as it was read.
 */
export class SnapshotShelf {
  readonly #reader: KurrentReader
  readonly #streamId: StreamId
  readonly #name: StreamId

  constructor(reader: KurrentReader, streamId: StreamId) {
    this.#reader = reader
    this.#streamId = streamId
    this.#name = `-snapshots-${streamId}` as StreamId
  }

  async find(bounds: SnapshotBounds): Promise<Snapshot | undefined> {
    const last = await this.#last()
    if (last?.snapshot === undefined) return undefined
    const { fingerprint } = bounds
    const fits = (snapshot: Snapshot): boolean => snapshot.fingerprint === fingerprint
    if (isWithin(last.snapshot, bounds) && fits(last.snapshot)) return last.snapshot
    const within = (await this.#kept(last)).filter((each) => isWithin(each, bounds)).reverse()
    return within.find(fits) ?? within[0]
  }

  async save(snapshot: Snapshot, keep: number): Promise<void> {
    await this.#change(async (last) => {
      if (last !== undefined && last.bound !== keep) await this.#cut(last, keep)
      const versions = last?.versions ?? []
      const { version } = snapshot
      const isOlderThanAll = versions.length >= keep && version < (versions.at(-keep) ?? 0)
      if (isOlderThanAll) return 'unchanged'
      const isNewest = version > (versions.at(-1) ?? 0)
      const others = isNewest || last === undefined ? [] : await this.#kept(last)
      const byVersion = new Map([...others, snapshot].map((each) => [each.version, each] as const))
      const snapshots = [...byVersion.values()].sort(oldestFirst).slice(-keep)
      const kept = isNewest ? [...versions, version] : snapshots.map((each) => each.version)
      // Of a new stream nothing is cut yet, and a crash may leave it so: the next one does it.
      const bound = last === undefined ? undefined : keep
      return { snapshots, versions: kept.slice(-keep), bound }
    })
  }

  async delete(version: number | undefined): Promise<void> {
    const last = await this.#change(async (before) => {
      if (before === undefined) return 'unchanged'
      const { versions, bound } = before
      const left = version === undefined ? [] : versions.filter((each) => each !== version)
      if (left.length === versions.length) return 'unchanged'
      const kept = left.length === 0 ? [] : await this.#kept(before)
      const snapshots = kept.filter((each) => left.includes(each.version))
      return { snapshots, versions: snapshots.map((each) => each.version), bound }
    })
    // What was removed is to go for good at the next scavenge.
    if (last !== undefined) await this.#cut(last, last.bound)
  }

  /** Changes what is kept, on top of whatever came in between. Gives the last record then; undefined: there is none. */
  async #change(
    change: (last: SnapshotRecord | undefined) => Promise<Change | 'unchanged'>,
  ): Promise<SnapshotRecord | undefined> {
    for (let races = 0; ; races++) {
      const last = await this.#last()
      const changed = await change(last)
      if (changed === 'unchanged') return last
      const revision = await this.#append(last, changed)
      if (revision !== undefined) {
        const { snapshots, versions, bound } = changed
        return { snapshot: snapshots.at(-1), versions, bound, revision }
      }
      await sleep(Math.random() * Math.min(50, 5 * races))
    }
  }

  /** The last revision then; undefined: somebody else was first. */
  async #append(
    last: SnapshotRecord | undefined,
    { snapshots, ...kept }: Change,
  ): Promise<bigint | undefined> {
    const records = snapshots.length === 0 ? [undefined] : snapshots
    const sent = await sendEvents(
      this.#reader.client,
      {
        streamId: this.#name,
        events: records.map((snapshot) => recordData(snapshot, kept)),
        expectation: last?.revision ?? 'no_stream',
      },
      this.#reader.timeoutMs,
    )
    return sent.status === 'written' ? sent.result.nextExpectedRevision : undefined
  }

  /** Lets the server forget what is kept no more: in what it reads at once, on its disk at the next scavenge. */
  async #cut({ revision, versions }: SnapshotRecord, maxCount: number | undefined): Promise<void> {
    const first = revision - BigInt(Math.max(versions.length, 1) - 1)
    const data = {
      $tb: Number(first),
      ...(maxCount !== undefined && { $maxCount: maxCount }),
    }
    await sendEvents(
      this.#reader.client,
      {
        streamId: `$$${this.#name}` as StreamId,
        events: [
          {
            id: randomUUID(),
            contentType: 'application/json',
            type: '$metadata',
            data,
            metadata: {},
          },
        ],
        expectation: 'any',
      },
      this.#reader.timeoutMs,
    )
  }

  async #last(): Promise<SnapshotRecord | undefined> {
    const [last] = await this.#records('end', 1)
    return last
  }

  /** The kept snapshots, oldest first: fewer when others have been written meanwhile, and the server has cut these. */
  async #kept(last: SnapshotRecord): Promise<Snapshot[]> {
    const { revision, versions } = last
    const more = versions.length - 1
    const older = more > 0 && revision > 0n ? await this.#records(revision - 1n, more) : []
    return [last, ...older].flatMap(({ snapshot }) => snapshot ?? []).sort(oldestFirst)
  }

  /** Newest first. */
  async #records(from: 'end' | bigint, maxCount: number): Promise<SnapshotRecord[]> {
    const records: SnapshotRecord[] = []
    await this.#reader.stream(
      this.#name,
      { from, direction: 'backwards', maxCount },
      ({ event }) => {
        const record = event && recordOf(this.#streamId, event)
        if (record !== undefined) records.push(record)
        return true
      },
    )
    return records
  }
}

interface Change extends Kept {
  /** What is written, oldest first. */
  readonly snapshots: readonly Snapshot[]
}

const oldestFirst = (one: Snapshot, other: Snapshot): number => one.version - other.version

function isWithin(snapshot: Snapshot, bounds: SnapshotBounds): boolean {
  const { maxVersion = Infinity, maxRecordedAtMs = Infinity, maxOccurredAtMs = Infinity } = bounds
  return (
    snapshot.version <= maxVersion &&
    snapshot.recordedAtMs <= maxRecordedAtMs &&
    snapshot.occurredAtMs <= maxOccurredAtMs
  )
}
