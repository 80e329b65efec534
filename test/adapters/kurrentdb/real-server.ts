import { mkdir, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const required = (process.env['EVERFOLD_REQUIRE'] ?? '').split(/[\s,]+/).includes('kurrentdb')

/** Connection string of a real server, e.g. `esdb://localhost:2113?tls=false`. */
export const realUrl: string | undefined = process.env['EVENTSTORE_URL']

/** Why nothing runs against a real server; undefined: it does, or has to. */
export const skipped: string | undefined =
  realUrl === undefined && !required
    ? 'NOT run against a real KurrentDB, only against the in-process server: set EVENTSTORE_URL to one, e.g. esdb://localhost:2113?tls=false'
    : undefined

const LOCK = join(tmpdir(), 'everfold-eventstore-url.lock')

/** While the rules of the contract run, nothing else may append to the server's log: the suites of the two clients take turns. */
export async function takeRealServer(): Promise<void> {
  for (;;)
    try {
      await mkdir(LOCK)
      return
    } catch {
      await sleep(200)
    }
}

export const leaveRealServer = (): Promise<void> => rmdir(LOCK)
