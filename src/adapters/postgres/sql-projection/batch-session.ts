import type { DatabaseSession, Parameter, Row, Statement } from '../database/database.ts'
import { shorterOf } from '../database/postgres-session.ts'
import { refuseTransactionControl } from './transaction-control.ts'

/** The session of a batch, for as long as its transaction is open: what comes later would be on its own, and is refused; so is what would end it. */
export class BatchSession implements DatabaseSession {
  readonly copyIn?: NonNullable<DatabaseSession['copyIn']>
  readonly #session: DatabaseSession
  readonly #timeoutMs: number | undefined
  readonly #running = new Set<Promise<unknown>>()
  #isOver = false
  #failure: unknown

  /** @param options.timeoutMs how long the answer of a statement is waited for. */
  constructor(session: DatabaseSession, { timeoutMs }: { readonly timeoutMs: number | undefined }) {
    this.#session = session
    this.#timeoutMs = timeoutMs
    if (session.copyIn !== undefined) {
      const copyIn = session.copyIn.bind(session)
      this.copyIn = (text, parts) => this.#run(text, () => copyIn(text, parts))
    }
  }

  /** What the first statement that failed failed with: those after it say only that the transaction is undone. */
  get failure(): unknown {
    return this.#failure
  }

  query(statement: Statement, parameters?: readonly Parameter[]): Promise<readonly Row[]> {
    const timeoutMs = shorterOf(statement.timeoutMs, this.#timeoutMs ?? 0)
    const timed = { ...statement, timeoutMs }
    return this.#run(statement.text, () => this.#session.query(timed, parameters))
  }

  script(sql: string): Promise<void> {
    return this.#run(sql, () => this.#session.script(sql))
  }

  /** @throws {TypeError} a statement is still under way: nobody waits for it. */
  async end(): Promise<void> {
    this.#isOver = true
    if (this.#running.size === 0) return
    await Promise.allSettled(this.#running)
    throw new TypeError(
      'apply returned while a statement of it was under way. Await every statement.',
    )
  }

  /** From now on nothing can be written. */
  close(): void {
    this.#isOver = true
  }

  async #run<Result>(sql: string, send: () => Promise<Result>): Promise<Result> {
    if (this.#isOver)
      throw new TypeError(
        'A statement came after apply had ended, or its time was up. Await every statement in apply.',
      )
    refuseTransactionControl(sql)
    const running = send()
    this.#running.add(running)
    try {
      return await running
    } catch (error) {
      this.#failure ??= error
      throw error
    } finally {
      this.#running.delete(running)
    }
  }
}
