import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { SharedFeed } from '../../src/projections/lanes/shared-feed.ts'
import { pagesOf, range } from '../../src/testing/contracts/event-store/reading.ts'
import { eventually } from '../faults/eventually.ts'
import {
  Consumer,
  logOf,
  neverAborted,
  pageAt,
  positionsOf,
  type CountedLog,
} from './shared-feed-fixture.ts'

const TEN = range(1, 10)

describe('consumers that keep up', () => {
  test('are served by one reading, with the very same pages', async () => {
    const log = await logOf(100)
    await pagesOf(log.upTo(100, { pageSize: 5 }).pages(undefined, neverAborted()))
    const alone = log.reads
    const feed = log.upTo(100, { pageSize: 5 })

    const taken = await Promise.all(TEN.map(() => pagesOf(feed.pages(undefined, neverAborted()))))

    expect(log.reads - alone).toBe(alone)
    expect(log.begun).toBe(2)
    expect(taken.every((pages) => pages.every((page, index) => page === taken[0]?.[index]))).toBe(
      true,
    )
    expect(taken[9]?.flatMap(positionsOf)).toEqual(range(1, 100))
  })

  test('cost no more queries than one that follows the log alone', async () => {
    const alone = await readsOfFollowing(1)
    const together = await readsOfFollowing(10)

    expect(together).toBeLessThanOrEqual(1.2 * alone)
  })

  test('get the rest of a page within which they begin', async () => {
    const log = await logOf(30)
    const feed = log.following({ pageSize: 10 })
    const first = new Consumer(feed)
    await first.page()

    const second = new Consumer(feed, await log.at(4))
    const pages = [await second.page(), await second.page()]

    expect(pages.map(positionsOf)).toEqual([range(5, 10), range(11, 20)])
    expect(pages[1]).toBe(await first.page())
    expect(log.begun).toBe(1)
    await Promise.all([first.leave(), second.leave()])
  })

  test('begin anywhere and end in one reading, each with all events after its checkpoint', async () => {
    const log = await logOf(200)
    const feed = log.following({ pageSize: 5 })
    const begins = [150, 0, 199, 70, 200, 3, 0, 150]
    const consumers = await consumersAt(feed, log, begins)

    const taken = Promise.all(consumers.map((consumer) => consumer.upTo(205)))
    await sleep(20)
    await log.append(5)

    expect(await taken).toEqual(begins.map((begin) => range(begin + 1, 205)))
    expect(log.open).toBe(1)
    await Promise.all(consumers.map((consumer) => consumer.leave()))
    expect(log.open).toBe(0)
  })

  test('wait a moment for one that begins a little behind', async () => {
    const log = await logOf(2000)
    const feed = log.upTo(2000, { pageSize: 5, patienceMs: 2000 })
    const ahead = new Consumer(feed)
    await ahead.upTo(300)

    const behind = new Consumer(feed)
    await Promise.all([ahead.upTo(2000), behind.upTo(2000)])

    expect(log.reads).toBeLessThan(400 + 60 + 20)
    await Promise.all([ahead.leave(), behind.leave()])
  })

  test('are as slow as each other without being parted', async () => {
    const log = await logOf(20)
    const feed = log.upTo(20, { pageSize: 1, patienceMs: 10 })

    await Promise.all([slowly(feed, 15), slowly(feed, 15)])

    expect(log.begun).toBe(1)
  })
})

describe('a consumer that does not keep up', () => {
  test('holds up others once, for a moment, and misses nothing', async () => {
    const log = await logOf(300)
    const feed = log.following({ pageSize: 5 })
    const [stuck, other] = [new Consumer(feed), new Consumer(feed)]
    const [first] = await Promise.all([stuck.page(), other.page()])
    const begun = performance.now()

    await other.upTo(300)
    const elapsedMs = performance.now() - begun

    expect(elapsedMs).toBeGreaterThan(90)
    expect(elapsedMs).toBeLessThan(1000)
    expect([...positionsOf(first), ...(await stuck.upTo(300))]).toEqual(range(1, 300))
    await Promise.all([stuck.leave(), other.leave()])
  })

  test('joins the others again where it meets them', async () => {
    const log = await logOf(300)
    const feed = log.following({ pageSize: 5, patienceMs: 5 })
    const [slow, other] = [new Consumer(feed), new Consumer(feed)]
    await Promise.all([slow.page(), other.upTo(300)])

    await slow.upTo(300)
    const before = log.reads
    const live = Promise.all([slow.page(), other.page()])
    await log.append(1)

    const [page, same] = await live
    expect(page).toBe(same)
    expect(log.begun).toBe(2)
    expect(log.open).toBe(1)
    expect(log.reads - before).toBeLessThanOrEqual(3)
    await Promise.all([slow.leave(), other.leave()])
  })

  test('has one page read ahead when it is alone, else four', async () => {
    const { feed, asked } = endlessFeed()
    const alone = new Consumer(feed)
    await alone.page()
    await eventually(() => asked() >= 2)
    await sleep(10)
    const askedAlone = asked()

    const other = new Consumer(feed)
    await other.page()
    await eventually(() => asked() >= 5)
    await sleep(10)

    expect(askedAlone).toBe(2)
    expect(asked()).toBe(5)
    await Promise.all([alone.leave(), other.leave()])
  })
})

describe('a log that was set back', () => {
  test('is shown to whose checkpoint is lost, though another reads on at its position', async () => {
    const log = await logOf(20)
    const feed = log.following({ pageSize: 10 })
    const other = new Consumer(feed)
    await other.page()
    const place = await log.at(7)

    const lost = new Consumer(feed, place && { ...place, eventId: 'another' })

    await expect(lost.page()).rejects.toMatchObject({ code: 'STORE_REWOUND' })
    expect(positionsOf(await other.page())).toEqual(range(11, 20))
    await other.leave()
  })

  test('is shown to whose checkpoint is lost and lies ahead of all others', async () => {
    const log = await logOf(20)
    const feed = log.following({ pageSize: 1 })
    const other = new Consumer(feed)
    await other.page()
    const place = await log.at(20)

    const lost = new Consumer(feed, place && { ...place, eventId: 'another' })
    const outcome = lost.page()

    await expect(outcome).rejects.toMatchObject({ code: 'STORE_REWOUND' })
    expect(await other.upTo(20)).toEqual(range(2, 20))
    await other.leave()
  })
})

async function consumersAt(
  feed: SharedFeed,
  log: CountedLog,
  begins: readonly number[],
): Promise<readonly Consumer[]> {
  const places = await Promise.all(begins.map((begin) => log.at(begin)))
  return places.map((place) => new Consumer(feed, place))
}

/** How many pages are asked for until all have followed a log of 500 events and 20 appends. */
async function readsOfFollowing(count: number): Promise<number> {
  const log = await logOf(500)
  const feed = log.following({ pageSize: 20 })
  const consumers = Array.from({ length: count }, () => new Consumer(feed))
  await Promise.all(consumers.map((consumer) => consumer.upTo(500)))
  for (let end = 501; end <= 520; end++) {
    await log.append(1)
    await Promise.all(consumers.map((consumer) => consumer.upTo(end)))
  }
  await Promise.all(consumers.map((consumer) => consumer.leave()))
  return log.reads
}

async function slowly(feed: SharedFeed, pauseMs: number): Promise<void> {
  for await (const page of feed.pages(undefined, neverAborted())) await sleep(pauseMs, page)
}

/** A feed over a log without an end, and how many pages were asked for. */
function endlessFeed(): { readonly feed: SharedFeed; readonly asked: () => number } {
  let asked = 0
  const feed = new SharedFeed(async function* () {
    for (;;) yield pageAt(++asked)
  })
  return { feed, asked: () => asked }
}
