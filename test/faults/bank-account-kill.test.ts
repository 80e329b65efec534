import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { Report } from '../../examples/bank-account/report.ts'
import { startExample } from '../examples/bank-account/example-process.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'

jest.setTimeout(300_000)

/** A part of the example's work, and what the example says when it begins it; `''`: nothing yet. */
interface Phase {
  readonly name: string
  readonly beginsWith: string
  readonly durationMs: number
}

describe('the example, killed and started again', () => {
  let folder: string
  let uninterrupted: object
  let phases: readonly Phase[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'everfold-kill-'))
    const startedAt = performance.now()
    const example = startExample('--json', '--data-dir', join(folder, 'uninterrupted'))
    await example.said('Importing ')
    const openingMs = performance.now() - startedAt
    const { stdout } = await example.ended
    const { seconds } = JSON.parse(stdout) as Report
    uninterrupted = comparable(stdout)
    phases = [
      { name: 'opening', beginsWith: '', durationMs: openingMs },
      { name: 'import', beginsWith: 'Importing ', durationMs: seconds.import * 1000 },
      { name: 'project', beginsWith: 'Imported ', durationMs: seconds.project * 1000 },
      { name: 'rebuild', beginsWith: 'Built ', durationMs: seconds.rebuild * 1000 },
    ]
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function killOnce(dataDir: string, random: SeededRandom): Promise<string> {
    const { name, beginsWith, durationMs } = random.pick(phases)
    const afterMs = random.next() * durationMs
    const example = startExample('--json', '--data-dir', dataDir)
    await example.said(beginsWith)
    const timer = setTimeout(() => example.process.kill('SIGKILL'), afterMs)
    const { status } = await example.ended
    clearTimeout(timer)
    return `${status === undefined ? 'killed' : 'had ended'} ${Math.round(afterMs)} ms into ${name}`
  }

  test.each(seeds(3))('ends as one that ran through, seed %i', async (seed) => {
    const random = seededRandom(seed)
    const dataDir = join(folder, String(seed))
    const kills = [await killOnce(dataDir, random), await killOnce(dataDir, random)]

    const { stdout, stderr, status } = await startExample('--json', '--data-dir', dataDir).ended

    expect({ kills, status, stderr }).toMatchObject({ status: 0 })
    expect({ kills, ...comparable(stdout) }).toEqual({ kills, ...uninterrupted })
  })
})

/** What every run of the example must come to, however often it was interrupted. */
function comparable(stdout: string): object {
  const { accounts, transactions, events, mismatches, balances, rebuild } = JSON.parse(
    stdout,
  ) as Report
  return { accounts, transactions, events, mismatches, balances, rebuild }
}
