/** Texts, quoted names, bodies of functions and comments: no statement begins in them. */
const QUOTED =
  /\bE'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[a-z_]\w*)?\$)[^]*?\1|--[^\n]*|\/\*[^]*?\*\//gi

/** Statements that end a transaction, or outlast it on a connection that others use afterwards. Savepoints and what is `LOCAL` do neither. */
const CONTROL =
  /(?:^|;)\s*((?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|reset|discard|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b)|set(?!\s+(?:local|constraints)\b))\b[^;]*)/i

/**
 * Refuses what would take a batch out of the transaction that moves its lane: half of it could count twice then, or never.
 *
 * By the text alone, as afterwards it would be too late. Procedures and `DO` blocks need no look: inside a transaction Postgres lets them end none.
 *
 * @throws {TypeError} a statement of the text begins or ends a transaction, or changes a setting for longer.
 */
export function refuseTransactionControl(sql: string): void {
  const [, statement] = CONTROL.exec(sql.replace(QUOTED, ' ')) ?? []
  if (statement !== undefined)
    throw new TypeError(
      `apply sent '${statement.trim()}' in the transaction that moves the lane. Neither begin nor end a transaction there: use savepoints, and SET LOCAL instead of SET.`,
    )
}
