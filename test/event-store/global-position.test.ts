import { expect, test } from '@jest/globals'
import { globalPosition } from '../../src/index.ts'

test('takes a BigInt, a whole number or decimal text for a position', () => {
  expect([globalPosition(7n), globalPosition(7), globalPosition('7')]).toEqual([7n, 7n, 7n])
})

test('takes every place from 0 to the last below 2^63', () => {
  expect(globalPosition('9223372036854775807')).toBe(2n ** 63n - 1n)
  expect(globalPosition(0)).toBe(0n)
})

test('comes back from JSON', () => {
  const position = globalPosition(9_007_199_254_740_993n)

  const text = JSON.stringify({ position: position.toString() })

  expect(globalPosition((JSON.parse(text) as { position: string }).position)).toBe(position)
})

test.each([
  -1n,
  2n ** 63n,
  -1,
  1.5,
  2 ** 53,
  Number.NaN,
  '',
  ' 1',
  '-1',
  '1.5',
  '0x10',
  '1e3',
  'x',
])('refuses %p as a position', (value) => {
  expect(() => globalPosition(value)).toThrow(RangeError)
})
