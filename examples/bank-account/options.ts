import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LANES, SCHEMA } from './bank.ts'
import { startOfDay } from './day.ts'

export const USAGE = `npm run example -- [--transactions FILE] [--data-dir DIR | --postgres URL [--runners N]] [--store kurrentdb]
                   [--redis URL] [--elasticsearch URL] [--occurred-at YYYY-MM-DD] [--account ID]
                   [--snapshots] [--correction] [--json]

Imports a bank history through the account aggregate, builds the balances read model, checks every account against
the file, and rebuilds the read model beside the live one.

  --transactions FILE        CSV file to import. Default: the statement that ships with the example.
  --data-dir DIR             Keeps the database in this folder; run again, nothing is imported twice. Default: in memory.
  --postgres URL             Keeps everything on this PostgreSQL server, in schema ${SCHEMA}; run again, nothing is imported twice.
  --store kurrentdb          Keeps the events on the KurrentDB or EventStoreDB server at EVENTSTORE_URL, e.g. esdb://localhost:2113?tls=false,
                             and the balances where the other options say.
  --runners N                N processes share the projecting of the balances while they are imported, up to ${LANES}; from 2 on one of
                             them is killed half-way. Default: 1, this process, when they are imported.
  --redis URL                Keeps the balances in Redis, too, with a leaderboard. Needs --postgres or --data-dir.
  --elasticsearch URL        Keeps the balances in Elasticsearch, too, and all transactions, to be searched. Needs --postgres or --data-dir.
  --occurred-at YYYY-MM-DD   Prints the balances as of the end of that day (UTC), too.
  --account ID               Prints the history of one account with a chart of its balance, too.
  --snapshots                Keeps snapshots of the accounts, and audits them at the end.
  --correction               Prints what a correction changes, and what it does not, on an account of its own.
  --json                     Prints one JSON document instead; what else there is to say goes to standard error.
  --help                     Prints this.

Exit status: 0, 1 when a balance or a snapshot does not match or something failed, 2 when it was called wrongly.`

const STATEMENT = fileURLToPath(new URL('statement.csv', import.meta.url))

export interface Options {
  readonly transactions: string
  readonly dataDir: string | undefined
  /** URL of a server. */
  readonly postgres: string | undefined
  /** Connection string of a KurrentDB server that holds the events. */
  readonly eventStoreUrl: string | undefined
  /** URL of a server. */
  readonly redis: string | undefined
  /** URL of a server. */
  readonly elasticsearch: string | undefined
  /** How many processes project. */
  readonly runners: number
  /** A calendar day, YYYY-MM-DD. */
  readonly occurredAt: string | undefined
  readonly account: string | undefined
  readonly snapshots: boolean
  readonly correction: boolean
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
  const { transactions = STATEMENT, account, postgres, redis, elasticsearch } = values
  const { snapshots, correction, json, help } = values
  const dataDir = values['data-dir']
  const occurredAt = values['occurred-at']
  if (occurredAt !== undefined && startOfDay(occurredAt) === undefined)
    throw new UsageError(`--occurred-at '${occurredAt}' is no day. Write it as YYYY-MM-DD.`)
  if (account !== undefined && !/^\d+$/.test(account))
    throw new UsageError(`--account '${account}' is no account id. Use a whole number.`)
  if (postgres !== undefined) checkServer(postgres, dataDir)
  const isKept = postgres !== undefined || dataDir !== undefined
  if (redis !== undefined) checkSink('--redis', redis, { isKept, scheme: 'redis' })
  if (elasticsearch !== undefined)
    checkSink('--elasticsearch', elasticsearch, { isKept, scheme: 'http' })
  const runners = readRunners(values.runners, postgres)
  const eventStoreUrl = readStore(values.store, postgres)
  const places = { dataDir, postgres, eventStoreUrl, redis, elasticsearch }
  const shown = { account, snapshots, correction, json, help }
  return { transactions, ...places, runners, occurredAt, ...shown }
}

/** Gives the server of `--store kurrentdb`. */
function readStore(store: string | undefined, postgres: string | undefined): string | undefined {
  if (store === undefined) return undefined
  if (store !== 'kurrentdb')
    throw new UsageError(`--store '${store}' is none. Write --store kurrentdb, or leave it out.`)
  if (postgres !== undefined)
    throw new UsageError(
      '--store kurrentdb keeps the balances in the embedded database. Leave --postgres out.',
    )
  const url = process.env['EVENTSTORE_URL']
  if (url === undefined || !/^(esdb|kurrentdb|kurrent|kdb)(\+discover)?:\/\//.test(url))
    throw new UsageError(
      '--store kurrentdb needs EVENTSTORE_URL, e.g. esdb://localhost:2113?tls=false.',
    )
  return url
}

function checkServer(postgres: string, dataDir: string | undefined): void {
  if (!URL.canParse(postgres) || !/^postgres(ql)?:$/.test(new URL(postgres).protocol))
    throw new UsageError(
      '--postgres is no URL of a server. Write it as postgres://user@host/database.',
    )
  if (dataDir !== undefined)
    throw new UsageError('--data-dir and --postgres are two places. Choose one.')
}

function checkSink(
  option: string,
  url: string,
  { isKept, scheme }: { readonly isKept: boolean; readonly scheme: string },
): void {
  const protocols = [`${scheme}:`, `${scheme}s:`]
  if (!URL.canParse(url) || !protocols.includes(new URL(url).protocol))
    throw new UsageError(`${option} is no URL of a server. Write it as ${scheme}://host:port.`)
  if (!isKept)
    throw new UsageError(
      `${option} needs --postgres URL or --data-dir DIR: what it keeps belongs to one log, and a log in memory is gone when the example ends.`,
    )
}

function readRunners(text: string, postgres: string | undefined): number {
  const runners = Number(text)
  if (!/^\d+$/.test(text) || runners < 1 || runners > LANES)
    throw new UsageError(`--runners '${text}' is none. Use a whole number from 1 to ${LANES}.`)
  if (runners > 1 && postgres === undefined)
    throw new UsageError(
      `--runners ${runners} needs --postgres URL: an embedded database is open in one process only.`,
    )
  return runners
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        transactions: { type: 'string' },
        'data-dir': { type: 'string' },
        postgres: { type: 'string' },
        store: { type: 'string' },
        redis: { type: 'string' },
        elasticsearch: { type: 'string' },
        runners: { type: 'string', default: '1' },
        'occurred-at': { type: 'string' },
        account: { type: 'string' },
        snapshots: { type: 'boolean', default: false },
        correction: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
