import { describe, expect, test } from '@jest/globals'
import { streamId, type StreamId } from '../../../src/index.ts'
import { eventually } from '../../faults/eventually.ts'
import { testAppendOutcomes } from './append-outcome-tests.ts'
import { deposited, KurrentBed } from './kurrent-bed.ts'
import { anyStream } from './proposals.ts'
import type { ClientUnderTest } from './test-client.ts'

const anyAccount = (): StreamId => anyStream() as StreamId
const QUICK = { timeoutMs: 400 }
const batch = [deposited(1), deposited(2)]

/** Appends with a call of their own each: of servers that list no batch call. */
export function testClassicAppends(under: ClientUnderTest): void {
  describe(`appends by the classic call of ${under.clientPackage}`, () => {
    testAppendOutcomes('append', () => openClassic(under))

    test('end their call when it is never answered', async () => {
      await using bed = await openClassic(under)
      const faults = Array.from({ length: 20 }, () => ({ kind: 'silence' }) as const)
      bed.server.faults.strike('append', ...faults)

      const results = await Promise.allSettled(
        faults.map(() =>
          bed.store.append(anyAccount(), [deposited(1)], { expectedVersion: 'any' }),
        ),
      )

      expect(results.map(({ status }) => status)).toEqual(faults.map(() => 'rejected'))
      await eventually(() => bed.server.openAppends.count === 0)
      expect(bed.server.openAppends.count).toBe(0)
    })

    test('end when the server does not even tell what it can do', async () => {
      await using bed = await openClassic(under)
      bed.server.faults.strike('features', { kind: 'silence' })

      const append = bed.store.append(anyAccount(), [deposited(1)], { expectedVersion: 'any' })

      await expect(append).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    })

    test('follow the leader', async () => {
      await using bed = await openClassic(under, {})
      bed.server.faults.strike('append', { kind: 'not-leader', port: bed.server.port })

      const { version } = await bed.store.append(streamId('account', 'led'), batch, {
        expectedVersion: 'any',
      })

      expect(version).toBe(2)
    })
  })
}

/** The client's own time limit, an hour, helps nobody. */
const PATIENT = '&defaultDeadline=3600000'

const openClassic = (
  under: ClientUnderTest,
  store: { readonly timeoutMs?: number } = QUICK,
): Promise<KurrentBed> =>
  KurrentBed.open(under, { server: { hasBatchAppend: false }, parameters: PATIENT, store })
