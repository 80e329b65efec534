/** Tells whether Postgres keeps a value as text. Drivers send half of a surrogate pair as U+FFFD, which is another text; U+0000 is an error. */
export function isStorableText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\u0000') && value.isWellFormed()
}
