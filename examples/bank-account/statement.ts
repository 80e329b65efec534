import { dayOf } from './day.ts'
import { COLUMNS, OPERATIONS, type Operation } from './transaction.ts'

const ACCOUNTS = 12
const FIRST_DAY = Date.UTC(2024, 0, 1)
const DAYS = 182
const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Makes up the bank history that ships with the example as statement.csv: half a year of a few accounts, the same for the same seed.
 * Nobody looks at the balance before money goes out, so the bank lets some accounts go below zero.
 */
export function generateStatement(seed = 1): string {
  const random = seededRandom(seed)
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low))
  const customers = Array.from({ length: ACCOUNTS }, (_, index) => ({
    accountId: 101 + 7 * index,
    firstDay: between(0, 45),
    payday: between(1, 28),
    salary: between(1200_00, 4200_00),
    rent: between(600_00, 1900_00),
    balance: 0,
  }))

  const rows: string[] = [COLUMNS.join(',')]
  for (let day = 0; day < DAYS; day++) {
    const date = new Date(FIRST_DAY + day * DAY_MS)
    const dayOfMonth = date.getUTCDate()
    const isMonthEnd = new Date(date.getTime() + DAY_MS).getUTCDate() === 1
    for (const customer of customers) {
      const book = (operation: Operation, cents: number): void => {
        const type = OPERATIONS[operation]
        customer.balance += type === 'credit' ? cents : -cents
        const transactionId = 5000 + rows.length
        rows.push(
          [
            dayOf(date),
            customer.accountId,
            transactionId,
            type,
            operation,
            cents,
            customer.balance,
          ].join(','),
        )
      }
      if (day === customer.firstDay) book('cash-deposit', between(500_00, 2000_00))
      if (day <= customer.firstDay) continue
      if (dayOfMonth === customer.payday) book('transfer-in', customer.salary)
      if (dayOfMonth === 5) book('transfer-out', customer.rent)
      if (random() < 0.06) book('cash-withdrawal', between(20_00, 600_00))
      if (random() < 0.03) book('card-withdrawal', between(5_00, 250_00))
      if (random() < 0.01) book('cash-deposit', between(50_00, 900_00))
      const interest = Math.floor(customer.balance / 500)
      if (isMonthEnd && interest > 0) book('interest', interest)
    }
  }
  return `${rows.join('\n')}\n`
}

/** Mulberry32: numbers from 0 to below 1, the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}
