/**
 * Quotes a name for SQL.
 *
 * @throws {TypeError} it is empty, longer than Postgres keeps (63 bytes), or holds U+0000.
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\u0000') || Buffer.byteLength(name) > MAX_BYTES)
    throw new TypeError(
      `'${name}' cannot name anything in Postgres: use 1 to ${MAX_BYTES} bytes without U+0000.`,
    )
  return `"${name.replaceAll('"', '""')}"`
}

const MAX_BYTES = 63
