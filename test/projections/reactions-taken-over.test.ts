import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryCheckpoints } from '../../src/adapters/memory/index.ts'
import { writeLane } from '../../src/projections/lanes/lane-claim.ts'
import { noting, runnerFor } from './reactions-fixture.ts'
import { append, deposited, openStore, present } from './runner-fixture.ts'

/** Checkpoints of version 1, and a runner of a higher version that died while it took them over, with a long lease. */
async function deadInTakeOver() {
  const store = openStore()
  const checkpoints = new MemoryCheckpoints()
  await append(store, '1', deposited(1))
  await runnerFor(store, noting(), { checkpoints }).runUntilCaughtUp()
  const storage = checkpoints.storageOf('thank')
  const { live: build } = present(await storage.readBuilds())
  const lane = { storage, build, number: build.lanes }
  const previous = await storage.readLane(build, build.lanes)
  const held = { owner: 'dead', leaseMs: 600_000, isHeld: true, revision: randomUUID() }
  await writeLane(lane, previous, { ...previous, ...held })
  return runnerFor(store, noting({ version: 2 }), { checkpoints })
}

describe('a runner that waits to take a reaction over', () => {
  test('gives up when it is stopped', async () => {
    const runner = await deadInTakeOver()
    const started = runner.start()
    started.catch(() => undefined)
    await sleep(50)

    await runner.stop({ deadlineMs: 2000 })

    await expect(started).rejects.toMatchObject({ name: 'AbortError' })
    expect(await runner.status()).toMatchObject([{ state: 'stopped' }])
  })

  test('gives up when its signal is aborted', async () => {
    const runner = await deadInTakeOver()

    const caughtUp = runner.runUntilCaughtUp({ signal: AbortSignal.timeout(50) })

    await expect(caughtUp).rejects.toMatchObject({ name: 'TimeoutError' })
  }, 2000)
})
