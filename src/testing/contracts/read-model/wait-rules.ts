import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Build } from '../../../projections/builds/build.ts'
import { at, changesOf, put } from './contract-document.ts'
import { anyBuild, recordOf, type ContractModel, type ReadModelRule } from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** Waiting until a read model contains a position. */
export const addWaitRules: AddRules = (rule) => {
  rule('waits for no position at all', async ({ model }) => {
    await model.waitFor(undefined, { timeoutMs: 0 })
  })

  rule('waits no longer than the live build needs to pass the position', async (given) => {
    const build = await given.build()
    const waiting = given.model.waitFor(at(5), { timeoutMs: 10_000 })

    await sleep(30)
    await move(given, build, 4)
    const early = await Promise.race([waiting.then(() => 'arrived'), sleep(100, 'waiting')])
    await move(given, build, 6)
    await waiting

    assert.equal(early, 'waiting')
  })

  rule('waits for the slowest lane', async (given) => {
    const build = await given.build({ lanes: 2 })
    await move(given, build, 9, 0)
    await move(given, build, 3, 1)

    await given.model.waitFor(at(3), { timeoutMs: 1000 })
    const further = given.model.waitFor(at(4), { timeoutMs: 50 })

    await assert.rejects(further, { code: 'WAIT_TIMEOUT', position: at(4), reached: at(3) })
  })

  rule('says after the timeout where the read model is and who moves it', async (given) => {
    const build = await given.build()
    await move(given, build, 3)

    const late = given.model.waitFor(at(4), { timeoutMs: 30 })

    await assert.rejects(late, {
      code: 'WAIT_TIMEOUT',
      readModel: given.storage.name,
      position: at(4),
      reached: at(3),
      message: /runner-7/,
    })
  })

  rule('says after the timeout that nothing was built yet', async ({ model }) => {
    const late = model.waitFor(at(1), { timeoutMs: 30 })

    await assert.rejects(late, { code: 'WAIT_TIMEOUT', reached: undefined })
  })

  rule('waits for a build that is not prepared yet', async (given) => {
    const build = anyBuild()
    await given.storage.writeBuilds(undefined, recordOf(build))
    const waiting = given.model.waitFor(at(1), { timeoutMs: 10_000 })

    await sleep(30)
    await given.storage.prepare(build)
    await move(given, build, 1)

    await waiting
  })

  rule('stops waiting when it is aborted', async (given) => {
    await given.build()
    const stop = new AbortController()
    const waiting = given.model.waitFor(at(1), { timeoutMs: 10_000, signal: stop.signal })

    stop.abort()

    await assert.rejects(waiting, { name: 'AbortError' })
  })
}

async function move(given: ContractModel, build: Build, position: number, lane = 0): Promise<void> {
  const checkpoint = { position: at(position), eventId: randomUUID() }
  const step = await given.step(build, { checkpoint, owner: 'runner-7' }, lane)
  const outcome = await given.storage.commit(build, step, changesOf([put('a', {}, position)]))
  assert.equal(outcome, 'committed')
}
