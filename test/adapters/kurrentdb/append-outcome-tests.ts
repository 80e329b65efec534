import { expect, test } from '@jest/globals'
import type { StreamId } from '../../../src/index.ts'
import { deposited, type KurrentBed } from './kurrent-bed.ts'
import { anyStream } from './proposals.ts'
import type { Fault } from './server/faults.ts'

/** What can become of an append, and how many of its events are written then. */
const FAULTS: readonly (readonly [string, Fault, number])[] = [
  ['dropped before it was written', { kind: 'drop' }, 0],
  ['dropped after it was written', { kind: 'drop', after: 'written' }, 1],
  ['never answered, and not written', { kind: 'silence' }, 0],
  ['never answered, and written', { kind: 'silence', after: 'written' }, 1],
  ['too late for the server, and not written', { kind: 'timeout' }, 0],
  ['too late for the server, and written', { kind: 'timeout', after: 'written' }, 1],
  ['unknown to the server, and not written', { kind: 'unknown' }, 0],
  ['unknown to the server, and written', { kind: 'unknown', after: 'written' }, 1],
]

/** Lets an append end without a word on what became of it, by either call that appends. */
export function testAppendOutcomes(
  call: 'append' | 'batch-append',
  open: () => Promise<KurrentBed>,
): void {
  const batch = [deposited(1), deposited(2)]

  test.each(FAULTS)('under a version is written once when it is %s', async (_, fault) => {
    await using bed = await open()
    const account = anyStream() as StreamId
    const before = await bed.store.append(account, batch, { expectedVersion: 'no-stream' })
    bed.server.faults.strike(call, fault)

    const { version, positions } = await bed.store.append(account, batch, { expectedVersion: 2 })

    const { events } = bed.server.log.stream(account)
    expect(version).toBe(4)
    expect([...before.positions, ...positions]).toEqual(events.map(({ position }) => position))
    expect(bed.server.faults.isEmpty).toBe(true)
  })

  test.each(FAULTS)("under 'any' is not repeated when it is %s", async (_, fault, written) => {
    await using bed = await open()
    const account = anyStream() as StreamId
    await bed.store.append(anyStream() as StreamId, batch, { expectedVersion: 'no-stream' }) // connects
    bed.server.faults.strike(call, fault)

    const append = bed.store.append(account, [deposited(1)], { expectedVersion: 'any' })

    await expect(append).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', streamIds: [account] })
    expect(bed.server.log.stream(account).events).toHaveLength(written)
  })
}
