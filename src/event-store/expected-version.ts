import { InvalidVersionError } from './invalid-version-error.ts'

/**
 * What a stream must be at for an append to happen: a version (0 = unwritten), `'no-stream'` (unwritten),
 * `'stream-exists'` (written, at any version) or `'any'`.
 */
export type ExpectedVersion = number | 'no-stream' | 'stream-exists' | 'any'

/**
 * Checks an expected version.
 *
 * @throws {InvalidVersionError} it is a negative or fractional number, or no such word.
 */
export function checkExpectedVersion(expected: ExpectedVersion): void {
  if (typeof expected === 'number' ? isVersion(expected) : WORDS.has(expected)) return
  throw new InvalidVersionError(
    'expectedVersion',
    expected,
    "a whole number from 0, 'no-stream', 'stream-exists' or 'any'",
  )
}

/** Tells whether a number can be a version: whole, 0 (unwritten) or more, within 32 bits. */
export function isVersion(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 2 ** 31 - 1
}

const WORDS: ReadonlySet<unknown> = new Set(['no-stream', 'stream-exists', 'any'])
