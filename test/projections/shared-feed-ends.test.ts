import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { SharedFeed } from '../../src/projections/lanes/shared-feed.ts'
import { pagesOf, range } from '../../src/testing/contracts/event-store/reading.ts'
import { Consumer, logOf, neverAborted, pageAt, positionsOf } from './shared-feed-fixture.ts'

describe('a reading', () => {
  test('that fails tells all after the pages before, and the next call begins anew', async () => {
    const { feed, begun } = failingFeed(2)
    const [one, two] = [new Consumer(feed), new Consumer(feed)]
    await Promise.all([one.page(), two.page(), one.page(), two.page()])

    await expect(one.page()).rejects.toThrow('The log is gone.')
    await expect(two.page()).rejects.toThrow('The log is gone.')
    const next = new Consumer(feed)
    await next.page()

    expect(begun()).toBe(2)
    await next.leave()
  })

  test('that cannot begin tells so', async () => {
    const feed = new SharedFeed(() => {
      throw new TypeError('No such log.')
    })

    await expect(new Consumer(feed).page()).rejects.toThrow('No such log.')
  })

  test('that fails while it is ended concerns nobody', async () => {
    const feed = new SharedFeed(async function* () {
      try {
        for (let position = 1; ; position++) yield pageAt(position)
      } finally {
        await Promise.reject(new Error('Too late.'))
      }
    })
    const one = new Consumer(feed)
    await one.page()

    await expect(one.leave()).resolves.toBeUndefined()
  })

  test('ends for all where the log is to be read to', async () => {
    const log = await logOf(30)
    const feed = log.upTo(20, { pageSize: 3 })
    const pages = [0, 11, 20, 5].map(async (begin) =>
      pagesOf(feed.pages(await log.at(begin), neverAborted())),
    )

    const taken = await Promise.all(pages)

    const positions = taken.map((all) => all.flatMap(positionsOf))
    expect(positions).toEqual([range(1, 20), range(12, 20), [], range(6, 20)])
    expect(log.open).toBe(0)
  })

  test('ends with the last who leaves, and begins anew after that', async () => {
    const log = await logOf(20)
    const feed = log.following({ pageSize: 5 })
    const [one, two] = [new Consumer(feed), new Consumer(feed)]
    await Promise.all([one.page(), two.page()])

    await one.leave()
    expect(log.open).toBe(1)
    await two.leave()
    expect(log.open).toBe(0)

    const three = new Consumer(feed, await log.at(5))
    expect(positionsOf(await three.page())).toEqual(range(6, 10))
    await three.leave()
  })
})

describe('an abort', () => {
  test('throws its reason to one while the others read on', async () => {
    const log = await logOf(5)
    const feed = log.following()
    const [one, two] = [new Consumer(feed), new Consumer(feed)]
    await Promise.all([one.page(), two.page()])
    const reason = new Error('The lane was taken.')
    const [aborted, live] = [one.page(), two.page()]

    one.abort(reason)

    await expect(aborted).rejects.toBe(reason)
    await log.append(1)
    expect(positionsOf(await live)).toEqual([6])
    await two.leave()
    expect([one, two].map(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([[], []])
    expect(log.open).toBe(0)
  })

  test('throws its reason before pages that wait to be taken', async () => {
    const log = await logOf(20)
    const one = new Consumer(log.following({ pageSize: 5 }))
    await one.page()
    await turn()

    one.abort(new Error('Stopped.'))

    await expect(one.page()).rejects.toThrow('Stopped.')
    expect(log.open).toBe(0)
  })
})

/** A feed over a log that fails after some pages, and how often it was begun. */
function failingFeed(pages: number): { readonly feed: SharedFeed; readonly begun: () => number } {
  let begun = 0
  const feed = new SharedFeed(async function* () {
    begun++
    for (let position = 1; position <= pages; position++) yield pageAt(position)
    throw new Error('The log is gone.')
  })
  return { feed, begun: () => begun }
}
