import { expect, test } from '@jest/globals'
import type { Side } from '../../bench/benchmark.ts'
import { measure } from '../../bench/measure.ts'

const sideThat = (result: string, order: string[]): Side => ({
  prepare: async () => ({
    work: async () => {
      order.push(result)
    },
    finish: async () => 'done',
  }),
})

test('lets each side go first in every other round, after a warm-up', async () => {
  const order: string[] = []
  const [ours, floor] = [sideThat('ours', order), sideThat('floor', order)]
  const open = async () => ({ amount: 10, ours, floor })

  const row = await measure({ name: 'row', unit: 'events/s', open }, { rounds: 2 })

  expect(order).toEqual(['ours', 'floor', 'ours', 'floor', 'floor', 'ours'])
  expect(row).toMatchObject({ name: 'row', unit: 'events/s', rounds: 2 })
})

test('refuses a side that came to another result', async () => {
  const cheat: Side = {
    prepare: async () => ({ work: async () => undefined, finish: async () => 'nothing' }),
  }
  const open = async () => ({ amount: 10, ours: sideThat('ours', []), floor: cheat })

  const measuring = measure({ name: 'row', unit: 'events/s', open }, { rounds: 1 })

  await expect(measuring).rejects.toThrow(/deep-equal/)
})
