import { setTimeout as sleep } from 'node:timers/promises'
import type { Notifications } from './database.ts'
import { connect, ignore, type PostgresNotice, type PostgresPool } from './postgres-pool.ts'

/**
 * NOTIFY and LISTEN on one channel for all topics, with one listening connection as long as somebody listens.
 *
 * A notice has its own statement after the commit. Inside the append it would take a lock of the whole database at commit: half the speed.
 */
export class PostgresNotifications implements Notifications {
  readonly #pool: PostgresPool
  readonly #hearers = new Map<string, Set<() => void>>()
  readonly #untold = new Set<string>()
  #isTelling = false
  #stop: AbortController | undefined

  constructor(pool: PostgresPool) {
    this.#pool = pool
  }

  announce(topic: string): void {
    this.#untold.add(topic)
    if (this.#isTelling) return
    this.#isTelling = true
    void this.#tell()
  }

  listen(topic: string, hear: () => void): () => void {
    const hearers = this.#hearers.get(topic) ?? new Set()
    this.#hearers.set(topic, hearers.add(hear))
    if (this.#stop === undefined) {
      this.#stop = new AbortController()
      void this.#keepListening(this.#stop.signal)
    }
    return () => {
      hearers.delete(hear)
      if (hearers.size > 0) return
      this.#hearers.delete(topic)
      if (this.#hearers.size > 0) return
      this.#stop?.abort()
      this.#stop = undefined
    }
  }

  /** At once, and then not more often than every 20 ms. What fails is not said again: it is a hint. */
  async #tell(): Promise<void> {
    while (this.#untold.size > 0) {
      const topics = [...this.#untold]
      this.#untold.clear()
      await this.#notify(topics).catch(ignore)
      await pause(PAUSE_MS)
    }
    this.#isTelling = false
  }

  async #notify(topics: readonly string[]): Promise<void> {
    const client = await connect(this.#pool, CHECK_TIMEOUT_MS)
    let isBroken = true
    try {
      for (const topic of topics)
        await client.query({ ...RAW, text: 'SELECT pg_notify($1, $2)', values: [CHANNEL, topic] })
      isBroken = false
    } finally {
      client.off('error', ignore)
      client.release(isBroken)
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
      await pause(Math.min(5000, 50 * 2 ** failures++), signal)
    }
  }

  /** Listens on one connection until it is stopped, or the connection is lost. */
  async #listenOnce(signal: AbortSignal, onListening: () => void): Promise<void> {
    const client = await connect(this.#pool, CHECK_TIMEOUT_MS)
    const lost = new AbortController()
    const onLost = (): void => {
      lost.abort()
    }
    const onNotice = ({ payload = '' }: PostgresNotice): void => {
      this.#hear(payload)
    }
    client.on('error', onLost)
    client.on('notification', onNotice)
    let isBroken = true
    try {
      await client.query({ ...RAW, text: `LISTEN ${CHANNEL}` })
      onListening()
      for (const topic of this.#hearers.keys()) this.#hear(topic) // it may have been said while nobody listened
      const ended = AbortSignal.any([signal, lost.signal])
      while (!ended.aborted) {
        await pause(CHECK_MS, ended)
        // A peer that vanished says nothing; neither does one with nothing to say.
        await client.query({ ...RAW, text: signal.aborted ? `UNLISTEN ${CHANNEL}` : 'SELECT 1' })
      }
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

  #hear(topic: string): void {
    for (const hear of this.#hearers.get(topic) ?? []) hear()
  }
}

const CHANNEL = 'everfold'
/** At least between two notices of a process. */
const PAUSE_MS = 20
/** How often the listening connection is asked whether it still lives, and how long it may think about it. */
const CHECK_MS = 30_000
const CHECK_TIMEOUT_MS = 10_000

const RAW = {
  rowMode: 'array',
  types: { getTypeParser: () => (text: string) => text },
  query_timeout: CHECK_TIMEOUT_MS,
} as const

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ref: false, signal }).catch(ignore)
}
