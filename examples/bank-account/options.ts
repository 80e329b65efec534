import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startOfDay } from './day.ts'

export const USAGE = `npm run example -- [--transactions FILE] [--data-dir DIR] [--occurred-at YYYY-MM-DD] [--account ID] [--json]

Imports a bank history through the account aggregate, builds the balances read model, checks every account against
the file, and rebuilds the read model beside the live one.

  --transactions FILE        CSV file to import. Default: the statement that ships with the example.
  --data-dir DIR             Keeps the database in this folder; run again, nothing is imported twice. Default: in memory.
  --occurred-at YYYY-MM-DD   Prints the balances as of the end of that day (UTC), too.
  --account ID               Prints the history of one account with a chart of its balance, too.
  --json                     Prints one JSON document instead; what else there is to say goes to standard error.
  --help                     Prints this.

Exit status: 0, 1 when a balance does not match or something failed, 2 when it was called wrongly.`

const STATEMENT = fileURLToPath(new URL('statement.csv', import.meta.url))

export interface Options {
  readonly transactions: string
  readonly dataDir: string | undefined
  /** A calendar day, YYYY-MM-DD. */
  readonly occurredAt: string | undefined
  readonly account: string | undefined
  readonly json: boolean
  readonly help: boolean
}

/** The example was called wrongly. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @throws {UsageError} an option is unknown or has no usable value. */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args)
  const { transactions = STATEMENT, json, help, account } = values
  const occurredAt = values['occurred-at']
  if (occurredAt !== undefined && startOfDay(occurredAt) === undefined)
    throw new UsageError(`--occurred-at '${occurredAt}' is no day. Write it as YYYY-MM-DD.`)
  if (account !== undefined && !/^\d+$/.test(account))
    throw new UsageError(`--account '${account}' is no account id. Use a whole number.`)
  return { transactions, dataDir: values['data-dir'], occurredAt, account, json, help }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        transactions: { type: 'string' },
        'data-dir': { type: 'string' },
        'occurred-at': { type: 'string' },
        account: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
