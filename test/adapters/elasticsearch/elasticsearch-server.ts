import { randomBytes } from 'node:crypto'
import { Client } from '@elastic/elasticsearch'
import * as jest from '@jest/globals'
import { reasonToSkip } from '../real-servers.ts'

const VARIABLE = 'ELASTICSEARCH_URL'

/** Why the tests on a real server are skipped; undefined: they run. With `EVERFOLD_REQUIRE=elasticsearch` they run without a server, too, and fail. */
export const skipped: string | undefined = reasonToSkip('elasticsearch', VARIABLE)

/** `describe` for tests on a real server. */
export function describeOnElasticsearch(name: string, define: () => void): void {
  if (skipped === undefined) jest.describe(name, define)
  else jest.describe.skip(`${name} (skipped: ${skipped})`, define)
}

/** The server that the variable points at, with the clients and indices of one test file. */
export class ElasticsearchServer {
  readonly #clients: Client[] = []
  readonly #indices: string[] = []

  get url(): string {
    const url = process.env[VARIABLE]
    if (url === undefined)
      throw new Error(`${VARIABLE} is not set, and EVERFOLD_REQUIRE wants its server.`)
    return url
  }

  client(node: string = this.url): Client {
    const client = new Client({ node })
    this.#clients.push(client)
    return client
  }

  /** Name of a read model that no other test uses. */
  anyIndex(): string {
    const index = `everfold-test-${randomBytes(6).toString('hex')}`
    this.#indices.push(index)
    return index
  }

  /** Does something while any write makes an index whose name begins so, as on most servers. */
  async whileMakingIndices(prefix: string, work: () => Promise<void>): Promise<void> {
    const set = (value: string | null) =>
      this.client().cluster.putSettings({ persistent: { 'action.auto_create_index': value } })
    await set(`+${prefix}*`)
    try {
      await work()
    } finally {
      await set(null)
    }
  }

  /** Removes all indices of a read model. */
  async remove(index: string): Promise<void> {
    const admin = this.client()
    const found = await admin.indices.get({ index: `${index}*`, expand_wildcards: 'all' })
    for (const name of Object.keys(found)) await admin.indices.delete({ index: name })
  }

  async close(): Promise<void> {
    for (const index of this.#indices) await this.remove(index)
    await Promise.all(this.#clients.map((client) => client.close()))
  }
}
