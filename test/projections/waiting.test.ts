import { setTimeout as sleep } from 'node:timers/promises'
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import {
  type Build,
  createReadModel,
  globalPosition,
  type GlobalPosition,
  type LaneRecord,
  type ReadModel,
  type ReadModelStorage,
} from '../../src/index.ts'
import {
  documentOf,
  type ContractDocument,
} from '../../src/testing/contracts/read-model/contract-document.ts'
import { ContractModel } from '../../src/testing/contracts/read-model/contract-model.ts'
import type { Balance } from '../domain/account.ts'
import { altered, append, deposited, openStore, present, runnerOf } from './runner-fixture.ts'

/** A read model in memory that waits on the sink as it is altered, too. */
function waitingOn(
  alter: (storage: ReadModelStorage<Balance>) => Partial<ReadModelStorage<Balance>>,
): ReadModel<Balance> {
  return createReadModel(altered(new MemoryReadModel<Balance>(), alter).storage)
}

describe('waitFor in the process that moves the lanes', () => {
  test('need not be told by the sink', async () => {
    const store = openStore()
    const silence = new AbortController()
    let isSilent = false
    const balances = waitingOn((storage) => ({
      readLanes: async (build) => {
        if (isSilent)
          await sleep(5000, undefined, { signal: silence.signal }).catch(() => undefined)
        return storage.readLanes(build)
      },
    }))
    await using runner = runnerOf(store, balances, undefined, { placement: { lanes: 3 } })
    await runner.start()
    const position = await append(store, '1', deposited(1))
    await balances.waitFor(position)

    isSilent = true
    const told = [1, 2, 3, 4].map((later) => balances.waitFor(after(position, later)))
    for (const id of ['1', '2', '3', '4']) await append(store, id, deposited(1))
    const first = await Promise.race([
      Promise.all(told).then(() => 'told'),
      sleep(4000, 'waited in vain', { signal: silence.signal }).catch(() => undefined),
    ])
    isSilent = false
    silence.abort()
    await Promise.all(told)

    expect(first).toBe('told')
  })

  test('does not take the sink to be where it was before the wait began', async () => {
    const store = openStore()
    const sink = { lost: 0n }
    const balances = waitingOn((storage) => ({
      readLanes: async (build) => {
        const lanes = await storage.readLanes(build)
        return lanes.map((lane) => (placeOf(lane) === sink.lost ? setBack(lane) : lane))
      },
    }))
    await using runner = runnerOf(store, balances, undefined, { leaseMs: 30_000 })
    await runner.start()
    const position = await append(store, '1', deposited(1))
    await balances.waitFor(position)

    const told = balances.waitFor(after(position, 1))
    sink.lost = present(await append(store, '1', deposited(1)))
    await told
    const again = balances.waitFor(after(position, 1), { timeoutMs: 100 })

    await expect(again).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
  })
})

test('waitFor waits for the build that readers have, not for one that they have left', async () => {
  const given = new ContractModel(new MemoryReadModel<ContractDocument>(), documentOf())
  const left = await given.build()
  const live = await given.buildBeside()
  const before = await given.builds()
  await given.switch()
  const place = { position: globalPosition(5), eventId: randomUUID() }
  const move = async (build: Build): Promise<void> => {
    const step = await given.step(build, { checkpoint: place })
    expect(await given.storage.writeLane(build, step)).toBe(true)
  }
  await move(left)
  let isLate = true
  const reader = createReadModel(given.storage, async () => (isLate ? before : given.builds()))

  const waiting = reader.waitFor(place.position, { timeoutMs: 100 })
  await expect(waiting).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
  isLate = false
  await move(live)

  await expect(reader.waitFor(place.position)).resolves.toBeUndefined()
})

/** The memory log has no gaps. */
const after = (position: GlobalPosition | undefined, events: number): GlobalPosition =>
  globalPosition(present(position) + BigInt(events))

const placeOf = ({ checkpoint }: LaneRecord): bigint | undefined => checkpoint?.position

const setBack = (lane: LaneRecord): LaneRecord => ({ ...lane, checkpoint: undefined })
