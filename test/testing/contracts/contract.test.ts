import { describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  contract,
  type ContractSubject,
  type Rule,
  type TestRunner,
} from '../../../src/testing/contracts/contract.ts'

describe('a contract', () => {
  test('names the port and the subject over its rules', () => {
    const runner = new RecordingRunner()

    contract(runner, 'Counter', counter(), countRules)

    expect(runner.groups).toEqual(['Counter contract: SimpleCounter'])
    expect(runner.names).toEqual(['counts up', 'counts down'])
  })

  test('opens the subject once for all rules, and closes it after them', async () => {
    const runner = new RecordingRunner()
    const calls: string[] = []
    const subject = counter({
      open: () => {
        calls.push('open')
        return { count: 0 }
      },
      close: () => void calls.push('close'),
    })
    contract(runner, 'Counter', subject, countRules)

    await runner.run()

    expect(calls).toEqual(['open', 'close'])
  })

  test('fails a rule that the subject breaks, and no other', async () => {
    const runner = new RecordingRunner()
    contract(runner, 'Counter', counter({ open: () => ({ count: 41 }) }), countRules)

    const failed = await runner.run()

    expect(failed).toEqual(['counts up'])
  })

  test('fails every rule when the subject does not open', async () => {
    const runner = new RecordingRunner()
    const subject = counter({ open: () => Promise.reject(new Error('no server')) })
    contract(runner, 'Counter', subject, countRules)

    const failed = await runner.run()

    expect(failed).toEqual(['beforeAll', 'counts up', 'counts down'])
  })

  test('skips a rule that the subject cannot keep, with the reason in its name', async () => {
    const runner = new RecordingRunner()
    const subject = counter({ unsupported: { 'counts down': 'it only goes up' } })
    contract(runner, 'Counter', subject, countRules)

    const failed = await runner.run()

    expect(runner.names).toEqual(['counts up'])
    expect(runner.skipped).toEqual(['counts down (unsupported: it only goes up)'])
    expect(failed).toEqual([])
  })

  test('refuses an unsupported entry that names no rule', () => {
    const subject = counter({ unsupported: { 'counts sideways': 'it cannot' } })

    const define = (): void => {
      contract(new RecordingRunner(), 'Counter', subject, countRules)
    }

    expect(define).toThrow(
      "The Counter contract has no rule 'counts sideways', which SimpleCounter",
    )
  })

  test('refuses two rules of one name', () => {
    const define = (): void => {
      contract(new RecordingRunner(), 'Counter', counter(), (rule) => {
        countRules(rule)
        countRules(rule)
      })
    }

    expect(define).toThrow("Two rules are named 'counts up'.")
  })

  test('is one skipped test with the reason when there is nothing to open', async () => {
    const runner = new RecordingRunner()
    const subject = counter({
      open: () => Promise.reject(new Error('opened')),
      skipped: 'set COUNTER_URL to a server',
    })
    contract(runner, 'Counter', subject, countRules)

    const failed = await runner.run()

    expect(runner.names).toEqual([])
    expect(runner.skipped).toEqual(['keeps every rule (skipped: set COUNTER_URL to a server)'])
    expect(failed).toEqual([])
  })

  test('runs under node:test', async () => {
    const file = fileURLToPath(new URL('./contract-under-node-test.ts', import.meta.url))
    const env = { ...process.env, NODE_OPTIONS: '' }

    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--test-reporter=tap', file],
      { env },
    )

    expect(stdout).toMatch(/^# pass 1$/m)
    expect(stdout).toMatch(/^# skipped 1$/m)
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(stdout).toContain('keeps no events (unsupported: it does) # SKIP')
  })
})

interface Counter {
  readonly count: number
}

function countRules(rule: Rule<Counter>): void {
  rule('counts up', ({ count }) => {
    expect(count + 1).toBe(1)
  })
  rule('counts down', async ({ count }) => {
    expect(count - 1).toBeLessThan(count)
  })
}

const counter = (options: Partial<ContractSubject<Counter>> = {}): ContractSubject<Counter> => ({
  name: 'SimpleCounter',
  open: () => ({ count: 0 }),
  ...options,
})

/** A test runner that tells what it was given, and what failed. */
class RecordingRunner implements TestRunner {
  readonly groups: string[] = []
  readonly skipped: string[] = []
  readonly #tests: [string, () => Promise<void>][] = []
  readonly #before: (() => Promise<void>)[] = []
  readonly #after: (() => Promise<void>)[] = []

  readonly it: TestRunner['it'] = Object.assign(
    (name: string, test: () => Promise<void>) => this.#tests.push([name, test]),
    { skip: (name: string) => this.skipped.push(name) },
  )

  get names(): readonly string[] {
    return this.#tests.map(([name]) => name)
  }

  describe(name: string, define: () => void): void {
    this.groups.push(name)
    define()
  }

  beforeAll(prepare: () => Promise<void>): void {
    this.#before.push(prepare)
  }

  afterAll(release: () => Promise<void>): void {
    this.#after.push(release)
  }

  /** @returns the names of what failed. */
  async run(): Promise<readonly string[]> {
    const steps = [
      ...this.#before.map((step) => ['beforeAll', step] as const),
      ...this.#tests,
      ...this.#after.map((step) => ['afterAll', step] as const),
    ]
    const failed: string[] = []
    for (const [name, step] of steps) await step().catch(() => failed.push(name))
    return failed
  }
}
