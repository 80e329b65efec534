import { setTimeout as sleep } from 'node:timers/promises'
import { retryDelayMs } from '../../../event-store/retry-delay.ts'
import type { Notifications } from './database.ts'
import { PostgresSession } from './postgres-session.ts'
import { connect, ignore, type PostgresNotice, type PostgresPool } from './postgres-pool.ts'

/**
 * NOTIFY and LISTEN on one channel for all topics, with one listening connection as long as somebody listens.
 *
 * A notice has its own statement after the commit. Inside the append it would take a lock of the whole database at commit: half the speed.
 */
export class PostgresNotifications implements Notifications {
  static readonly #all = new WeakMap<PostgresPool, PostgresNotifications>()
  readonly #pool: PostgresPool
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #pending = new Set<string>()
  #isNotifying = false
  #stop: AbortController | undefined

  private constructor(pool: PostgresPool) {
    this.#pool = pool
  }

  /** Those of a pool: all that use it share a listening connection. */
  static of(pool: PostgresPool): PostgresNotifications {
    const known = this.#all.get(pool)
    if (known !== undefined) return known
    const notifications = new PostgresNotifications(pool)
    this.#all.set(pool, notifications)
    return notifications
  }

  notify(topic: string): void {
    this.#pending.add(topic)
    if (this.#isNotifying) return
    this.#isNotifying = true
    void this.#notifyPending()
  }

  listen(topic: string, wake: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, listeners.add(wake))
    if (this.#stop === undefined) {
      this.#stop = new AbortController()
      void this.#keepListening(this.#stop.signal)
    }
    return () => {
      listeners.delete(wake)
      if (listeners.size > 0) return
      this.#listeners.delete(topic)
      if (this.#listeners.size > 0) return
      this.#stop?.abort()
      this.#stop = undefined
    }
  }

  /** At once, and then not more often than every 20 ms. What fails is not said again: it is a hint. */
  async #notifyPending(): Promise<void> {
    while (this.#pending.size > 0) {
      const topics = [...this.#pending]
      this.#pending.clear()
      await this.#notify(topics).catch(ignore)
      await pause(PAUSE_MS)
    }
    this.#isNotifying = false
  }

  async #notify(topics: readonly string[]): Promise<void> {
    const client = await connect(this.#pool, ANSWER_MS)
    const session = new PostgresSession(client, OPTIONS)
    try {
      for (const topic of topics) await session.query(NOTIFY, [CHANNEL, topic])
    } finally {
      if (!session.isBroken) client.off('error', ignore)
      client.release(session.isBroken)
    }
  }

  /** Until it is stopped. While it cannot listen, those who want to hear poll. */
  async #keepListening(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      const onListening = (): void => {
        failures = 0
      }
      await this.#listenOnce(signal, onListening).catch(ignore)
      await pause(retryDelayMs(failures++), signal)
    }
  }

  /** Listens on one connection until it is stopped, or the connection is lost. */
  async #listenOnce(signal: AbortSignal, onListening: () => void): Promise<void> {
    const client = await connect(this.#pool, ANSWER_MS)
    const session = new PostgresSession(client, OPTIONS)
    const lost = new AbortController()
    const onLost = (): void => {
      lost.abort()
    }
    const onNotice = ({ payload = '' }: PostgresNotice): void => {
      this.#wake(payload)
    }
    client.on('error', onLost)
    client.on('notification', onNotice)
    let isBroken = true
    try {
      await session.query({ text: `LISTEN ${CHANNEL}` })
      onListening()
      for (const topic of this.#listeners.keys()) this.#wake(topic) // it may have been said while nobody listened
      const ended = AbortSignal.any([signal, lost.signal])
      // A peer that vanished says nothing; neither does one with nothing to say.
      while (await hasPassed(CHECK_MS, ended)) await session.query({ text: 'SELECT 1' })
      if (!lost.signal.aborted) await session.query({ text: `UNLISTEN ${CHANNEL}` })
      isBroken = lost.signal.aborted
    } finally {
      client.off('notification', onNotice)
      if (!isBroken) {
        client.off('error', onLost)
        client.off('error', ignore)
      }
      client.release(isBroken)
    }
  }

  #wake(topic: string): void {
    for (const wake of this.#listeners.get(topic) ?? []) wake()
  }
}

const CHANNEL = 'everfold'
/** At least between two notices of a process. */
const PAUSE_MS = 20
/** How often the listening connection is asked whether it still lives. */
const CHECK_MS = 30_000
/** How long a connection, or an answer, is waited for. */
const ANSWER_MS = 10_000

const OPTIONS = { preparedStatements: false, queryTimeoutMs: ANSWER_MS }
const NOTIFY = { text: 'SELECT pg_notify($1, $2)' }

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await hasPassed(ms, signal)
}

/** False: the signal was sooner. */
async function hasPassed(ms: number, signal?: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { ref: false, signal }).catch(() => false)
}
