import { setTimeout as sleep } from 'node:timers/promises'
import { ExponentialBackoff } from 'cockatiel'
import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import { itemAnswers, type BulkItemAnswer } from '../server/bulk-answer.ts'
import { ElasticsearchUnavailableError } from '../server/elasticsearch-unavailable-error.ts'
import { failureOf, reasonOf } from '../server/server-answer.ts'
import { translateAnswer } from '../server/server-failure.ts'
import type { Server } from '../server/server.ts'
import { BulkSize } from './bulk-size.ts'
import { blamedField, verdictOf } from './bulk-verdict.ts'
import type { BulkItem } from './document-source.ts'
import { FieldRefusedError } from './field-refused-error.ts'
import { settleConflicts } from './settle-conflicts.ts'

/** Bulks under way at once, of one commit: no key is in two of them. */
const IN_FLIGHT = 2

/** Fewer items are sent in one bulk. */
const WORTH_DIVIDING = 1000

/** How often what is turned down is sent again, before the runner shows that it tries again. */
const TRIES = 6

/** Where a bulk goes, and what is asked of the caller meanwhile. */
export interface BulkTarget {
  readonly index: string
  /** The alias that has to be there. */
  readonly alias: string
  readonly timeoutMs: number | undefined
  /** Keeps the lane before more is sent; false: it is lost. */
  readonly keep: () => Promise<boolean>
  /** Throws unless the log holds the event of a document that is further than ours. */
  readonly requireInLog: ((place: Checkpoint) => Promise<void>) | undefined
}

export type BulkOutcome =
  'written' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }

/** Writes documents by `_bulk`. When it says so, every one of them is there, or one that contains more of the log. */
export class BulkWriter {
  readonly #server: Server
  readonly #size = new BulkSize()

  constructor(server: Server) {
    this.#server = server
  }

  /** @throws {EverfoldError} nothing can be written, or it was turned down too often. */
  async write<Document>(
    items: readonly BulkItem<Document>[],
    target: BulkTarget,
  ): Promise<BulkOutcome> {
    const refused = new Map<string, Error>()
    let left = items
    let backoff: Pause = new ExponentialBackoff({ initialDelay: 50, maxDelay: 2000 }).next()
    for (let tries = 1; left.length > 0;) {
      if (!(await target.keep())) return 'superseded'
      const round = await this.#round(left, target, refused)
      left = round.left
      if (round.turnedDown === undefined) continue
      if (tries++ === TRIES) throw round.turnedDown
      backoff = backoff.next(undefined)
      await sleep(backoff.duration)
    }
    return refused.size > 0 ? { refused } : 'written'
  }

  /** Sends up to two bulks. */
  async #round<Document>(
    items: readonly BulkItem<Document>[],
    target: BulkTarget,
    refused: Map<string, Error>,
  ): Promise<Round<Document>> {
    const parts = this.#divide(items)
    const sent = parts.reduce((sum, { length }) => sum + length, 0)
    const settled = await Promise.allSettled(parts.map((part) => this.#send(part, target, refused)))
    const rounds = settled.map((each) => {
      if (each.status === 'rejected') throw each.reason
      return each.value
    })
    return {
      left: [...rounds.flatMap(({ left }) => left), ...items.slice(sent)],
      turnedDown: rounds.find(({ turnedDown }) => turnedDown !== undefined)?.turnedDown,
    }
  }

  #divide<Document>(items: readonly BulkItem<Document>[]): readonly (typeof items)[] {
    const most = items.length < WORTH_DIVIDING ? items.length : Math.ceil(items.length / IN_FLIGHT)
    const parts: BulkItem<Document>[][] = []
    let part: BulkItem<Document>[] = []
    let bytes = 0
    for (const item of items) {
      if (
        part.length > 0 &&
        (part.length >= most || bytes + item.lines.length > this.#size.bytes)
      ) {
        parts.push(part)
        part = []
        bytes = 0
        if (parts.length === IN_FLIGHT) return parts
      }
      part.push(item)
      bytes += item.lines.length
    }
    return [...parts, part]
  }

  async #send<Document>(
    items: readonly BulkItem<Document>[],
    target: BulkTarget,
    refused: Map<string, Error>,
  ): Promise<Round<Document>> {
    const { alias, timeoutMs } = target
    const lines = items.map((item) => item.lines).join('')
    const what = `a bulk into ${alias}`
    const { status, body } = await this.#server.send({
      ...{ method: 'POST', path: `/${alias}/_bulk`, what, expected: [413, 429], lines, timeoutMs },
      query: { require_alias: true, filter_path: 'errors,items.*.status,items.*.error,error' },
    })
    if (status === 429 || status === 413) {
      this.#size.tooMuch(lines.length)
      return status === 429
        ? { left: items, turnedDown: translateAnswer(what, status, failureOf(body)) }
        : this.#afterTooLarge(items, refused)
    }
    const answers = itemAnswers(body)
    if (answers === undefined) {
      this.#size.taken()
      return { left: [], turnedDown: undefined }
    }
    return this.#judge({ items, answers, bytes: lines.length }, target, refused)
  }

  #afterTooLarge<Document>(
    items: readonly BulkItem<Document>[],
    refused: Map<string, Error>,
  ): Round<Document> {
    const [item] = items
    if (items.length > 1 || item === undefined) return { left: items, turnedDown: undefined }
    const { write, lines } = item
    refused.set(
      write.key,
      refusal(write, undefined, `its ${lines.length} bytes are more than one request may have`),
    )
    return { left: [], turnedDown: undefined }
  }

  async #judge<Document>(
    { items, answers, bytes }: Answered<Document>,
    target: BulkTarget,
    refused: Map<string, Error>,
  ): Promise<Round<Document>> {
    const conflicts: BulkItem<Document>[] = []
    const left: BulkItem<Document>[] = []
    let turnedDown: Error | undefined
    for (const [index, item] of items.entries()) {
      const answer = answers[index] ?? { status: 503 }
      const { status, error } = answer
      const translate = (): Error => translateAnswer(`a bulk into ${target.alias}`, status, error)
      switch (verdictOf(answer)) {
        case 'written':
          break
        case 'conflict':
          conflicts.push(item)
          break
        case 'passing':
          left.push(item)
          if (status === 429 && turnedDown === undefined) this.#size.tooMuch(bytes)
          turnedDown ??= translate()
          break
        case 'refused':
          refused.set(item.write.key, refusedBy(item, answer))
          break
        case 'broken':
          throw translate()
      }
    }
    const open = await settleConflicts(this.#server, conflicts, target)
    if (open.length > 0)
      turnedDown ??= new ElasticsearchUnavailableError(
        `a bulk into ${target.alias}: ${open.length} documents conflict with others that are not there`,
      )
    return { left: [...left, ...open], turnedDown }
  }
}

interface Answered<Document> {
  readonly items: readonly BulkItem<Document>[]
  readonly answers: readonly BulkItemAnswer[]
  readonly bytes: number
}

/** What is still to be sent, and why the server did not take it; undefined: it was not asked. */
interface Round<Document> {
  readonly left: readonly BulkItem<Document>[]
  readonly turnedDown: Error | undefined
}

interface Pause {
  readonly duration: number
  next(context: unknown): Pause
}

function refusedBy<Document>(
  { write }: BulkItem<Document>,
  answer: BulkItemAnswer,
): FieldRefusedError {
  const reason = answer.error === undefined ? 'no reason given' : reasonOf(answer.error)
  return refusal(write, blamedField(answer), reason)
}

function refusal<Document>(
  { key, position, eventId }: BulkItem<Document>['write'],
  field: string | undefined,
  reason: string,
): FieldRefusedError {
  return new FieldRefusedError({ key, position, eventId }, field, reason)
}
