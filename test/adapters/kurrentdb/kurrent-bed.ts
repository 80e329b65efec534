import {
  kurrentdbEventStore,
  type KurrentdbEventStoreOptions,
} from '../../../src/adapters/kurrentdb/index.ts'
import { defineEvents, event, type EventStore } from '../../../src/index.ts'
import { eventually } from '../../faults/eventually.ts'
import { KurrentServer, type KurrentServerOptions } from './server/kurrent-server.ts'
import type { ClientUnderTest, TestClient } from './test-client.ts'

export const accountEvents = defineEvents('account', {
  Deposited: event<{ cents: number }>(),
  Noted: event<unknown>(),
})

export const deposited = (cents: number) => accountEvents.Deposited({ cents })

/** A server of its own for a test, a client, and a store over it. */
export class KurrentBed implements AsyncDisposable {
  readonly server: KurrentServer
  readonly client: TestClient
  readonly store: EventStore
  readonly #more: TestClient[] = []
  readonly #under: ClientUnderTest

  private constructor(
    server: KurrentServer,
    under: ClientUnderTest,
    { parameters, store }: { readonly parameters: string; readonly store: StoreOptions },
  ) {
    this.server = server
    this.#under = under
    this.client = under.open(`${server.url}${parameters}`)
    this.store = this.storeOver(this.client, store)
  }

  static async open(
    under: ClientUnderTest,
    {
      server: serverOptions,
      parameters = '',
      store = {},
    }: {
      readonly server?: Partial<KurrentServerOptions>
      /** More of the client's connection string. */
      readonly parameters?: string
      readonly store?: StoreOptions
    } = {},
  ): Promise<KurrentBed> {
    const server = new KurrentServer({ clientPackage: under.clientPackage, ...serverOptions })
    await server.start()
    return new KurrentBed(server, under, { parameters, store })
  }

  storeOver(client: TestClient, options: StoreOptions = {}): EventStore {
    return kurrentdbEventStore({ client, catalogs: [accountEvents], ...options })
  }

  /** Another client of the same server. */
  anotherClient(url = this.server.url): TestClient {
    const client = this.#under.open(url)
    this.#more.push(client)
    return client
  }

  /** The read calls that are open once those that end have ended. */
  async callsLeftOpen(): Promise<number> {
    await eventually(() => this.server.openCalls.count === 0)
    return this.server.openCalls.count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.client, ...this.#more].map((client) => client.dispose()))
    await this.server.stop()
  }
}

type StoreOptions = Partial<Omit<KurrentdbEventStoreOptions, 'client'>>
