import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { generateStatement } from '../../../examples/bank-account/statement.ts'

const rowsOf = (statement: string): readonly string[] => statement.trimEnd().split('\n').slice(1)

describe('the statement that ships with the example', () => {
  test('is what the generator makes', async () => {
    const shipped = await readFile(
      new URL('../../../examples/bank-account/statement.csv', import.meta.url),
      'utf8',
    )

    expect(generateStatement()).toBe(shipped)
  })

  test('has a few hundred rows of all operations', () => {
    const rows = rowsOf(generateStatement())

    const operations = new Set(rows.map((row) => row.split(',')[4]))
    expect(rows.length).toBeGreaterThan(300)
    expect(rows.length).toBeLessThan(500)
    expect([...operations].sort()).toEqual([
      'card-withdrawal',
      'cash-deposit',
      'cash-withdrawal',
      'interest',
      'transfer-in',
      'transfer-out',
    ])
  })

  test('has accounts that the bank let go below zero', () => {
    const overdrawn = rowsOf(generateStatement()).filter((row) =>
      row.split(',')[6]?.startsWith('-'),
    )

    expect(new Set(overdrawn.map((row) => row.split(',')[1])).size).toBeGreaterThan(1)
  })

  test('is another one for another seed', () => {
    expect(generateStatement(2)).not.toBe(generateStatement(1))
  })
})
