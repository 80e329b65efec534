/**
 * Writes a moment as Postgres reads it, whatever the session's DateStyle and TimeZone: exactly, also after the year 9999, and before the year 1, which
 * Postgres knows from 4713 BC on.
 */
export function timestampText(ms: number): string {
  const moment = new Date(ms)
  const iso = moment.toISOString()
  const year = moment.getUTCFullYear()
  if (year > 0 && year < 10_000) return iso
  const rest = iso.slice(iso.indexOf('-', 1))
  return year > 0 ? `${year}${rest}` : `${String(1 - year).padStart(4, '0')}${rest} BC`
}

/**
 * Reads `extract(epoch FROM …)`, e.g. `1700000000.123000`, as milliseconds. By its digits: multiplied by 1000, a number of seconds is off by one from the
 * year 140,000 on.
 */
export function millisecondsOfEpoch(seconds: string): number {
  const dot = seconds.indexOf('.')
  if (dot < 0) return Number(seconds) * 1000
  return Number(seconds.slice(0, dot) + seconds.slice(dot + 1, dot + 4).padEnd(3, '0'))
}

/**
 * Reads `encode(timestamptz_send(…), 'hex')`, microseconds since the year 2000 as 64 bits, as milliseconds. It takes the server a third of what
 * `extract` does, does not depend on the session, and is exact.
 */
export function millisecondsOfHex(hex: string): number {
  const microseconds = BigInt.asIntN(64, BigInt(`0x${hex}`))
  return Number(microseconds / 1000n) + YEAR_2000
}

const YEAR_2000 = Date.UTC(2000)
