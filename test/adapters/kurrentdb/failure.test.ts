import { describe, expect, test } from '@jest/globals'
import {
  appendOutcome,
  asFailure,
  errorOf,
  isHealing,
} from '../../../src/adapters/kurrentdb/client/failure.ts'
import type { StreamId } from '../../../src/index.ts'

const failure = (facts: object, message = 'Failed.') =>
  asFailure(Object.assign(new Error(message), facts))

const bridged = asFailure(
  new Error('Unmapped gRPC error: code: The operation was cancelled, message: h2 protocol error'),
)

/** Section 2.8 of the facts: by the client's type, then by the gRPC code. */
describe('a failed append', () => {
  test.each([
    ['not-leader', failure({ type: 'not-leader' }), 'not-written'],
    ['not ready', failure({ type: 'unknown', code: 2 }, 'Server Is Not Ready'), 'not-written'],
    ['no connection', failure({ code: 14 }, 'No connection established'), 'not-written'],
    ['unavailable', failure({ type: 'unavailable', code: 14 }), 'unknown'],
    ['cancelled', failure({ type: 'cancelled', code: 1 }), 'unknown'],
    ['timeout', failure({ type: 'timeout', code: 10 }), 'unknown'],
    ['deadline-exceeded', failure({ type: 'deadline-exceeded', code: 4 }), 'unknown'],
    ['a bare gRPC error', failure({ code: 14 }, 'Connection dropped'), 'unknown'],
    ['RST_STREAM', failure({ type: 'unknown', code: 13 }, 'Received RST_STREAM'), 'unknown'],
    ['a status that is spelt out', bridged, 'unknown'],
    ['access-denied', failure({ type: 'access-denied', code: 7 }), 'refused'],
    ['invalid-argument', failure({ type: 'invalid-argument' }), 'refused'],
    ['unknown to the server', failure({ type: 'unknown' }), 'unknown'],
    ['an error of the server', failure({ type: 'unknown', code: 2 }), 'unknown'],
    ['a refusal of another kind', failure({ type: 'unknown', code: 9 }), 'refused'],
  ] as const)('%s', (_, failed, outcome) => {
    expect(appendOutcome(failed)).toBe(outcome)
  })
})

describe('a failed read', () => {
  test('passes, and heals with the next call, also where its status is only spelt out', () => {
    expect(isHealing(bridged)).toBe(true)
    expect(errorOf(bridged, '$all')).toMatchObject({ code: 'KURRENT_UNAVAILABLE' })
  })

  test('tells a cluster whose leader changes from a wrong address', () => {
    const led = errorOf(failure({ type: 'not-leader' }, 'Leader info available'), '$all')
    const unreached = errorOf(failure({ type: 'unavailable' }, 'No connection'), '$all')

    expect(led.message).toContain('lead the cluster')
    expect(unreached.message).toContain('check host, port')
  })

  test('names the stream that is gone, and what was refused', () => {
    const account = 'account-1' as StreamId

    const deleted = errorOf(failure({ type: 'stream-deleted' }), account)
    const refused = errorOf(failure({ type: 'invalid-argument' }, 'Bad revision.'), account)

    expect(deleted).toMatchObject({ code: 'STREAM_TOMBSTONED', streamId: account })
    expect(refused).toMatchObject({ code: 'KURRENT_ERROR', type: 'invalid-argument' })
    expect(refused.message).toContain('Bad revision.')
  })
})
