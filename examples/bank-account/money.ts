const money = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const whole = new Intl.NumberFormat('en-US')

/** Whole cents as people write them: 1234567 is `12,345.67`. */
export function formatCents(cents: number): string {
  return money.format(cents / 100)
}

/** A count as people write it: 23012 is `23,012`. */
export function formatCount(count: number): string {
  return whole.format(count)
}
