import { readFile } from 'node:fs/promises'

/** The file of a real bank's history, if there is one. */
export const realHistory: string | undefined = process.env['EVERFOLD_BANK_HISTORY']

/** Why tests on it are skipped; undefined: they run. */
export const noRealHistory: string | undefined =
  realHistory === undefined ? 'EVERFOLD_BANK_HISTORY names no file' : undefined

/** The first rows of the real history. */
export async function readRealHistory(rows: number): Promise<{
  /** The header and the rows. */
  readonly lines: readonly string[]
  /** What the bank states after them, by account. */
  readonly balances: Readonly<Record<string, number>>
}> {
  const text = await readFile(realHistory ?? '', 'utf8')
  const lines = text.split(/\r?\n/).slice(0, rows + 1)
  const cells = lines.slice(1).map((row) => row.split(','))
  const stated = cells.map(([, accountId = '', , , , , balance]) => [accountId, Number(balance)])
  return { lines, balances: Object.fromEntries(stated) as Record<string, number> }
}
