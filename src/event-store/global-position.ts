/**
 * The place of an event in the whole log: rising in the order of the log, with gaps, from 1, below 2^63.
 * In JSON it is a decimal string: `position.toString()`.
 */
export type GlobalPosition = bigint & { readonly __brand: 'GlobalPosition' }

const LIMIT = 2n ** 63n

/**
 * Checks a number or decimal text that is to be a position, e.g. one from JSON. 0 stands before the first event.
 *
 * @throws {RangeError} it is not a whole number from 0 to 2^63 - 1.
 */
export function globalPosition(value: bigint | number | string): GlobalPosition {
  const isWhole =
    typeof value === 'bigint' ||
    (typeof value === 'number' ? Number.isSafeInteger(value) : /^\d{1,19}$/.test(value))
  const position = isWhole ? BigInt(value) : -1n
  if (position < 0n || position >= LIMIT)
    throw new RangeError(
      `'${value}' is no position in the log. Use a whole number from 0 to 2^63 - 1, e.g. one that an event carries.`,
    )
  return position as GlobalPosition
}
