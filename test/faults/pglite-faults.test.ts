import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { pglite } from '../../src/adapters/pglite/index.ts'
import { postgresEventStore } from '../../src/adapters/postgres/index.ts'
import type { RecordedEvent } from '../../src/index.ts'
import { accountEvents } from '../domain/account.ts'
import type { Acknowledged } from './pglite-writer.ts'
import { seededRandom, seeds } from './seeded-random.ts'

const KILLS = 3

describe('an embedded database whose process is killed', () => {
  test.each(seeds(2))(
    'keeps every acknowledged event and opens again, seed %i',
    async (seed) => {
      const random = seededRandom(seed)
      const folder = await mkdtemp(join(tmpdir(), 'everfold-killed-'))
      const acknowledged: Acknowledged[] = []
      // The first may be killed while it makes the database.
      const first = random.below(4000)
      await writeUntilKilled(folder, { run: 0, killAfterMs: first, since: 'start', acknowledged })

      for (let run = 1; run < KILLS; run++) {
        const killAfterMs = random.below(600)
        await writeUntilKilled(folder, { run, killAfterMs, since: 'first append', acknowledged })
        const log = await readLog(folder)
        expect(lost(acknowledged, log)).toEqual([])
        expect(outOfOrder(log)).toEqual([])
      }

      await rm(folder, { recursive: true })
    },
    120_000,
  )
})

interface Run {
  readonly run: number
  readonly killAfterMs: number
  readonly since: 'start' | 'first append'
  readonly acknowledged: Acknowledged[]
}

async function writeUntilKilled(
  folder: string,
  { run, killAfterMs, since, acknowledged }: Run,
): Promise<void> {
  const writer = fork(new URL('pglite-writer.ts', import.meta.url), [folder, String(run)], {
    execArgv: ['--import', 'tsx'],
  })
  const exit = once(writer, 'exit')
  writer.on('message', (message) => acknowledged.push(message as Acknowledged))
  if (since === 'first append') await Promise.race([once(writer, 'message'), exit])
  await sleep(killAfterMs)
  writer.kill('SIGKILL')
  const [, signal] = (await exit) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
}

async function readLog(folder: string): Promise<readonly RecordedEvent[]> {
  await using database = await pglite(folder)
  const store = postgresEventStore({ database, catalogs: [accountEvents] })
  const log: RecordedEvent[] = []
  for await (const { events } of store.readAll()) log.push(...events)
  return log
}

/** Appends that are not in the log as they were acknowledged: whole, in one piece, at their place. */
function lost(
  acknowledged: readonly Acknowledged[],
  log: readonly RecordedEvent[],
): readonly Acknowledged[] {
  const places = new Map(log.map(({ id }, index) => [id, index]))
  return acknowledged.filter(({ streamId, position, ids }) => {
    const first = places.get(ids[0] ?? '') ?? -1
    const found = first < 0 ? [] : log.slice(first, first + ids.length)
    const isWhole = ids.every(
      (id, index) => found[index]?.id === id && found[index].streamId === streamId,
    )
    return !isWhole || String(found.at(-1)?.position) !== position
  })
}

function outOfOrder(log: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const versions = new Map<string, number>()
  return log.filter(({ streamId, version }) => {
    const previous = versions.get(streamId) ?? 0
    versions.set(streamId, version)
    return version !== previous + 1
  })
}
