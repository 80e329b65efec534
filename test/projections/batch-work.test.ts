import { expect, test } from '@jest/globals'
import { globalPosition } from '../../src/event-store/global-position.ts'
import { streamId, type RecordedEvent } from '../../src/index.ts'
import { BatchWork } from '../../src/projections/batches/batch-work.ts'
import type { WorkedLane } from '../../src/projections/lanes/lane-work.ts'

test('gives all events of a page as one batch', async () => {
  expect(await batchOf([1, 2, 3], [])).toEqual([1, 2, 3])
})

test('gives half of a batch that was refused', async () => {
  expect(await batchOf([1, 2, 3, 4, 5, 6, 7, 8], [8])).toEqual([1, 2, 3, 4])
})

test('gives half of what is left when the first half went well', async () => {
  expect(await batchOf([5, 6, 7, 8, 9], [8])).toEqual([5, 6])
})

test('gives half of the half that was refused, too', async () => {
  expect(await batchOf([5, 6, 7, 8], [8, 6])).toEqual([5])
})

test('gives the last event alone of a batch that was refused', async () => {
  expect(await batchOf([8, 9, 10], [8])).toEqual([8])
})

test('gives whole batches again behind the one that was refused', async () => {
  expect(await batchOf([9, 10, 11], [8])).toEqual([9, 10, 11])
})

test('keeps the parts of a position together', async () => {
  expect(await batchOf([1, 1, 1, 2, 2, 3], [3])).toEqual([1, 1, 1])
  expect(await batchOf([1, 1, 1], [1])).toEqual([1, 1, 1])
})

/** Positions of the batch that is given of events at some positions, where batches up to some others were refused. */
async function batchOf(
  positions: readonly number[],
  refused: readonly number[],
): Promise<readonly number[]> {
  const setAside = new Map(refused.map((end) => [`${end}`, new Error('refused')]))
  const work = new BatchWork({ policy: { onFailure: 'stop', setAside } } as unknown as WorkedLane<
    readonly RecordedEvent[]
  >)
  const events = positions.map((position) => ({ event: eventAt(position), keys: ['a'] }))
  const { documents, count } = await work.run(events)
  const [batch = []] = [...documents.values()].map(({ document }) => document)
  expect(count).toBe(batch.length)
  return batch.map(({ position }) => Number(position))
}

function eventAt(position: number): RecordedEvent {
  const at = { version: position, position: globalPosition(BigInt(position)), schemaVersion: 1 }
  const dates = { occurredAt: new Date(0), recordedAt: new Date(0) }
  const stream = { streamId: streamId('account', 'a'), id: `${position}`, metadata: {} }
  return { ...at, ...dates, ...stream, type: 'MoneyDeposited', data: {} }
}
