import { setTimeout as sleep } from 'node:timers/promises'
import { retryDelayMs } from '../../event-store/retry-delay.ts'
import { endCall } from './client/end-call.ts'
import type {
  KurrentClient,
  KurrentResolvedEvent,
  KurrentSubscription,
} from './client/kurrent-client.ts'

/** Events in a row after which the subscription is made anew, at the log's end: whoever follows reads the events itself, and needs to hear of one only. */
const BURST = 64
const BURST_PAUSE_MS = 50

/**
 * Calls back when events are written, by any process: one subscription at the log's end for all who follow. However it ends, by an error, a failover or a server that ends it
 * cleanly, it was not we who wanted it: it is made again, after growing pauses.
 */
export class LogWatch {
  readonly #client: KurrentClient
  readonly #listeners = new Set<() => void>()
  #stop: AbortController | undefined

  constructor(client: KurrentClient) {
    this.#client = client
  }

  /** @returns what ends it. The last one to end it ends the call. */
  add(wake: () => void): () => void {
    const listener = (): void => {
      wake()
    }
    this.#listeners.add(listener)
    this.#stop ??= this.#start()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#stop?.abort()
      this.#stop = undefined
    }
  }

  #start(): AbortController {
    const stop = new AbortController()
    void this.#run(stop.signal)
    return stop
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      const heard = await this.#listen(signal)
      // Something may have been written while nobody listened.
      this.#wake()
      failures = heard > 0 ? 0 : failures + 1
      const pauseMs = heard >= BURST ? BURST_PAUSE_MS : retryDelayMs(failures)
      await sleep(pauseMs, undefined, { signal }).catch(ignore)
    }
  }

  /** Listens until the subscription ends, and tells how many events it gave. */
  async #listen(signal: AbortSignal): Promise<number> {
    let heard = 0
    let subscription: KurrentSubscription | undefined
    let events: AsyncIterator<KurrentResolvedEvent> | undefined
    const end = (): void => {
      if (subscription !== undefined) endCall(subscription.unsubscribe.bind(subscription), events)
    }
    signal.addEventListener('abort', end)
    try {
      subscription = this.#client.subscribeToAll(WRITTEN)
      subscription.on('error', ignore)
      events = subscription[Symbol.asyncIterator]()
      while (heard < BURST && !signal.aborted && (await events.next()).done !== true) {
        heard++
        this.#wake()
      }
    } catch {
      // A drop like any other: those who read tell what is wrong.
    } finally {
      signal.removeEventListener('abort', end)
      end()
    }
    return heard
  }

  #wake(): void {
    for (const listener of this.#listeners) listener()
  }
}

const ignore = (): void => undefined

const WRITTEN = {
  fromPosition: 'end',
  resolveLinkTos: false,
  requiresLeader: true,
  filter: {
    filterOn: 'eventType',
    // All but the server's own.
    regex: '^[^$].*',
    checkpointInterval: 1000,
    maxSearchWindow: 1000,
    checkpointReached: async () => undefined,
  },
} as const
