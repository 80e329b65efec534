import { expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Row } from '../../bench/benchmark.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `npm run bench`, without npm. */
function bench(...args: readonly string[]): Promise<{ readonly stdout: string }> {
  return promisify(execFile)(
    process.execPath,
    ['node_modules/tsx/dist/cli.mjs', 'bench/main.ts', ...args],
    { cwd: root },
  )
}

test('prints one JSON array with the rows that were asked for', async () => {
  const { stdout } = await bench('commands, memory', '--rounds', '1', '--json')

  const rows = JSON.parse(stdout) as readonly Row[]
  expect(rows).toEqual([
    {
      name: 'commands, memory',
      ours: expect.any(Number),
      floor: expect.any(Number),
      ratio: expect.any(Number),
      unit: 'commands/s',
      rounds: 1,
    },
  ])
})

test('says which rows there are when none has such a name', async () => {
  await expect(bench('unheard of')).rejects.toThrow(/There are: commands, memory; /)
})
