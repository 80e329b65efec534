import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

// A worker of the test runner runs files of both clients, one after the other: only a process of its own shows that each works without the other ever loaded.
test.each(['eventstore', 'kurrentdb'])(
  'keeps every rule in a process that has loaded the %s client alone',
  async (client) => {
    const script = 'test/adapters/kurrentdb/contract-process.ts'

    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--test-reporter=tap', script, client],
      { cwd: repository, env: { ...process.env, NODE_OPTIONS: '' }, maxBuffer: 16 * 1024 * 1024 },
    ).catch((failed: unknown) => failed as { readonly stdout: string })

    expect(failedIn(stdout)).toEqual([])
    expect(stdout).toMatch(/^# pass 1\d\d$/m)
    expect(stdout).toMatch(/^# fail 0$/m)
  },
  240_000,
)

/** The rules that did not hold, with what was said of each. */
const failedIn = (tap: string): readonly string[] =>
  [...tap.matchAll(/^ *not ok .*\n(?: *---\n[^]*?\n *\.\.\.$)?/gm)].map(([text]) => text)
