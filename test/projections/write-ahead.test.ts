import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import type { ProjectionRunner } from '../../src/index.ts'
import type { Balance } from '../domain/account.ts'
import { altered, append, deposited, openStore, runnerOf } from './runner-fixture.ts'

class SinkBrokenError extends Error {}

const LOAD_MS = 150

/** A sink that commits once, and then fails so long after it was told to, and what it was told to write ahead. */
function broken({ failMs, ahead }: { readonly failMs: number; readonly ahead: Promise<void> }) {
  const told: string[][] = []
  let commits = 0
  const model = altered(new MemoryReadModel<Balance>(), (inner) => ({
    commit: async (build, step, changes) => {
      if (commits++ === 0) return inner.commit(build, step, changes)
      await sleep(failMs)
      throw new SinkBrokenError()
    },
    load: async (build, keys) => {
      await sleep(LOAD_MS)
      return inner.load(build, keys)
    },
    writeAhead: (_build, _lane, { writes }) => {
      told.push(writes.map(({ key }) => key))
      return ahead
    },
  }))
  return { model, told }
}

/** Everything before `ids` is folded: documents are loaded from now on. */
async function runnerBefore(model: ReturnType<typeof broken>['model'], ids: readonly string[]) {
  const store = openStore()
  const runner = (): ProjectionRunner => runnerOf(store, model, undefined, { pageSize: 1 })
  await append(store, 'first', deposited(1))
  await runner().runUntilCaughtUp()
  for (const id of ids) await append(store, id, deposited(1))
  return runner()
}

test('a runner ends only when nothing is written ahead any more', async () => {
  let settle: () => void = () => undefined
  const ahead = new Promise<void>((resolve) => {
    settle = resolve
  })
  const { model, told } = broken({ failMs: 3 * LOAD_MS, ahead })
  const runner = await runnerBefore(model, ['a', 'b'])
  let isOver = false

  const run = runner.runUntilCaughtUp().finally(() => {
    isOver = true
  })
  run.catch(() => undefined)
  await sleep(6 * LOAD_MS)
  const wasOver = isOver
  settle()

  await expect(run).rejects.toThrow(SinkBrokenError)
  expect(told).toEqual([['account-b']])
  expect(wasOver).toBe(false)
})

test('nothing is written ahead of a commit that has failed already', async () => {
  const { model, told } = broken({ failMs: LOAD_MS / 3, ahead: Promise.resolve() })
  const runner = await runnerBefore(model, ['a', 'b'])

  await expect(runner.runUntilCaughtUp()).rejects.toThrow(SinkBrokenError)

  expect(told).toEqual([])
})
