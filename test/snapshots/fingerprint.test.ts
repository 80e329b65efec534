import { expect, test } from '@jest/globals'
import { defineEvents, drop, event } from '../../src/index.ts'
import { fingerprintOf } from '../../src/snapshots/snapshotted.ts'

const added = event<number>()
const carried = event<number, [number]>({ upcast: { 1: (old) => old } })
const code = {
  first: { events: defineEvents('counter', { Added: added, Taken: added }) },
  laterState: { events: defineEvents('counter', { Added: added, Taken: added }), stateVersion: 2 },
  laterEvent: { events: defineEvents('counter', { Added: carried, Taken: added }) },
  otherEvent: { events: defineEvents('counter', { Added: added, Removed: added }) },
  renamed: {
    events: defineEvents('counter', { Added: added, Taken: added }, { retired: { Put: 'Added' } }),
  },
  dropped: {
    events: defineEvents(
      'counter',
      { Added: added, Taken: added },
      { retired: { Put: { 1: () => drop } } },
    ),
  },
}

test('a fingerprint changes with the state version, and with what becomes of events', () => {
  const fingerprints = Object.values(code).map(fingerprintOf)

  expect(new Set(fingerprints).size).toBe(fingerprints.length)
})

test('a fingerprint stays the same when nothing but the order of declarations changes', () => {
  const reordered = { events: defineEvents('counter', { Taken: added, Added: added }) }

  expect(fingerprintOf({ ...reordered, stateVersion: 1 })).toBe(fingerprintOf(code.first))
})
