/**
 * What a contract needs of a test runner. Jest and Vitest fit as they are; of `node:test`, pass
 * `{ describe, it, beforeAll: before, afterAll: after }`.
 */
export interface TestRunner {
  describe(name: string, define: () => void): unknown
  readonly it: {
    (name: string, test: () => Promise<void>): unknown
    skip(name: string, test: () => Promise<void>): unknown
  }
  beforeAll(prepare: () => Promise<void>): unknown
  afterAll(release: () => Promise<void>): unknown
}

/** What is held to a contract: an adapter, opened once for all rules. */
export interface ContractSubject<Subject, Given extends readonly unknown[] = []> {
  /** Stands in the names of the tests, e.g. `'MemoryEventStore'`. */
  readonly name: string
  /** Makes the subject from what the contract gives. What other tests left in its storage does not matter. */
  readonly open: (...given: Given) => Subject | Promise<Subject>
  readonly close?: ((subject: Subject) => void | Promise<void>) | undefined
  /** What the adapter cannot do: the rule's name, and why. Such a rule is skipped with the reason in its name. */
  readonly unsupported?: Readonly<Record<string, string>> | undefined
  /** Why nothing can be tested here, and how it can: e.g. `'set POSTGRES_URL to a server'`. Gives one skipped test. */
  readonly skipped?: string | undefined
}

/** Adds a rule to a contract: a sentence about behaviour, and the test that shows it. */
export type Rule<Subject> = (
  behaviour: string,
  test: (subject: Subject) => Promise<void> | void,
) => void

/**
 * Holds a subject to the rules of a port, as a group of tests in any runner. Rules share the subject, so each works on
 * data of its own.
 *
 * ```ts
 * contract(runner, 'SnapshotStore', subject, (rule) => {
 *   rule('forgets what was deleted', async (store) => { ... })
 * })
 * ```
 *
 * @throws {TypeError} an `unsupported` entry names no rule, or two rules have one name.
 */
export function contract<Subject>(
  runner: TestRunner,
  portName: string,
  subject: ContractSubject<Subject>,
  define: (rule: Rule<Subject>) => void,
): void {
  const { unsupported = {}, skipped } = subject
  const rules = collect(define)
  const stale = Object.keys(unsupported).find((behaviour) => !rules.has(behaviour))
  if (stale !== undefined)
    throw new TypeError(
      `The ${portName} contract has no rule '${stale}', which ${subject.name} lists as unsupported. Remove the entry, or correct its name.`,
    )

  runner.describe(`${portName} contract: ${subject.name}`, () => {
    if (skipped !== undefined) {
      runner.it.skip(`keeps every rule (skipped: ${skipped})`, nothing)
      return
    }
    const once = new OpenedOnce(subject)
    runner.beforeAll(() => once.open())
    runner.afterAll(() => once.close())
    for (const [behaviour, test] of rules) {
      const reason = unsupported[behaviour]
      if (reason === undefined) runner.it(behaviour, async () => test(once.subject))
      else runner.it.skip(`${behaviour} (unsupported: ${reason})`, nothing)
    }
  })
}

function collect<Subject>(
  define: (rule: Rule<Subject>) => void,
): ReadonlyMap<string, Parameters<Rule<Subject>>[1]> {
  const rules = new Map<string, Parameters<Rule<Subject>>[1]>()
  define((behaviour, test) => {
    if (rules.has(behaviour)) throw new TypeError(`Two rules are named '${behaviour}'.`)
    rules.set(behaviour, test)
  })
  return rules
}

class OpenedOnce<Subject> {
  readonly #subject: ContractSubject<Subject>
  #opened: { readonly it: Subject } | undefined

  constructor(subject: ContractSubject<Subject>) {
    this.#subject = subject
  }

  get subject(): Subject {
    if (this.#opened === undefined) throw new Error(`${this.#subject.name} did not open.`)
    return this.#opened.it
  }

  async open(): Promise<void> {
    this.#opened = { it: await this.#subject.open() }
  }

  async close(): Promise<void> {
    if (this.#opened !== undefined) await this.#subject.close?.(this.#opened.it)
  }
}

const nothing = async (): Promise<void> => undefined
