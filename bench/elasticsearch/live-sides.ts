import { setTimeout as sleep } from 'node:timers/promises'
import { project, ProjectionRunner, type Checkpoint, type GlobalPosition } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { newServerStore } from '../postgres/server.ts'
import { LIVE, liveRun } from '../projections/live-load.ts'
import { accountBalances, type AccountEvent, type Balance } from '../workload/account.ts'
import { foldByHand } from './bulk-floor.ts'
import {
  anyName,
  balancesOf,
  bulk,
  client,
  drop,
  linesOf,
  newIndex,
  readModel,
} from './elasticsearch.ts'

const POLL_MS = 5

/** Appends, waits for the read model that a runner in this process feeds, and gets the document. */
export const elasticsearchLiveSide: Side = {
  prepare: async () => {
    const { store } = await newServerStore()
    const index = anyName()
    const balances = readModel(index)
    const projections = [project(accountBalances).into(balances)]
    const runner = new ProjectionRunner({ store, projections })
    await runner.start()
    const { work, p50Ms, p99Ms } = liveRun(store, async (key, position) => {
      await balances.waitFor(position, { timeoutMs: 60_000 })
      return balances.get(key)
    })
    return {
      ...{ work, p50Ms },
      finish: async () => {
        await runner.stop()
        console.error(`  ours: p99 ${p99Ms().toFixed(1)} ms`)
        const [status] = await runner.status()
        const result = balancesResult(await balancesOf(index), status?.position)
        await drop(index)
        return result
      },
    }
  },
}

/** Appends by the package, and folds by hand: every 5 ms what is new is read and written in one bulk; then the document is got. */
export const elasticsearchLiveFloor: Side = {
  prepare: async () => {
    const { store } = await newServerStore()
    const index = await newIndex()
    const balances = new Map<string, Balance>()
    const waiting = new Set<{ readonly position: GlobalPosition; readonly resolve: () => void }>()
    let place: Checkpoint | undefined
    let written = 0n
    let isOver = false
    const poll = async (): Promise<void> => {
      while (!isOver) {
        const lines = new Map<string, string>()
        for await (const { events, through } of store.readAll({ after: place })) {
          for (const event of events) {
            const { streamId: key, position, id } = event
            const balance = foldByHand(balances.get(key), event as unknown as AccountEvent)
            balances.set(key, balance)
            lines.set(key, linesOf(key, balance, { position, id }))
          }
          place = through
        }
        if (lines.size > 0) await bulk(index, [...lines.values()].join(''))
        written = place?.position ?? 0n
        for (const each of waiting)
          if (each.position <= written) {
            waiting.delete(each)
            each.resolve()
          }
        await sleep(POLL_MS)
      }
    }
    const polling = poll()
    const { work, p50Ms, p99Ms } = liveRun(store, async (key, position) => {
      if (position > written)
        await new Promise<void>((resolve) => waiting.add({ position, resolve }))
      const { _source } = await client().get<Balance>({ index, id: key })
      return _source
    })
    return {
      ...{ work, p50Ms },
      finish: async () => {
        isOver = true
        await polling
        console.error(`  floor: p99 ${p99Ms().toFixed(1)} ms`)
        const result = balancesResult(await balancesOf(index), LIVE.events)
        await drop(index)
        return result
      },
    }
  },
}
