import { once } from 'node:events'
import http from 'node:http'

export interface Asked {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** What is done instead of passing a request on. */
export interface Fault {
  /** Answers, and asks the server nothing. */
  readonly answer?: Answer | undefined
  /** Passes it on when this has settled. */
  readonly after?: Promise<unknown> | undefined
  /** Passes it on, and cuts the connection in place of the answer. */
  readonly cut?: boolean | undefined
  /** Passes a bulk on without some of its items, and answers for them. */
  readonly turnDown?: ((id: string) => Answer | undefined) | undefined
}

/** Stands between a client and an Elasticsearch, does to requests what a test wants, and remembers them. */
export class FaultyElasticsearch implements AsyncDisposable {
  readonly asked: Asked[] = []
  readonly #server: http.Server
  readonly #serving = new Set<Promise<unknown>>()
  readonly #target: string
  #fault: (asked: Asked) => Fault | undefined = () => undefined

  private constructor(target: string) {
    this.#target = target
    this.#server = http.createServer((request, response) => {
      const serving = this.#serve(request, response)
        .catch(() => response.destroy())
        .finally(() => this.#serving.delete(serving))
      this.#serving.add(serving)
    })
  }

  static async listen(target: string): Promise<FaultyElasticsearch> {
    const faulty = new FaultyElasticsearch(target)
    faulty.#server.listen(0, '127.0.0.1')
    await once(faulty.#server, 'listening')
    return faulty
  }

  get url(): string {
    const { port } = this.#server.address() as { readonly port: number }
    return `http://127.0.0.1:${port}`
  }

  /** From now on. */
  on(fault: (asked: Asked) => Fault | undefined): void {
    this.#fault = fault
  }

  /** Bulks into indices of builds, not of records. */
  get bulks(): readonly Asked[] {
    return this.asked.filter(isDocumentBulk)
  }

  /** Settles when what was asked so far was passed on, also what its sender waits for no more. */
  async settled(): Promise<void> {
    await Promise.all(this.#serving)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const asked = { method, path: url.replace(/\?.*/, ''), body }
    this.asked.push(asked)
    const { answer, after, cut, turnDown } = this.#fault(asked) ?? {}
    await after
    const { sent, merge } = turnDown === undefined ? untouched(body) : without(body, turnDown)
    const isEmptied = sent === '' && body !== ''
    const found = answer ?? (isEmptied ? NOTHING_SENT : await this.#pass(request, url, sent))
    if (cut === true) {
      response.destroy()
      return
    }
    response.writeHead(found.status, {
      'content-type': request.headers.accept ?? 'application/json',
      'x-elastic-product': 'Elasticsearch',
    })
    response.end(typeof found.body === 'string' ? found.body : JSON.stringify(merge(found.body)))
  }

  async #pass(request: http.IncomingMessage, url: string, body: string): Promise<Answer> {
    const { method = 'GET', headers } = request
    const { accept = '', 'content-type': type = 'application/json' } = headers
    const answer = await fetch(`${this.#target.replace(/\/$/, '')}${url}`, {
      ...{ method, headers: { accept, 'content-type': type } },
      ...(body !== '' && { body }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? '' : (JSON.parse(text) as unknown) }
  }
}

export function isDocumentBulk({ path }: Asked): boolean {
  return path.endsWith('/_bulk') && !path.includes('-lanes')
}

/** Ids of a bulk's items, in order. */
export function idsOf({ body }: Asked): readonly string[] {
  return itemsOf(body).map(({ id }) => id)
}

/** The same documents again and again: what a busy server answers for an item. */
export const itemAnswer = (status: number, type: string): Answer => ({
  status,
  body: { type, reason: `${type}, says the test` },
})

const NOTHING_SENT: Answer = { status: 200, body: { errors: false, items: [] } }

interface Item {
  readonly id: string
  readonly lines: string
}

function itemsOf(body: string): readonly Item[] {
  const lines = body.split('\n').filter((line) => line !== '')
  return Array.from({ length: lines.length / 2 }, (_, item) => {
    const [action = '', source = ''] = lines.slice(item * 2, item * 2 + 2)
    const { index } = JSON.parse(action) as { readonly index: { readonly _id: string } }
    return { id: index._id, lines: `${action}\n${source}\n` }
  })
}

function untouched(body: string): { sent: string; merge: (body: unknown) => unknown } {
  return { sent: body, merge: (answer) => answer }
}

function without(
  body: string,
  turnDown: (id: string) => Answer | undefined,
): { sent: string; merge: (body: unknown) => unknown } {
  const items = itemsOf(body)
  const refused = items.map(({ id }) => turnDown(id))
  const merge = (answer: unknown): unknown => {
    const passed = [...((answer as { items?: unknown[] }).items ?? [])]
    const merged = refused.map((each) =>
      each === undefined ? passed.shift() : { index: { status: each.status, error: each.body } },
    )
    return { ...(answer as object), errors: true, items: merged }
  }
  return {
    sent: items
      .filter((_, item) => refused[item] === undefined)
      .map(({ lines }) => lines)
      .join(''),
    merge,
  }
}
