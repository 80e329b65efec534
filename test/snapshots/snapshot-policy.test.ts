import { expect, test } from '@jest/globals'
import { everyEvents, or, whenState } from '../../src/index.ts'

const occasion = { state: { isClosed: true }, version: 120, eventsSinceSnapshot: 20 }

test('everyEvents counts the events since the last snapshot', () => {
  expect(everyEvents(20)(occasion)).toBe(true)
  expect(everyEvents(21)(occasion)).toBe(false)
})

test.each([0, -1, 1.5, Number.NaN])('everyEvents refuses %d', (count) => {
  expect(() => everyEvents(count)).toThrow(`everyEvents(${count})`)
})

test('whenState asks about the state', () => {
  const closed = whenState((state: { isClosed: boolean }) => state.isClosed)

  expect(closed(occasion)).toBe(true)
  expect(closed({ ...occasion, state: { isClosed: false } })).toBe(false)
})

test('or takes one when any of its policies would', () => {
  const closed = whenState((state: { isClosed: boolean }) => state.isClosed)

  expect(or(everyEvents(100), closed)(occasion)).toBe(true)
  expect(
    or(
      everyEvents(100),
      whenState(() => false),
    )(occasion),
  ).toBe(false)
  expect(or()(occasion)).toBe(false)
})
