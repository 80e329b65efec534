import { readFile } from 'node:fs/promises'

const STATEMENT = new URL('../../../examples/bank-account/statement.csv', import.meta.url)

/** The balances that the statement of the example states, after its last row up to the end of a day. */
export async function statedBalances(
  until = '9999-12-31',
): Promise<Readonly<Record<string, number>>> {
  const rows = (await readFile(STATEMENT, 'utf8')).trimEnd().split('\n').slice(1)
  const cells = rows.map((row) => row.split(','))
  return Object.fromEntries(
    cells
      .filter(([date = '']) => date <= until)
      .map(([, accountId = '', , , , , balance]) => [accountId, Number(balance)]),
  )
}
