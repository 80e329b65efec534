import { expect, test } from '@jest/globals'
import { correct, describeCorrection } from '../../../examples/bank-account/correction.ts'

test('a correction changes what was true, and never what was known', async () => {
  expect(await correct()).toEqual({
    known: { before: 80_000, after: 80_000 },
    true: { before: 80_000, after: 50_000 },
  })
})

test('both questions are printed with their answers', async () => {
  const lines = await describeCorrection()

  expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
    [expect.stringContaining('2024-03-12')],
    ['before', 'corrected'],
    ['What did we know then? (recordedAt)', '800.00', '800.00'],
    ['What was true then, as known now? (occurredAt)', '800.00', '500.00'],
  ])
})
