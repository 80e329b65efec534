import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { LogPage } from '../../src/event-store/event-reader.ts'
import { partOf } from '../../src/event-store/stream-partition.ts'
import { Consumer, CountedLog } from './shared-feed-fixture.ts'

const PATIENCE_MS = 20

test('a consumer alone has its own part read only', async () => {
  const log = await logOfParts(40)
  const consumer = new Consumer(log.following({ pageSize: 5 }), undefined, part(1))

  const events = await eventsUpTo(consumer, 40)

  expect(new Set(events.map(partNumber))).toEqual(new Set([1]))
  expect(events).toHaveLength(20)
  await consumer.leave()
})

test('consumers of different parts end in one reading, each with all events of its own', async () => {
  const log = await logOfParts(200)
  const feed = log.following({ pageSize: 5, patienceMs: 5000 })
  const places = [undefined, await log.at(90), await log.at(200), undefined]
  const consumers = places.map((place, index) => new Consumer(feed, place, part(index % 2)))

  const taken = Promise.all(consumers.map((consumer) => eventsUpTo(consumer, 210)))
  for (let more = 0; more < 10; more++) {
    await sleep(5)
    await log.append(1, 'Counted', counterOf(more % 2))
  }

  const own = (await taken).map((events, index) =>
    events.filter((event) => partNumber(event) === index % 2),
  )
  expect(own.map(({ length }) => length)).toEqual([105, 60, 5, 105])
  expect(log.open).toBe(1)
  await Promise.all(consumers.map((consumer) => consumer.leave()))
  expect(log.open).toBe(0)
})

test('what nobody wants any more is not read after a while', async () => {
  const log = await logOfParts(20)
  const feed = log.following({ pageSize: 5, patienceMs: PATIENCE_MS })
  const [leaving, staying] = [0, 1].map((number) => new Consumer(feed, undefined, part(number)))
  await Promise.all(
    [leaving, staying].map(async (consumer) => consumer && eventsUpTo(consumer, 20)),
  )
  await leaving?.leave()
  if (staying === undefined) return

  let last: readonly LogPage['events'][number][] = []
  for (let end = 22; end <= 30; end += 2) {
    await sleep(PATIENCE_MS)
    await log.append(1, 'Counted', counterOf(0))
    await log.append(1, 'Counted', counterOf(1))
    last = await eventsUpTo(staying, end)
  }

  expect(last.map(partNumber)).toEqual([1])
  await staying.leave()
})

const part = (number: number) => ({ count: 2, parts: [number] })

const partNumber = ({ streamId }: LogPage['events'][number]): number => partOf(streamId, 2)

/** A counter of each part. */
const counters = [0, 1].map((number) =>
  Array.from({ length: 50 }, (_, counter) => counter).find(
    (counter) => partOf(`counter-${counter}`, 2) === number,
  ),
)

const counterOf = (number: number): number => counters[number] ?? 0

/** A log whose events are of each part by turns. */
async function logOfParts(events: number): Promise<CountedLog> {
  const log = new CountedLog()
  for (let event = 0; event < events; event++) await log.append(1, 'Counted', counterOf(event % 2))
  return log
}

async function eventsUpTo(consumer: Consumer, position: number) {
  const events: LogPage['events'][number][] = []
  for (;;) {
    const page = await consumer.page()
    events.push(...page.events)
    if (page.through.position >= BigInt(position)) return events
  }
}
